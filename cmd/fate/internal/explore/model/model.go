// Package model computes what the panels of the explorer show. It compiles to WebAssembly,
// so it imports pkg/theory and pkg/predict and little else.
package model

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/predict"
	"github.com/features-are-fate/fate/pkg/theory"
)

// State is what the controls of the page say. Theta is in degrees. Source is n_s/d, with 0 for
// unlimited source data; source labels have the noise Sigma. Tuned is the baseline: scratch
// with the best weight decay in place of plain scratch.
type State struct {
	Gamma, Theta, Sigma float64
	Depth, D            int
	Lambda              float64
	Features            int
	Source              float64
	Tuned               bool
}

// Setting returns the setting of theory at s. n is γ·d, rounded. It is an error, which
// names the field, if s is out of the domain of theory.
func (s State) Setting() (theory.Setting, error) {
	if !(math.Abs(s.Theta) <= 360) {
		return theory.Setting{}, fmt.Errorf("theta %v: the angle must be a number of degrees from -360 to 360", s.Theta)
	}
	if !(s.Gamma > 0) || !(s.Source >= 0) {
		return theory.Setting{}, fmt.Errorf("gamma %v, source %v: n/d must be above 0, and n_s/d 0 (unlimited) or above", s.Gamma, s.Source)
	}
	out := theory.Setting{N: max(1, theory.Points(s.Gamma, s.D)), D: s.D, Theta: s.Theta * math.Pi / 180, Sigma: s.Sigma,
		Depth: s.Depth, Lambda: s.Lambda, Features: s.Features}
	if s.Source > 0 {
		out.SourceN, out.SourceSigma = max(1, theory.Points(s.Source, s.D)), s.Sigma
	}
	return out, out.Validate()
}

// Transfer is one of the two kinds of transfer.
type Transfer string

// The kinds of transfer.
const (
	Linear   Transfer = "linear"
	FineTune Transfer = "finetune"
)

// transferability returns T against the baseline of the state in the limit.
func (s State) transferability(kind Transfer) func(theory.Limit) (float64, error) {
	switch {
	case kind == Linear && s.Tuned:
		return theory.LinearTunedTransferability.Limit
	case kind == Linear:
		return theory.LinearTransferability.Limit
	case s.Tuned:
		return func(l theory.Limit) (float64, error) {
			tuned, err := theory.ScratchTuned.Limit(l)
			if err != nil {
				return 0, err
			}
			risk, err := theory.FineTune.Limit(l)
			return tuned - risk, err
		}
	}
	return theory.FineTuneTransferability.Limit
}

// at returns T at a place of the plane, NaN where theory has no formula.
func (s State) at(kind Transfer, l theory.Limit, degrees, gamma float64) float64 {
	l.Theta, l.Gamma = degrees*math.Pi/180, gamma
	t, err := s.transferability(kind)(l)
	if err != nil {
		return math.NaN()
	}
	return t
}

// Gap is T of the two kinds of transfer at the setting.
type Gap struct{ Linear, FineTune float64 }

// Transferability returns T in the limit against the baseline of the state.
func (s State) Transferability() (Gap, error) {
	setting, err := s.Setting()
	if err != nil {
		return Gap{}, err
	}
	l := setting.Limit()
	return Gap{s.at(Linear, l, s.Theta, l.Gamma), s.at(FineTune, l, s.Theta, l.Gamma)}, nil
}

// Map returns T in the limit over nx angles from 0° to 180° and ny values of γ up to
// gammaMax, at the middles of the grid cells: row by row from the lowest γ.
func (s State) Map(kind Transfer, nx, ny int, gammaMax float64) ([]float64, error) {
	setting, err := s.Setting()
	if err != nil {
		return nil, err
	}
	l, out := setting.Limit(), make([]float64, nx*ny)
	for i := range out {
		out[i] = s.at(kind, l, 180*(float64(i%nx)+0.5)/float64(nx), gammaMax*(float64(i/nx)+0.5)/float64(ny))
	}
	return out, nil
}

// Boundary returns the zero contour of Map, x in degrees, and the one that the paper prints:
// that of eq. 11 against plain scratch at λ = 0 with one feature, and the line at 60° of
// eq. 15.
func (s State) Boundary(kind Transfer, gammaMax float64) (exact, printed []theory.Curve, err error) {
	setting, err := s.Setting()
	if err != nil {
		return nil, nil, err
	}
	l := setting.Limit()
	paper := theory.Limit{Gamma: 1, Sigma: s.Sigma, Depth: 1}
	ours, theirs := theory.FineTuneTransferability, theory.FineTuneTransferabilityPrinted
	if kind == Linear {
		if ours, theirs = theory.LinearTransferability, theory.LinearTransferability; s.Tuned {
			ours = theory.LinearTunedTransferability
		}
	}
	if printed, err = theirs.Boundary(paper, gammaMax); err != nil {
		return nil, nil, err
	}
	switch {
	case kind == FineTune && s.Features > 1:
	case kind == FineTune && s.Tuned, kind == Linear && l.Lambda > 0: // which theory does not trace
		exact = s.trace(kind, l, gammaMax)
	default:
		exact, err = ours.Boundary(l, gammaMax)
	}
	for _, curves := range [][]theory.Curve{exact, printed} {
		for _, c := range curves {
			for i := range c.X {
				c.X[i] *= 180 / math.Pi
			}
		}
	}
	return exact, printed, err
}

// trace finds the zero contour by bisection in the angle. T falls from 0° to 180° for
// fine-tuning; for linear transfer it falls to 90°, and rises as it fell.
func (s State) trace(kind Transfer, l theory.Limit, gammaMax float64) (out []theory.Curve) {
	const points = 400
	end := 180.0
	if kind == Linear {
		end = 90
	}
	var left theory.Curve
	flush := func() {
		if n := len(left.X); n > 1 {
			out = append(out, left)
			if kind == Linear {
				right := theory.Curve{Y: left.Y}
				for _, x := range left.X {
					right.X = append(right.X, math.Pi-x)
				}
				out = append(out, right)
			}
		}
		left = theory.Curve{}
	}
	ties := func(gamma float64) bool { return s.at(kind, l, 0, gamma) > 0 && s.at(kind, l, end, gamma) < 0 }
	add := func(gamma float64) {
		lo, hi := 0.0, end
		for range 50 {
			if mid := (lo + hi) / 2; s.at(kind, l, mid, gamma) > 0 {
				lo = mid
			} else {
				hi = mid
			}
		}
		left.X, left.Y = append(left.X, lo*math.Pi/180), append(left.Y, gamma)
	}
	last := false
	for i := 1; i <= points; i++ {
		gamma := gammaMax * float64(i) / points
		now := ties(gamma)
		if i > 1 && now != last { // the curve ends between two values of γ
			in, off := gamma, gammaMax*float64(i-1)/points
			if last {
				in, off = off, in
			}
			for range 50 {
				if mid := (in + off) / 2; ties(mid) {
					in = mid
				} else {
					off = mid
				}
			}
			add(in)
			if last {
				flush()
			}
		}
		if now {
			add(gamma)
		}
		last = now
	}
	flush()
	return out
}

// Predict is predict.Limit at s, or with draws predict.Mean.
func (s State) Predict(draws int) (predict.Prediction, error) {
	setting, err := s.Setting()
	if err != nil {
		return predict.Prediction{}, err
	}
	if draws == 0 {
		return predict.Limit(setting)
	}
	return predict.Mean(setting, draws)
}
