package model

import (
	"math"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/divergence"
)

var plain = State{Gamma: 0.5, Theta: 45, Sigma: 0.2, Depth: 2, D: 60, Features: 1}

// The distances are those of pkg/divergence, which the page cannot hold.
func TestDistances(t *testing.T) {
	for _, d := range []int{2, 3, 60, 500} {
		for _, sigma := range []float64{0.05, 0.2, 1, 3} {
			for _, theta := range []float64{0, 1, 45, 90, 179, 180} {
				s := plain
				s.D, s.Sigma = d, sigma
				got := s.Distances(theta)
				tasks := divergence.Tasks{D: d, Theta: theta * math.Pi / 180, Sigma: sigma}
				for _, c := range []struct {
					got float64
					of  divergence.Distance
				}{{got.KL, divergence.KL}, {got.W1, divergence.Wasserstein1}, {got.MMD, divergence.MMD(math.Sqrt(float64(d)))}} {
					want, err := c.of.Of(tasks)
					// Of takes the difference of terms that are below 1.
					if err != nil || !(math.Abs(c.got-want) <= 1e-12*math.Max(1, want)) {
						t.Errorf("%s at %v: %v, want %v, %v", c.of.Name, tasks, c.got, want, err)
					}
				}
			}
		}
	}
}

// On a boundary T is zero, on its two sides it has both signs; where theory traces none
// (with a ridge, and for fine-tuning against a tuned baseline) it is found by bisection.
func TestBoundary(t *testing.T) {
	ridge, tuned, ft := plain, plain, plain
	ridge.Lambda = 0.5
	tuned.Tuned = true
	ft.Tuned, ft.Sigma, ft.Depth = true, 0.5, 4
	for name, c := range map[string]struct {
		s    State
		kind Transfer
	}{"linear": {plain, Linear}, "ridge": {ridge, Linear}, "tuned": {tuned, Linear}, "fine-tuning": {plain, FineTune}, "fine-tuning, tuned": {ft, FineTune}} {
		exact, printed, err := c.s.Boundary(c.kind, 2)
		if err != nil || len(exact) == 0 || len(printed) == 0 {
			t.Fatalf("%s: %d and %d curves, %v", name, len(exact), len(printed), err)
		}
		setting, err := c.s.Setting()
		if err != nil {
			t.Fatal(err)
		}
		l, checked := setting.Limit(), 0
		for _, curve := range exact {
			for i := range curve.X {
				x, y := curve.X[i], curve.Y[i]
				if x < 3 || x > 177 || math.Abs(x-90) < 3 || math.Abs(y-1) < 0.02 || y < 0.02 {
					continue
				}
				if low, high := c.s.at(c.kind, l, x-0.5, y), c.s.at(c.kind, l, x+0.5, y); low*high >= 0 {
					t.Errorf("%s: at θ = %v, γ = %v T is %v on one side and %v on the other", name, x, y, low, high)
				}
				checked++
			}
		}
		if checked < 50 {
			t.Errorf("%s: %d places", name, checked)
		}
	}
}

// Several features have no law and no fine-tuning, but linear transfer.
func TestManyFeatures(t *testing.T) {
	s := plain
	s.Features = 5
	p, err := s.Predict(2000)
	if err != nil || math.IsNaN(float64(p.TLinear)) || !math.IsNaN(float64(p.TFineTune)) || !math.IsNaN(float64(p.PLinearWins)) {
		t.Errorf("%+v, %v", p, err)
	}
	if g, err := s.Gain(100); err != nil || g.Linear != nil {
		t.Errorf("%v, %v", g, err)
	}
}

// The share of gains above zero is the probability that transfer wins.
func TestGain(t *testing.T) {
	const n = 20000
	g, err := plain.Gain(n)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plain.Predict(n) // other draws
	if err != nil {
		t.Fatal(err)
	}
	wins := 0.0
	for _, v := range g.Linear {
		if v > 0 {
			wins++
		}
	}
	q := float64(p.PLinearWins)
	if z := (wins/n - q) / math.Sqrt(2*q*(1-q)/n); math.Abs(z) > 4 {
		t.Errorf("%v of %v gain, P = %v: z = %.1f", wins, n, q, z)
	}
}

func TestBadStates(t *testing.T) {
	for want, change := range map[string]func(*State){
		"theta NaN": func(s *State) { s.Theta = math.NaN() }, "gamma 0": func(s *State) { s.Gamma = 0 }, "source -1": func(s *State) { s.Source = -1 },
		"Sigma = -1": func(s *State) { s.Sigma = -1 }, "Depth = 0": func(s *State) { s.Depth = 0 }, "D = 1": func(s *State) { s.D = 1 }, "Features = 60": func(s *State) { s.Features = 60 },
	} {
		s := plain
		change(&s)
		if _, err := s.Map(Linear, 3, 3, 2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", s, err, want)
		}
	}
}

// At the ends of the ranges every panel has an answer.
func TestExtremes(t *testing.T) {
	for _, s := range []State{
		{Gamma: 1e-9, Theta: 360, Depth: 1, D: 2, Features: 1},
		{Gamma: 0.9, Theta: -360, Sigma: 1e6, Depth: 1_000_000, D: 1_000_000_000_000, Features: 1},
		{Gamma: 0.01, Theta: 10, Sigma: 1, Depth: 3, D: 1_000_000_000_000, Lambda: 1e12, Features: 1},
		{Gamma: 0.01, Theta: 10, Sigma: 1, Depth: 3, D: 100, Features: 99},
		{Gamma: 0.5, Theta: 10, Sigma: 1, Depth: 3, D: 3, Features: 1, Source: 0.1},
		{Gamma: 1, Theta: 90, Sigma: 0, Depth: 2, D: 2, Features: 1, Tuned: true},
	} {
		if _, err := s.Predict(0); err != nil && s.Features == 1 { // 99 features of one point are underdetermined
			t.Errorf("%+v: %v", s, err)
		}
		for _, kind := range []Transfer{Linear, FineTune} {
			if _, err := s.Map(kind, 4, 4, 2); err != nil {
				t.Errorf("%+v: %v", s, err)
			}
			if _, _, err := s.Boundary(kind, 2); err != nil {
				t.Errorf("%+v: %v", s, err)
			}
		}
		if r, err := s.Risks(10, 2); err != nil || len(r.Gamma) != 10 || len(r.MeanScratch) != len(r.MeanGamma) {
			t.Errorf("%+v: %v, %v", s, r, err)
		}
		if _, err := s.Depths(10); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
		if _, err := s.Gain(100); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
