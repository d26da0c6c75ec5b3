package engine

import "testing"

// A cell draws its own slices and closures with the same numbers in both interpreters.
func TestOwnNumbersAreDrawn(t *testing.T) {
	const imports = `import (
	"math"

	"github.com/features-are-fate/fate/plotting"
)`
	for cell, want := range map[string]string{
		"plotting.Draw(plotting.Slices{X: `a`, Y: `b`, Points: plotting.Points(x, y, []float64{0.1, 0.1, 0.2}), Lines: plotting.Line(x, y), Guides: plotting.Horizontal(2).Named(`floor`)}).Description()": "b against a; for comparison floor. Bars are one standard error.",
		"plotting.Draw(plotting.Slices{X: `a`, Y: `b`, Lines: plotting.Function(func(x float64) float64 { return math.Sin(x) }, 0, 3)}).Description()":                                                     "b against a.",
		"plotting.Draw(plotting.PhaseDiagram{X: `a`, Y: `b`, Z: `c`, Limit: 1, LogX: true, Field: plotting.Grid(x, x, [][]float64{y, y, y})}).Description()":                                               "c over a and b, in colours from -1 to 1.",
		"plotting.Draw(plotting.Histogram{X: `a`, Samples: []plotting.Sample{{Label: `s`, Values: y}}}).Caption(`Found.`).Description()":                                                                   "Found. density against a; s. Bars are one standard error.",
		"plotting.Join(plotting.Line(x, y), plotting.Line(x, y[:2])).Err()":                                                                                                                                "plotting: Line: 3 x and 2 y: they must be equally many",
		"plotting.Function(func(x float64) float64 { return math.Log(x) }, -1, 1).Err()":                                                                                                                   "plotting: Function: f(-1) is NaN: give a range in which f is a number",
	} {
		for _, name := range []string{Gomacro, Yaegi} {
			got, err := lastText(name, imports, "x, y := []float64{1, 2, 3}, []float64{3, 1, 2}", cell)
			if err != nil || got != want {
				t.Errorf("%s: %s:\n got %q\nwant %q (%v)", name, cell, got, want, err)
			}
		}
	}
}
