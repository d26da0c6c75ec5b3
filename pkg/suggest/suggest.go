// Package suggest finds the name that a wrong one was meant to be.
package suggest

import (
	"fmt"
	"strings"
)

// Nearest returns the name that differs from the wrong one in the fewest letters, at most a
// third of them, or else one that begins with it; "" if there is none. Capitals do not count.
func Nearest(wrong string, names []string) string {
	best, least := "", max(len(wrong)/3, 1)+1
	for _, n := range names {
		d := Distance(strings.ToLower(wrong), strings.ToLower(n))
		if d < least && n != wrong && n != "" && (len(wrong) > 2 || strings.HasPrefix(wrong, n[:1])) {
			best, least = n, d
		}
	}
	if best == "" && len(wrong) > 2 {
		for _, n := range names {
			if n != wrong && strings.HasPrefix(n, wrong) {
				return n
			}
		}
	}
	return best
}

// Mean returns "; did you mean X?" for the end of a message about a wrong name, or "" if no
// name is near.
func Mean(wrong string, names []string) string {
	if best := Nearest(wrong, names); best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return ""
}

// Distance returns the number of letters to insert, to delete, to replace, or to swap with
// their neighbours, to make one word of the other.
func Distance(one, other string) int {
	a, b := []rune(one), []rune(other)
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			if i == 0 || j == 0 {
				rows[i][j] = i + j
				continue
			}
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
