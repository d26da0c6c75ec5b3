package sweep

import (
	"fmt"
	"strconv"
	"strings"
)

// ranges joins rising indices to ranges, also over gaps of at most some indices.
func ranges(indices []int, gap int) (out [][2]int) {
	for _, i := range indices {
		if last := len(out) - 1; last >= 0 && i <= out[last][1]+1+gap {
			out[last][1] = i
		} else {
			out = append(out, [2]int{i, i})
		}
	}
	return out
}

func join(ranges [][2]int, separator string) string {
	var out []string
	for _, r := range ranges {
		text := strconv.Itoa(r[0])
		if r[1] > r[0] {
			text += "-" + strconv.Itoa(r[1])
		}
		out = append(out, text)
	}
	return strings.Join(out, separator)
}

// maxList bounds the ranges of List: a longer list is no longer an argument to type.
const maxList = 100

// List formats rising indices for sbatch --array: 1-3,7,9-12. Of very many ranges it joins
// the nearest, and exact is false: the list then has other indices too.
func List(indices []int) (list string, exact bool) {
	for gap := 0; ; gap = 2*gap + 1 {
		if r := ranges(indices, gap); len(r) <= maxList {
			return join(r, ","), gap == 0
		}
	}
}

// Brief formats rising indices for people, at most the given number of ranges.
func Brief(indices []int, most int) string {
	r := ranges(indices, 0)
	if len(r) <= most {
		return join(r, ", ")
	}
	return fmt.Sprintf("%s, … to %d: %d ranges", join(r[:most], ", "), r[len(r)-1][1], len(r))
}
