package plotting

import (
	"slices"
	"testing"
)

// banded is a view of one line with standard errors.
type banded struct{ bands bool }

func (banded) Len() int { return 1 }
func (banded) Curve(int) (label string, x, y, stderr []float64) {
	return "features", []float64{1, 2}, []float64{10, 20}, []float64{1, 5}
}
func (banded) Err() error            { return nil }
func (banded) Measured(int) bool     { return false }
func (banded) Titles() (x, y string) { return "n", "risk" }
func (b banded) Banded() bool        { return b.bands }

// The errors of a line are a band only where its view says so; the axis and the legend show
// it, beside points too.
func TestBands(t *testing.T) {
	for _, bands := range []bool{true, false} {
		for _, points := range []Curves{nil, Points([]float64{1, 2}, []float64{12, 14}, nil)} {
			p, err := Slices{View: banded{bands}, Points: points}.build()
			if err != nil {
				t.Fatal(err)
			}
			if got := p.y.high > 20+1.96*5; got != bands {
				t.Errorf("bands %t: the axis ends at %v", bands, p.y.high)
			}
			if got := slices.ContainsFunc(p.legend(), func(e entry) bool { return e.label == "band: 95 %" }); got != bands {
				t.Errorf("bands %t: the legend shows it: %t", bands, got)
			}
		}
	}
}
