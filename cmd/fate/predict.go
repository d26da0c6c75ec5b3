package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/spf13/cobra"
)

// prediction is the output of fate predict.
type prediction struct {
	Gamma               number     `json:"gamma"`
	RiskScratch         number     `json:"risk_scratch"`
	RiskLinear          number     `json:"risk_linear"`
	RiskFineTunePrinted number     `json:"risk_finetune_printed"`
	RiskFineTune        number     `json:"risk_finetune"`
	ScaleC              number     `json:"scale_c"`
	TLinear             number     `json:"t_linear"`
	TFineTunePrinted    number     `json:"t_finetune_printed"`
	TFineTune           number     `json:"t_finetune"`
	PLinearWins         number     `json:"p_linear_wins"`
	PFineTuneWins       number     `json:"p_finetune_wins"`
	BreakEvenDeg        number     `json:"break_even_deg"`
	Median              *medians   `json:"median"` // null where the risks have a finite variance
	GammaNegative       [][]number `json:"gamma_negative"`
}

// medians are those over data sets, for settings where a mean says little about one data set.
type medians struct {
	RiskScratch  number `json:"risk_scratch"`
	RiskLinear   number `json:"risk_linear"`
	RiskFineTune number `json:"risk_finetune"`
	TLinear      number `json:"t_linear"`
	TFineTune    number `json:"t_finetune"`
}

// number is null in JSON if it is infinite, or if it is NaN because it does not exist.
type number float64

// MarshalJSON implements json.Marshaler.
func (x number) MarshalJSON() ([]byte, error) {
	if v := float64(x); !math.IsInf(v, 0) && !math.IsNaN(v) {
		return json.Marshal(v)
	}
	return []byte("null"), nil
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
the exact law. Where a risk has an infinite variance, medians over data sets are given
too. With --limit everything is in the limit n, d → ∞ at this γ; the phase
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

// maxDraws take minutes.
const maxDraws = 1_000_000_000

// breakEvenDraws gives a thousandth of a degree at most settings.
const breakEvenDraws = 1 << 18

func predict(s theory.Setting, limit bool, draws int) (prediction, error) {
	p := prediction{Gamma: number(s.Gamma()), GammaNegative: [][]number{}, BreakEvenDeg: number(math.NaN())}
	l := s.Limit()
	intervals, err := theory.LinearLoses(s.Theta, s.Sigma)
	if err != nil {
		return p, err
	}
	for _, i := range intervals {
		p.GammaNegative = append(p.GammaNegative, []number{number(i.From), number(i.To)})
	}
	at := func(r theory.Result) number {
		var v theory.Value
		var e error
		if limit {
			v.Value, e = r.Limit(l)
		} else {
			v, e = r.Mean(s)
		}
		if errors.Is(e, theory.ErrNoMean) {
			return number(math.NaN())
		}
		err = errors.Join(err, e)
		return number(v.Value)
	}
	p.RiskScratch, p.RiskLinear = at(theory.Scratch), at(theory.Linear)
	p.TLinear = at(theory.LinearTransferability)
	p.TFineTunePrinted, p.RiskFineTunePrinted = at(theory.FineTuneTransferabilityPrinted), at(theory.FineTunePrinted)
	var theta float64
	var ok bool
	if limit {
		p.ScaleC, p.TFineTune, p.RiskFineTune = at(theory.FineTuneScale), at(theory.FineTuneTransferability), at(theory.FineTune)
		p.PLinearWins, p.PFineTuneWins = wins(p.TLinear), wins(p.TFineTune)
		if err == nil {
			theta, ok, err = theory.FineTuneBreakEven(l)
		}
	} else if err == nil {
		var sum theory.Summary
		if sum, err = s.Summary(draws); err != nil {
			return p, err
		}
		p.ScaleC, p.TFineTune = number(sum.Scale.Value), number(sum.TFineTune.Value)
		p.RiskFineTune = p.RiskScratch - p.TFineTune
		p.PLinearWins, p.PFineTuneWins = number(sum.PLinearWins.Value), number(sum.PFineTuneWins.Value)
		if p.Median, err = median(s, min(draws, medianDraws)); err != nil {
			return p, err
		}
		theta, ok, err = theory.FineTuneBreakEvenMean(s, min(draws, breakEvenDraws))
	}
	if ok {
		p.BreakEvenDeg = number(theta * 180 / math.Pi)
	}
	return p, err
}

// medianDraws give a median to a hundredth of the spread.
const medianDraws = 1 << 16

// median returns the medians at a setting where a risk has an infinite variance, else nil.
func median(s theory.Setting, draws int) (*medians, error) {
	if !s.InfiniteVariance() {
		return nil, nil
	}
	law, err := theory.NewLaw(s)
	if err != nil {
		return nil, err
	}
	m, err := law.Medians(draws, 1, theory.RiskScratch, theory.RiskLinear, theory.RiskFineTune, theory.TLinear, theory.TFineTune)
	if err != nil {
		return nil, err
	}
	return &medians{number(m[0]), number(m[1]), number(m[2]), number(m[3]), number(m[4])}, nil
}

// wins is the probability of winning in the limit, where risks do not fluctuate.
func wins(t number) number {
	if t > 0 {
		return 1
	}
	return 0
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
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 3, ' ', 0)
	show := func(x number) string { return numberText(x, "%.5f") }
	row := func(cells ...string) { fmt.Fprintln(w, strings.Join(cells, "\t")+"\t") }
	m, head := medians{}, []string{"", "risk", "transferability", "beats scratch"}
	medianOf := func(x number) string { return "" }
	if p.Median != nil {
		m, head = *p.Median, append(head, "median risk", "median transferability")
		medianOf = show
	}
	row(head...)
	row("scratch", show(p.RiskScratch), "", "", medianOf(m.RiskScratch), "")
	row("linear transfer", show(p.RiskLinear), show(p.TLinear), percent(p.PLinearWins), medianOf(m.RiskLinear), medianOf(m.TLinear))
	row("fine-tuning", show(p.RiskFineTune), show(p.TFineTune), percent(p.PFineTuneWins), medianOf(m.RiskFineTune), medianOf(m.TFineTune))
	row("  as printed (c = 1)", show(p.RiskFineTunePrinted), show(p.TFineTunePrinted), "", "", "")
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(table.String()) {
		fmt.Fprintln(stdout, strings.TrimRight(line, " \n"))
	}
	if p.Median != nil {
		fmt.Fprintln(stdout, "\nA risk has an infinite variance here: the medians tell what happens on one data set.")
	}
	fmt.Fprintf(stdout, "\nscale c of fine-tuning       %s\n", show(p.ScaleC))
	switch {
	case !math.IsNaN(float64(p.BreakEvenDeg)):
		fmt.Fprintf(stdout, "fine-tuning breaks even at   %.3f°\n", p.BreakEvenDeg)
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

func percent(x number) string { return fmt.Sprintf("%.2f %%", 100*x) }

func numberText(x number, format string) string {
	switch v := float64(x); {
	case math.IsNaN(v):
		return "does not exist"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "−∞"
	case math.Abs(v) < 1e-12: // rounding
		return "0"
	}
	return fmt.Sprintf(format, x)
}
