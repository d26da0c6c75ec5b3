package theory

import (
	"math"
	"slices"
	"testing"
)

// Where linear transfer loses does not depend on the sign of cosθ: at π − θ it is the same as
// at θ, and the same as the formula as printed, which needs no care at these values.
func TestLinearLosesBeyondNinetyDegrees(t *testing.T) {
	for _, theta := range []float64{0.2, 0.7, 1.2, math.Pi / 2} {
		for _, sigma := range []float64{0.01, 0.2, 0.5, 0.9, 1.3} {
			a, err := LinearLoses(theta, sigma)
			b, err2 := LinearLoses(math.Pi-theta, sigma)
			c, err3 := LinearLoses(-theta, sigma)
			near := func(a, b Interval) bool {
				return a == b || math.Abs(a.From-b.From) < 1e-9 && (a.To == b.To || math.Abs(a.To-b.To) < 1e-9)
			}
			if err != nil || err2 != nil || err3 != nil || !slices.EqualFunc(a, b, near) || !slices.EqualFunc(a, c, near) {
				t.Errorf("θ = %v, σ = %v: %v, at π − θ %v, at −θ %v", theta, sigma, a, b, c)
			}
			c2, v := math.Pow(math.Cos(theta), 2), sigma*sigma
			want := []Interval{{1 + v/(1-c2), math.Inf(1)}}
			if h := 1 + c2 - v; 1-math.Abs(math.Cos(theta)) > sigma {
				root := math.Sqrt(h*h - 4*c2)
				want = append([]Interval{{(h - root) / 2, (h + root) / 2}}, want...)
			}
			if !slices.EqualFunc(a, want, near) {
				t.Errorf("θ = %v, σ = %v: %v, want %v", theta, sigma, a, want)
			}
		}
	}
	for _, theta := range []float64{0, math.Pi, -math.Pi, 2 * math.Pi} {
		for _, sigma := range []float64{0, 0.3, 2} {
			if got, err := LinearLoses(theta, sigma); err != nil || len(got) != 0 {
				t.Errorf("the same task, θ = %v, σ = %v: %v, %v", theta, sigma, got, err)
			}
		}
	}
	if got, err := LinearLoses(math.Pi/2, 0); err != nil || len(got) != 1 || got[0] != (Interval{0, math.Inf(1)}) {
		t.Errorf("θ = 90° without noise: %v, %v", got, err)
	}
	for _, bad := range [][2]float64{{math.NaN(), 1}, {1, math.NaN()}, {1, -1}, {7, 1}} {
		if _, err := LinearLoses(bad[0], bad[1]); err == nil {
			t.Errorf("%v is no error", bad)
		}
	}
}

// crossings counts where the curves cross the row γ = g.
func crossings(curves []Curve, g float64) (n int) {
	for _, c := range curves {
		for i := 1; i < len(c.Y); i++ {
			if (c.Y[i-1] < g) != (c.Y[i] < g) {
				n++
			}
		}
	}
	return n
}

// A boundary is complete: at every γ it crosses as often as T changes sign between θ = 0 and
// π, wherever the rows lie.
func TestBoundariesAreComplete(t *testing.T) {
	for _, r := range []Result{LinearTransferability, LinearTunedTransferability, FineTuneTransferability, FineTuneTransferabilityPrinted} {
		for _, l := range []Limit{
			{Sigma: 0.2}, {Sigma: 0.7, Norm: 2}, {Sigma: 1.3}, {Sigma: 0.2, Features: 0.3}, {Sigma: 0.2, SourceGamma: 0.5},
			{Sigma: 0.3, SourceGamma: 1.5, SourceSigma: 0.6}, {Sigma: 0.7, SourceGamma: 2, SourceSigma: 1.2}, {Sigma: 3, SourceGamma: 2, SourceSigma: 0.2},
		} {
			if l.Depth = 3; r.Quantity == TFineTune && (l.Features > 0 || l.Norm > 0) {
				continue
			}
			const most = 3
			curves, err := r.Boundary(l, most)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range curves {
				for i, y := range c.Y {
					if !(c.X[i] >= 0 && c.X[i] <= math.Pi && y > 0 && y <= most) {
						t.Errorf("%s: %+v: the boundary leaves the plane at θ = %v, γ = %v", r.Name, l, c.X[i], y)
					}
				}
			}
			for g := 0.0131; g < most; g += 0.0517 {
				if r.Quantity == TFineTune && g >= 1 {
					continue // T = 0
				}
				want, last := 0, 0.0
				l.Gamma = g
				for i := range 401 {
					l.Theta = math.Pi * float64(i) / 400
					T, err := r.Limit(l)
					if err != nil {
						T = 0 // fewer points than features
					}
					if T*last < 0 {
						want++
					}
					if T != 0 {
						last = T
					}
				}
				if got := crossings(curves, g); got != want {
					t.Errorf("%s: %+v: %d crossings, T has %d", r.Name, l, got, want)
				}
			}
		}
	}
}

// A piece of a boundary ends where it leaves the plane or at θ = 0 or π, and its mirror image
// with it; the pieces of one curve that passes 90° are one.
func TestBoundariesEnd(t *testing.T) {
	for _, l := range []Limit{{Sigma: 0.2}, {Sigma: 0.5}, {Sigma: 1.3}, {Sigma: 0.2, SourceGamma: 0.5}} {
		l.Depth = 2
		for _, r := range []Result{LinearTransferability, LinearTunedTransferability} {
			curves, err := r.Boundary(l, 2.5)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range curves {
				last := len(c.X) - 1
				for _, i := range []int{0, last} {
					x, y := c.X[i], c.Y[i]
					inner := math.Abs(x-math.Pi/2) < 1e-2 // where T = 0 touches 90°
					if !(x == 0 || math.Abs(x-math.Pi) < 1e-12 || y == 2.5 || y < 1e-8 || inner) {
						t.Errorf("%s: %+v: a piece ends at θ = %v, γ = %v", r.Name, l, x, y)
					}
				}
				mirrored := false
				for _, o := range curves {
					for _, i := range []int{0, len(o.X) - 1} {
						mirrored = mirrored || math.Abs(o.X[i]+c.X[0]-math.Pi) < 1e-9 && o.Y[i] == c.Y[0]
					}
				}
				if !mirrored {
					t.Errorf("%s: %+v: no mirror image of (%v, %v)", r.Name, l, c.X[0], c.Y[0])
				}
			}
		}
	}
	curves, err := LinearTransferability.Boundary(Limit{Sigma: 0.2, Depth: 2}, 5)
	if err != nil {
		t.Fatal(err)
	}
	// The band is one closed piece around 90°; beyond γ = 1 the two halves leave from there.
	if len(curves) != 3 || math.Abs(curves[0].X[0]+curves[0].X[len(curves[0].X)-1]-math.Pi) > 1e-12 || slices.Min(curves[0].X) > math.Acos(0.8)+0.01 || slices.Max(curves[0].X) < math.Acos(-0.8)-0.01 {
		t.Errorf("%d pieces, the first from θ = %v to %v", len(curves), slices.Min(curves[0].X), slices.Max(curves[0].X))
	}
	for _, at := range []struct{ theta, gamma float64 }{{math.Pi / 2, 0.96}, {math.Pi / 2, 1.04}, {math.Pi / 4, 0.911384}, {3 * math.Pi / 4, 0.548616}, {math.Pi / 4, 1.08}, {2 * math.Pi / 3, 1.053333}} {
		best := math.Inf(1)
		for _, c := range curves {
			for i := range c.X {
				best = math.Min(best, math.Hypot(c.X[i]-at.theta, c.Y[i]-at.gamma))
			}
		}
		if best > 0.04 {
			t.Errorf("the boundary passes (%v, %v) at the distance %v", at.theta, at.gamma, best)
		}
	}
}

// The boundary of fine-tuning: it ends at θ = 0 where c·r² = 2g, and the line γ = 1 is part of
// it only in a plane that reaches beyond.
func TestFineTuneBoundary(t *testing.T) {
	line := Curve{X: []float64{0, math.Pi}, Y: []float64{1, 1}}
	same := func(c Curve) bool { return slices.Equal(c.X, line.X) && slices.Equal(c.Y, line.Y) }
	l := Limit{Sigma: 1, Depth: 3}
	for _, most := range []float64{0.5, 1, 1.0001, 4} {
		curves, err := FineTuneTransferability.Boundary(l, most)
		if err != nil || len(curves) == 0 || same(curves[len(curves)-1]) != (most > 1) {
			t.Errorf("up to γ = %v: %d curves, %v", most, len(curves), err)
		}
	}
	curves, err := FineTuneTransferability.Boundary(l, 2)
	if err != nil || len(curves) != 2 {
		t.Fatal(curves, err)
	}
	tie := curves[0]
	last := len(tie.X) - 1
	if c, err := FineTuneScale.Limit(Limit{Gamma: tie.Y[last], Sigma: 1, Depth: 3}); err != nil || tie.X[last] != 0 || math.Abs(c-2) > 1e-9 {
		t.Errorf("it ends at θ = %v, γ = %v, where c = %v, %v", tie.X[last], tie.Y[last], c, err)
	}
	for i := range tie.X[:last] {
		theta, ok, err := FineTuneBreakEven(Limit{Gamma: tie.Y[i], Theta: 1, Sigma: 1, Depth: 3})
		if err != nil || !ok || theta != tie.X[i] || math.Abs(tie.Y[i]-float64(i+1)/400) > 1e-12 {
			t.Errorf("(%v, %v), break-even %v, %v, %v", tie.X[i], tie.Y[i], theta, ok, err)
		}
	}
	for _, gamma := range []float64{tie.Y[last] * 1.001, 1, 2} {
		if theta, ok, err := FineTuneBreakEven(Limit{Gamma: gamma, Sigma: 1, Depth: 3}); ok || err != nil || theta != 0 {
			t.Errorf("γ = %v: break-even at %v, %v, %v", gamma, theta, ok, err)
		}
	}
	// Fine-tuning that loses at every angle and every γ: only the line.
	curves, err = FineTuneTransferability.Boundary(Limit{Sigma: 0.2, Depth: 2, SourceGamma: 1.1, SourceSigma: 5}, 2)
	if err != nil || len(curves) != 1 || !same(curves[0]) {
		t.Errorf("it never wins: %v, %v", curves, err)
	}
	printed, err := FineTuneTransferabilityPrinted.Boundary(l, 0.9)
	if err != nil || len(printed) != 1 || len(printed[0].X) != 399 || slices.ContainsFunc(printed[0].X, func(x float64) bool { return math.Abs(x-math.Pi/3) > 1e-12 }) {
		t.Errorf("as printed: %v, %v", printed, err)
	}
}
