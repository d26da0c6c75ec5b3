package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/spf13/cobra"
)

// prediction is the output of fate predict. A field is null if its number is infinite or
// does not exist.
type prediction struct {
	Gamma               *float64     `json:"gamma"`
	RiskScratch         *float64     `json:"risk_scratch"`
	RiskLinear          *float64     `json:"risk_linear"`
	RiskFineTunePrinted *float64     `json:"risk_finetune_printed"`
	RiskFineTune        *float64     `json:"risk_finetune"`
	ScaleC              *float64     `json:"scale_c"`
	TLinear             *float64     `json:"t_linear"`
	TFineTunePrinted    *float64     `json:"t_finetune_printed"`
	TFineTune           *float64     `json:"t_finetune"`
	PLinearWins         *float64     `json:"p_linear_wins"`
	PFineTuneWins       *float64     `json:"p_finetune_wins"`
	BreakEvenDeg        *float64     `json:"break_even_deg"`
	GammaNegative       [][]*float64 `json:"gamma_negative"`
}

func predictCommand() *cobra.Command {
	var s theory.Setting
	var theta float64
	var limit, asJSON bool
	var draws int
	cmd := &cobra.Command{
		Use:   "predict --n N --d D --theta DEGREES --sigma S",
		Short: "Evaluate the theory at one setting",
		Long: `Predict prints the risks of training from scratch, of linear transfer and of
fine-tuning, the transferabilities, the phase boundaries in γ = n/d at this angle,
the break-even angle of fine-tuning, and the probability that each kind of
transfer beats scratch on one data set.

Risks are exact means over data sets of this size if they have a closed form; those
of fine-tuning at depth 2 or more, and the probabilities, are means over draws of
the exact law. With --limit everything is in the limit n, d → ∞ at this γ; the phase
boundaries always are.

N, D and λ are at most 10¹², σ and the depth at most 10⁶, θ is from -360° to 360°.`,
		Example: "  fate predict --n 250 --d 500 --theta 45 --sigma 0.2 --depth 2",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if !(math.Abs(theta) <= 360) {
				return fmt.Errorf("--theta %v: the angle must be a number of degrees from -360 to 360", theta)
			}
			if draws < 1000 || draws > maxDraws {
				return fmt.Errorf("--draws %d: it must be at least 1000 and at most %d", draws, maxDraws)
			}
			s.Theta = theta * math.Pi / 180
			if err := s.Validate(); err != nil {
				return err
			}
			p, err := predict(s, limit, draws)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(stdout).Encode(p)
			}
			return p.print(s, theta, limit)
		},
	}
	fl := cmd.Flags()
	fl.IntVar(&s.N, "n", 0, "`number` of target points")
	fl.IntVar(&s.D, "d", 0, "input `dimension`")
	fl.Float64Var(&theta, "theta", 0, "angle between source and target in `degrees`")
	fl.Float64Var(&s.Sigma, "sigma", 0, "standard deviation of the label `noise`")
	fl.IntVar(&s.Depth, "depth", 2, "`number` of layers")
	fl.Float64Var(&s.Lambda, "lambda", 0, "`ridge` of linear transfer")
	fl.BoolVar(&limit, "limit", false, "evaluate in the limit n, d → ∞ at this n/d")
	fl.BoolVar(&asJSON, "json", false, "print one JSON object")
	fl.IntVar(&draws, "draws", 1_000_000, "`number` of draws of the exact law, 1000 to 10⁹")
	for _, name := range []string{"n", "d", "theta", "sigma"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // a flag that was just defined
		}
	}
	return cmd
}

// finite returns nil for a number that JSON cannot hold.
func finite(x float64) *float64 {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return nil
	}
	return &x
}

// maxDraws take minutes.
const maxDraws = 1_000_000_000

// breakEvenDraws gives a thousandth of a degree at most settings.
const breakEvenDraws = 1 << 18

func predict(s theory.Setting, limit bool, draws int) (prediction, error) {
	p := prediction{Gamma: finite(s.Gamma()), GammaNegative: [][]*float64{}}
	l := s.Limit()
	intervals, err := theory.LinearLoses(s.Theta, s.Sigma)
	if err != nil {
		return p, err
	}
	for _, i := range intervals {
		p.GammaNegative = append(p.GammaNegative, []*float64{finite(i.From), finite(i.To)})
	}
	at := func(r theory.Result) *float64 {
		if err != nil {
			return nil
		}
		var v theory.Value
		if limit {
			v.Value, err = r.Limit(l)
		} else {
			v, err = r.Mean(s)
		}
		return finite(v.Value)
	}
	p.RiskScratch, p.RiskLinear = at(theory.Scratch), at(theory.Linear)
	p.TLinear = at(theory.LinearTransferability)
	p.TFineTunePrinted, p.RiskFineTunePrinted = at(theory.FineTuneTransferabilityPrinted), at(theory.FineTunePrinted)
	var theta float64
	var ok bool
	if limit {
		p.ScaleC, p.TFineTune, p.RiskFineTune = at(theory.FineTuneScale), at(theory.FineTuneTransferability), at(theory.FineTune)
		p.PLinearWins, p.PFineTuneWins = wins(theory.LinearTransferability, l), wins(theory.FineTuneTransferability, l)
		if err == nil {
			theta, ok, err = theory.FineTuneBreakEven(l)
		}
	} else if err == nil {
		var sum theory.Summary
		if sum, err = s.Summary(draws); err != nil {
			return p, err
		}
		p.ScaleC, p.TFineTune = finite(sum.Scale.Value), finite(sum.TFineTune.Value)
		if p.RiskScratch != nil {
			p.RiskFineTune = finite(*p.RiskScratch - sum.TFineTune.Value)
		}
		p.PLinearWins, p.PFineTuneWins = finite(sum.PLinearWins.Value), finite(sum.PFineTuneWins.Value)
		theta, ok, err = theory.FineTuneBreakEvenMean(s, min(draws, breakEvenDraws))
	}
	if ok {
		p.BreakEvenDeg = finite(theta * 180 / math.Pi)
	}
	return p, err
}

// wins is the probability of winning in the limit, where risks do not fluctuate.
func wins(r theory.Result, l theory.Limit) *float64 {
	t, err := r.Limit(l)
	if err != nil {
		return nil
	}
	if t > 0 {
		return finite(1)
	}
	return finite(0)
}

func (p prediction) print(s theory.Setting, theta float64, limit bool) error {
	what := "exact means over data sets"
	if limit {
		what = "limit n, d → ∞"
	}
	fmt.Fprintf(stdout, "n = %d, d = %d, γ = %.4g, θ = %.4g°, σ = %.4g, depth %d", s.N, s.D, s.Gamma(), theta, s.Sigma, s.Depth)
	if s.Lambda > 0 {
		fmt.Fprintf(stdout, ", λ = %.4g", s.Lambda)
	}
	fmt.Fprintf(stdout, " (%s)\n\n", what)
	w := tabwriter.NewWriter(stdout, 0, 0, 3, ' ', 0)
	show := func(x *float64) string { return numberText(x, "%.5f") }
	fmt.Fprintf(w, "\trisk\ttransferability\tbeats scratch\n")
	fmt.Fprintf(w, "scratch\t%s\t\t\n", show(p.RiskScratch))
	fmt.Fprintf(w, "linear transfer\t%s\t%s\t%s\n", show(p.RiskLinear), show(p.TLinear), percent(p.PLinearWins))
	fmt.Fprintf(w, "fine-tuning\t%s\t%s\t%s\n", show(p.RiskFineTune), show(p.TFineTune), percent(p.PFineTuneWins))
	fmt.Fprintf(w, "  as printed (c = 1)\t%s\t%s\t\n", show(p.RiskFineTunePrinted), show(p.TFineTunePrinted))
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\nscale c of fine-tuning       %s\n", show(p.ScaleC))
	switch {
	case p.BreakEvenDeg != nil:
		fmt.Fprintf(stdout, "fine-tuning breaks even at   %.3f°\n", *p.BreakEvenDeg)
	case s.N >= s.D:
		fmt.Fprintf(stdout, "fine-tuning breaks even at   no angle: for n ≥ d it equals scratch\n")
	default:
		fmt.Fprintf(stdout, "fine-tuning breaks even at   no angle: it loses at every angle\n")
	}
	var parts []string
	for _, i := range p.GammaNegative {
		parts = append(parts, fmt.Sprintf("%s < γ < %s", numberText(i[0], "%.6g"), numberText(i[1], "%.6g")))
	}
	if parts == nil {
		parts = []string{"no γ"}
	}
	_, err := fmt.Fprintf(stdout, "linear transfer loses for    %s   (λ = 0, limit)\n", strings.Join(parts, " and "))
	return err
}

func percent(x *float64) string {
	if x == nil {
		return "∞"
	}
	return fmt.Sprintf("%.2f %%", 100**x)
}

func numberText(x *float64, format string) string {
	switch {
	case x == nil:
		return "∞"
	case math.Abs(*x) < 1e-12: // rounding
		return "0"
	}
	return fmt.Sprintf(format, *x)
}
