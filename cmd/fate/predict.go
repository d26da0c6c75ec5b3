package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/features-are-fate/fate/pkg/predict"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/spf13/cobra"
)

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
the exact law, printed with one standard error in units of the last digit: 0.338(2)
is 0.338 ± 0.002. More --draws give more digits. Where a risk has an infinite variance,
medians over data sets are given too. With --limit everything is in the limit
n, d → ∞ at this γ; the phase boundaries always are.

N, D and λ are at most 10¹², σ and the depth at most 10⁶, θ is from -360° to 360°.`,
		Example: "  fate predict --n 250 --d 500 --theta 45 --sigma 0.2 --depth 2",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !(math.Abs(theta) <= 360) {
				return fmt.Errorf("--theta %v: the angle must be a number of degrees from -360 to 360", theta)
			}
			if draws < predict.MinDraws || draws > predict.MaxDraws {
				return fmt.Errorf("--draws %d: it must be at least %d and at most %d", draws, predict.MinDraws, predict.MaxDraws)
			}
			s.Theta = theta * math.Pi / 180
			if err := s.Validate(); err != nil {
				return err
			}
			var p predict.Prediction
			if err := within(cmd.Context(), func() (err error) {
				if limit {
					p, err = predict.Limit(s)
				} else {
					p, err = predict.Mean(s, draws)
				}
				return err
			}); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(stdout).Encode(p)
			}
			return printPrediction(p, s, theta, limit)
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
	fl.IntVar(&draws, "draws", predict.Draws, "`number` of draws of the exact law, 1000 to 10⁹")
	for _, name := range []string{"n", "d", "theta", "sigma"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // a flag that was just defined
		}
	}
	return cmd
}

func printPrediction(p predict.Prediction, s theory.Setting, theta float64, limit bool) error {
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
	show := func(x predict.Number) string { return numberText(x, "%.5f") }
	row := func(cells ...string) { fmt.Fprintln(w, strings.Join(cells, "\t")+"\t") }
	e := p.StdErr
	var m, me predict.Medians
	head := []string{"", "risk", "transferability", "beats scratch"}
	medianOf := func(x, se predict.Number) string { return "" }
	if p.Median != nil {
		m, me, head = *p.Median, *p.MedianStdErr, append(head, "median risk", "median transferability")
		medianOf = func(x, se predict.Number) string { return estimate(x, se, 5) }
	}
	row(head...)
	row("scratch", show(p.RiskScratch), "", "", medianOf(m.RiskScratch, me.RiskScratch), "")
	row("linear transfer", show(p.RiskLinear), show(p.TLinear), percent(p.PLinearWins, e.PLinearWins), medianOf(m.RiskLinear, me.RiskLinear), medianOf(m.TLinear, me.TLinear))
	row("fine-tuning", estimate(p.RiskFineTune, e.TFineTune, 5), estimate(p.TFineTune, e.TFineTune, 5), percent(p.PFineTuneWins, e.PFineTuneWins),
		medianOf(m.RiskFineTune, me.RiskFineTune), medianOf(m.TFineTune, me.TFineTune))
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
	fmt.Fprintf(stdout, "\nscale c of fine-tuning       %s\n", estimate(p.ScaleC, e.ScaleC, 5))
	switch {
	case !math.IsNaN(float64(p.BreakEvenDeg)):
		fmt.Fprintf(stdout, "fine-tuning breaks even at   %s°\n", estimate(p.BreakEvenDeg, e.BreakEvenDeg, 3))
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

func percent(x, stdErr predict.Number) string { return estimate(100*x, 100*stdErr, 2) + " %" }

// estimate prints x with its standard error in units of the last digit, at most this many
// after the point.
func estimate(x, stdErr predict.Number, most int) string {
	e := float64(stdErr)
	switch {
	case math.IsInf(e, 1): // x is what the draws give, and no more
		return "≈ " + numberText(x, "%.3g")
	case math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) || !(e > 0):
		return numberText(x, fmt.Sprintf("%%.%df", most))
	}
	digits := -int(math.Floor(math.Log10(e)))
	last := math.Round(e * math.Pow10(digits))
	if last == 10 {
		digits, last = digits-1, 1
	}
	switch {
	case digits > most:
		return numberText(x, fmt.Sprintf("%%.%df", most))
	case digits < 0:
		unit := math.Pow10(-digits)
		return fmt.Sprintf("%.0f(%.0f)", unit*math.Round(float64(x)/unit), last*unit)
	}
	return fmt.Sprintf("%.*f(%.0f)", digits, x, last)
}

func numberText(x predict.Number, format string) string {
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
