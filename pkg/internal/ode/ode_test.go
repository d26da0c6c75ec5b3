package ode

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
)

type solver func(ctx context.Context, p Problem, y []float64, c Control) (Solution, error)

func chebyshev1(ctx context.Context, p Problem, y []float64, c Control) (Solution, error) {
	return Chebyshev1(ctx, p, y, 5, c)
}

var solvers = []struct {
	name   string
	solve  solver
	order  float64
	coarse float64 // an accuracy at which the order shows
	gain   float64 // how many times fewer slopes than Euler's method it takes of a stiff problem, at least
}{
	{"Dormand–Prince", DormandPrince, 5, 1e-7, 0},
	{"Chebyshev, first order", chebyshev1, 1, 1e-4, 2},
	{"Chebyshev, second order", Chebyshev2, 2, 1e-5, 10},
}

// turn is y″ = −y as two equations of first order, from (1, 0) until t = end: nothing
// decays, so that no error is forgotten.
func turn(end float64) (p Problem, start []float64, exact func(t float64) []float64) {
	p.Slope = func(dst, y []float64) { dst[0], dst[1] = -y[1], y[0] }
	p.Stop = func(t float64, _, _ []float64) bool { return t >= end }
	return p, []float64{1, 0}, func(t float64) []float64 { return []float64{math.Cos(t), math.Sin(t)} }
}

// The error at the end falls with the number of steps to the power that is the order of
// the method.
func TestOrder(t *testing.T) {
	for _, s := range solvers {
		var logSteps, logError []float64
		for i := range 3 {
			p, start, exact := turn(20)
			steps := 0
			p.Observe = func(float64, []float64) { steps++ }
			accuracy := s.coarse * math.Pow(10, -float64(i))
			got, err := s.solve(context.Background(), p, start, Control{Accuracy: accuracy, Step: 1e-3})
			if err != nil {
				t.Fatal(s.name, err)
			}
			off := floats.Distance(got.Y, exact(got.T), 2)
			logSteps, logError = append(logSteps, math.Log(float64(steps))), append(logError, math.Log(off))
		}
		order := (logError[0] - logError[2]) / (logSteps[2] - logSteps[0])
		t.Logf("%s: order %.2f", s.name, order)
		if math.Abs(order-s.order) > 0.1*s.order {
			t.Errorf("%s is of order %.2f, not %v", s.name, order, s.order)
		}
	}
}

// A fast component with the rate 10⁵ beside slow ones: Chebyshev methods follow the slow
// ones with far fewer slopes than a step of 2/10⁵, the longest stable one of Euler's
// method, would take; Dormand–Prince does not. None of them blows up.
func TestStiff(t *testing.T) {
	const rate, end = 1e5, 1.0
	rates := []float64{1, 3, rate}
	for _, s := range solvers {
		p := Problem{
			Slope: func(dst, y []float64) {
				for i, v := range y {
					dst[i] = -rates[i] * v
				}
			},
			Stop: func(t float64, _, _ []float64) bool { return t >= end },
		}
		got, err := s.solve(context.Background(), p, []float64{1, 1, 1}, Control{Accuracy: 1e-4, Step: 1e-6})
		if err != nil {
			t.Fatal(s.name, err)
		}
		for i, r := range rates {
			if off := math.Abs(got.Y[i] - math.Exp(-r*got.T)); !(off < 0.01) {
				t.Errorf("%s: the component of rate %v is off by %.2g", s.name, r, off)
			}
		}
		euler := rate * got.T / 2
		t.Logf("%s: %d slopes, Euler's method %.0f", s.name, got.Slopes, euler)
		switch gain := euler / float64(got.Slopes); {
		case s.gain == 0 && gain > 1:
			t.Errorf("%s is as good as a method for stiff problems: %d slopes, Euler's method %.0f", s.name, got.Slopes, euler)
		case gain < s.gain:
			t.Errorf("%s takes %d slopes, Euler's method %.0f", s.name, got.Slopes, euler)
		}
	}
}

// Methods of second order of any number of stages are so on one step, and stable for the
// curvature that Chebyshev2 allows them.
func TestSecond(t *testing.T) {
	for _, s := range []int{2, 3, 10, mostStages} {
		// One step of dw/dt = −zw from 1.
		step := func(z float64) float64 {
			m := second(s)
			before, now := 1.0, 1-m[0].slope*z
			for _, c := range m[1:] {
				before, now = now, 1-c.now-c.before+c.now*now+c.before*before-z*(c.slope*now+c.first)
			}
			return now
		}
		for _, z := range []float64{1e-2, 1e-3} {
			if off := math.Abs(step(z)-math.Exp(-z)) / (z * z * z); off > 0.5 {
				t.Errorf("%d stages: the error at z = %v is %.3g z³", s, z, off)
			}
		}
		limit := float64((s-1)*(s-1)-1) / 1.54
		for i := range 1000 {
			if r := step(limit * float64(i) / 999); !(math.Abs(r) <= 1+1e-9) {
				t.Errorf("%d stages: grows by %v at z = %v of %v", s, r, limit*float64(i)/999, limit)
				break
			}
		}
	}
}

// The stability polynomial of a step of first order stays within ±1 up to nearly 2s².
func TestFirst(t *testing.T) {
	for _, s := range []int{3, 5, 8} {
		end := 1.9 * float64(s*s)
		for z := 0.0; z < end; z += end / 1000 {
			before, now := 1.0, 1-first(s)[0].slope*z
			for _, c := range first(s)[1:] {
				before, now = now, c.now*now+c.before*before-c.slope*z*now
			}
			if math.Abs(now) > 1+1e-12 {
				t.Fatalf("s = %d: growth %v at z = %v", s, now, z)
			}
			if z > 0 && z < 1e-2*end && math.Abs((1-now)/z-1) > z {
				t.Errorf("s = %d: not first order at z = %v: %v", s, z, now)
			}
		}
	}
}

// Stop and Observe see the start and each accepted step once, in order, with the slope
// there; the start is not changed; and what cannot go on is an error.
func TestContract(t *testing.T) {
	for _, s := range solvers {
		t.Run(s.name, func(t *testing.T) {
			p, start, _ := turn(1)
			slopes := 0
			slope := p.Slope
			p.Slope = func(dst, y []float64) {
				slopes++
				slope(dst, y)
			}
			var seen, stopped []float64
			p.Observe = func(t float64, _ []float64) { seen = append(seen, t) }
			p.Stop = func(at float64, y, f []float64) bool {
				stopped = append(stopped, at)
				want := make([]float64, len(y))
				slope(want, y)
				if !floats.Equal(f, want) {
					t.Errorf("the slope at t = %v is %v, not %v", at, f, want)
				}
				return at >= 1
			}
			c := Control{Accuracy: 1e-3, Step: 1e-2}
			got, err := s.solve(context.Background(), p, start, c)
			if err != nil || !floats.Equal(seen, stopped) || seen[0] != 0 || seen[len(seen)-1] != got.T || got.Slopes != slopes {
				t.Errorf("saw %v, stopped at %v, ended at %v after %d of %d slopes, %v", seen, stopped, got.T, got.Slopes, slopes, err)
			}
			for i := 1; i < len(seen); i++ {
				if seen[i] <= seen[i-1] {
					t.Errorf("times %v", seen)
				}
			}
			if fmt.Sprint(start) != "[1 0]" {
				t.Errorf("the start is now %v", start)
			}
			c.MaxSlopes = 40
			if _, err := s.solve(context.Background(), Problem{Slope: slope, Stop: func(float64, []float64, []float64) bool { return false }}, start, c); !errors.Is(err, ErrSpent) {
				t.Errorf("endless: %v", err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if _, err := s.solve(ctx, p, start, Control{Accuracy: 1e-3, Step: 1e-2}); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
			nowhere := Problem{Slope: func(dst, y []float64) { floats.Scale(0, dst); floats.AddConst(math.NaN(), dst) }, Stop: func(float64, []float64, []float64) bool { return false }}
			if _, err := s.solve(context.Background(), nowhere, start, Control{Accuracy: 1e-3, Step: 1e-2, MaxSlopes: 10000}); !errors.Is(err, ErrDiverged) && !errors.Is(err, ErrSpent) {
				t.Errorf("of no finite slope: %v", err)
			}
		})
	}
}
