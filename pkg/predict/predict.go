// Package predict evaluates the theory at one setting: the numbers that fate predict
// prints, the explorer shows, and a notebook may want.
package predict

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Prediction is what the theory says at one setting. A number that does not exist is NaN:
// the mean of a difference of two infinite risks, a break-even angle where there is none,
// and whatever theory has no formula for with several features.
type Prediction struct {
	Gamma               Number     `json:"gamma"`                 // n/d
	RiskScratch         Number     `json:"risk_scratch"`          // E‖β_sc − βt‖²
	RiskLinear          Number     `json:"risk_linear"`           // E‖β_lt − βt‖²
	RiskFineTunePrinted Number     `json:"risk_finetune_printed"` // with c = 1
	RiskFineTune        Number     `json:"risk_finetune"`         // E‖β_ft − βt‖²
	ScaleC              Number     `json:"scale_c"`               // E c
	TLinear             Number     `json:"t_linear"`              // scratch minus linear transfer
	TFineTunePrinted    Number     `json:"t_finetune_printed"`    // with c = 1
	TFineTune           Number     `json:"t_finetune"`            // scratch minus fine-tuning
	PLinearWins         Number     `json:"p_linear_wins"`         // the probability over data sets
	PFineTuneWins       Number     `json:"p_finetune_wins"`       // the same
	BreakEvenDeg        Number     `json:"break_even_deg"`        // the angle at which fine-tuning ties, in degrees
	StdErr              Errors     `json:"std_err"`               // of the numbers over draws; 0 in the limit
	Median              *Medians   `json:"median"`                // nil where the risks have a finite variance
	MedianStdErr        *Medians   `json:"median_std_err"`        // nil as Median is
	GammaNegative       [][]Number `json:"gamma_negative"`        // where linear transfer loses in the limit at λ = 0
}

// Errors are standard errors over the draws of the law. One is infinite where the variance
// over data sets is, so that draws do not tell how exact their mean is.
type Errors struct {
	ScaleC        Number `json:"scale_c"`
	TFineTune     Number `json:"t_finetune"` // of the risk of fine-tuning too
	PLinearWins   Number `json:"p_linear_wins"`
	PFineTuneWins Number `json:"p_finetune_wins"`
	BreakEvenDeg  Number `json:"break_even_deg"`
}

// Medians are those over data sets, for settings where a mean says little about one data set.
type Medians struct {
	RiskScratch  Number `json:"risk_scratch"`
	RiskLinear   Number `json:"risk_linear"`
	RiskFineTune Number `json:"risk_finetune"`
	TLinear      Number `json:"t_linear"`
	TFineTune    Number `json:"t_finetune"`
}

// Number is null in JSON if it is infinite, or if it is NaN because it does not exist.
type Number float64

// MarshalJSON implements json.Marshaler.
func (x Number) MarshalJSON() ([]byte, error) {
	if v := float64(x); !math.IsInf(v, 0) && !math.IsNaN(v) {
		return json.Marshal(v)
	}
	return []byte("null"), nil
}

// MinDraws and MaxDraws bound the draws of the law; the largest number takes minutes. Draws
// are enough for three digits or more at most settings.
const (
	Draws    = 1 << 18
	MinDraws = 1000
	MaxDraws = 1_000_000_000
)

// breakEvenDraws gives a hundredth of a degree at most settings.
const breakEvenDraws = 1 << 15

// medianDraws give a median to a hundredth of the spread.
const medianDraws = 1 << 16

// Limit returns the prediction in the limit n, d → ∞ at the n/d of s, where nothing
// fluctuates: a probability is 0 or 1. It is an error if s is out of its domain.
func Limit(s theory.Setting) (Prediction, error) {
	l := s.Limit()
	p, err := start(s, func(r theory.Result) (theory.Value, error) {
		v, err := r.Limit(l)
		return theory.Value{Value: v}, err
	})
	if err != nil || s.Features > 1 {
		return p, err
	}
	for _, f := range []struct {
		of theory.Result
		to *Number
	}{{theory.FineTuneScale, &p.ScaleC}, {theory.FineTuneTransferability, &p.TFineTune}, {theory.FineTune, &p.RiskFineTune}} {
		v, err := f.of.Limit(l)
		if errors.Is(err, theory.ErrNoMean) {
			v, err = math.NaN(), nil
		}
		if err != nil {
			return p, err
		}
		*f.to = Number(v)
	}
	p.PLinearWins, p.PFineTuneWins = wins(p.TLinear), wins(p.TFineTune)
	theta, ok, err := theory.FineTuneBreakEven(l)
	return p.breakEven(theta, ok), err
}

// Mean returns the prediction at the size of s: exact means over data sets, those without
// a closed form and the probabilities over this number of draws of the exact law,
// from [MinDraws] to [MaxDraws]. It is an error if s is out of its domain.
func Mean(s theory.Setting, draws int) (Prediction, error) {
	if draws < MinDraws || draws > MaxDraws {
		return Prediction{}, fmt.Errorf("predict: draws = %d: it must be at least %d and at most %d", draws, MinDraws, MaxDraws)
	}
	p, err := start(s, func(r theory.Result) (theory.Value, error) { return r.Mean(s) })
	if err != nil || s.Features > 1 {
		return p, err
	}
	sum, err := s.Summary(draws)
	if err != nil {
		return p, err
	}
	p.ScaleC, p.TFineTune = Number(sum.Scale.Value), Number(sum.TFineTune.Value)
	p.RiskFineTune = p.RiskScratch - p.TFineTune
	p.PLinearWins, p.PFineTuneWins = Number(sum.PLinearWins.Value), Number(sum.PFineTuneWins.Value)
	chance := func(v theory.Value) Number { // no draw that differs leaves a chance of about 1/draws
		return Number(math.Max(v.StdErr, 1/float64(draws)))
	}
	p.StdErr = Errors{ScaleC: Number(sum.Scale.StdErr), TFineTune: Number(sum.TFineTune.StdErr), PLinearWins: chance(sum.PLinearWins)}
	if s.N < s.D {
		p.StdErr.PFineTuneWins = chance(sum.PFineTuneWins)
	}
	if err := p.median(s, min(draws, medianDraws)); err != nil {
		return p, err
	}
	theta, ok, err := theory.FineTuneBreakEvenMean(s, min(draws, breakEvenDraws))
	p.StdErr.BreakEvenDeg = Number(theta.StdErr * 180 / math.Pi)
	return p.breakEven(theta.Value, ok), err
}

// start fills in what has a formula both in the limit and at a finite size.
func start(s theory.Setting, of func(theory.Result) (theory.Value, error)) (Prediction, error) {
	none := Number(math.NaN())
	p := Prediction{Gamma: Number(s.Gamma()), GammaNegative: [][]Number{},
		RiskFineTunePrinted: none, RiskFineTune: none, ScaleC: none, TFineTunePrinted: none, TFineTune: none,
		PLinearWins: none, PFineTuneWins: none, BreakEvenDeg: none}
	if err := s.Validate(); err != nil {
		return p, err
	}
	intervals, err := theory.LinearLoses(s.Theta, s.Sigma)
	if err != nil {
		return p, err
	}
	for _, i := range intervals {
		p.GammaNegative = append(p.GammaNegative, []Number{Number(i.From), Number(i.To)})
	}
	at := func(r theory.Result) Number {
		v, e := of(r)
		if errors.Is(e, theory.ErrNoMean) {
			return none
		}
		err = errors.Join(err, e)
		return Number(v.Value)
	}
	p.RiskScratch, p.RiskLinear, p.TLinear = at(theory.Scratch), at(theory.Linear), at(theory.LinearTransferability)
	if s.Features <= 1 {
		p.TFineTunePrinted, p.RiskFineTunePrinted = at(theory.FineTuneTransferabilityPrinted), at(theory.FineTunePrinted)
	}
	return p, err
}

func (p Prediction) breakEven(theta float64, ok bool) Prediction {
	if ok {
		p.BreakEvenDeg = Number(theta * 180 / math.Pi)
	}
	return p
}

// median adds the medians at a setting where a risk has an infinite variance.
func (p *Prediction) median(s theory.Setting, draws int) error {
	if !s.InfiniteVariance() {
		return nil
	}
	law, err := theory.NewLaw(s)
	if err != nil {
		return err
	}
	m, err := law.Medians(draws, 1, theory.RiskScratch, theory.RiskLinear, theory.RiskFineTune, theory.TLinear, theory.TFineTune)
	if err != nil {
		return err
	}
	of := func(pick func(theory.Value) float64) *Medians {
		x := func(i int) Number { return Number(pick(m[i])) }
		return &Medians{x(0), x(1), x(2), x(3), x(4)}
	}
	p.Median = of(func(v theory.Value) float64 { return v.Value })
	p.MedianStdErr = of(func(v theory.Value) float64 { return v.StdErr })
	return nil
}

// wins is the probability of winning in the limit, where risks do not fluctuate.
func wins(t Number) Number {
	if t > 0 {
		return 1
	}
	return 0
}
