package diagnose

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Ranking orders feature maps by their mean risk over the numbers of labels, the least
// first, for one label column.
type Ranking struct {
	Label string
	Maps  []string
	Risk  []float64

	// First is the chance that the first map has the least risk, by draws from the joint
	// law of the jackknife.
	First float64
}

const rankDraws = 10_000

func rank(d *data, q int, label string, all []sample) Ranking {
	mean := func(s sample, m int) float64 {
		sum := 0.0
		for j := range d.at {
			sum += s[m].risk[q][j] / float64(len(d.at))
		}
		return sum
	}
	order := make([]int, len(d.maps))
	for m := range order {
		order[m] = m
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(mean(all[0], a), mean(all[0], b))
	})
	out := Ranking{Label: label}
	shift := make([][]float64, len(order)) // what each group does to each map
	for i, m := range order {
		out.Maps, out.Risk = append(out.Maps, d.maps[m].name), append(out.Risk, mean(all[0], m))
		centre := 0.0
		for g := range groups {
			centre += mean(all[g+1], m) / groups
		}
		for g := range groups {
			shift[i] = append(shift[i], (mean(all[g+1], m)-centre)*math.Sqrt(float64(groups-1)/groups))
		}
	}
	rng := rand.New(rand.NewPCG(d.seed, 1))
	chi := distuv.ChiSquared{K: groups - 1, Src: rng}
	first := 0
	for range rankDraws {
		scale := math.Sqrt((groups - 1) / chi.Rand()) // Student's t, as few groups need
		var z [groups]float64
		for g := range z {
			z[g] = scale * rng.NormFloat64()
		}
		value := func(i int) float64 {
			v := out.Risk[i]
			for g, s := range shift[i] {
				v += s * z[g]
			}
			return v
		}
		best := true
		for i := 1; i < len(order); i++ {
			best = best && value(0) <= value(i)
		}
		if best {
			first++
		}
	}
	out.First = float64(first) / rankDraws
	return out
}
