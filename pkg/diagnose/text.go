package diagnose

import (
	"fmt"
	"math"
	"strings"
)

// Sentence says the verdict in plain English.
func (r *Result) Sentence() string {
	first, last := r.N[0], r.N[len(r.N)-1]
	winner, other := "Transfer", "training from scratch"
	switch r.Verdict() {
	case Crosses:
		c, _ := r.Crossing()
		if c.Up {
			winner, other = "Training from scratch", "transfer"
		}
		bounds := fmt.Sprintf("%.0f to %.0f", c.Low, c.High)
		switch {
		case math.IsInf(c.High, 1):
			bounds = fmt.Sprintf("at least %.0f", c.Low)
		case c.Low == 0:
			bounds = fmt.Sprintf("at most %.0f", c.High)
		}
		return fmt.Sprintf("%s wins up to about %.0f labels (%s); beyond, %s.", winner, c.N, bounds, other)
	case Loses:
		winner, other = "Training from scratch", "transfer"
		fallthrough
	case Wins:
		from, to := 0, 0
		for i, n := range r.N {
			if r.sign(i) == 0 {
				continue
			}
			if from == 0 {
				from = n
			}
			to = n
		}
		if from == first && to == last {
			return fmt.Sprintf("%s wins from %d to %d labels.", winner, from, to)
		}
		return fmt.Sprintf("%s wins: decided from %d to %d labels, and not contradicted from %d to %d.", winner, from, to, first, last)
	}
	return fmt.Sprintf("%d rows do not decide between transfer and training from scratch at %d to %d labels.", r.Rows, first, last)
}

// Title names the label and, of several, the feature map.
func (r *Result) Title() string {
	if r.Map == Features {
		return r.Label
	}
	return r.Label + " by " + r.Map
}

// String returns the sentence, the curves as a table of at most 80 columns, what they rest
// on, and the warnings.
func (r *Result) String() string { return r.table() + r.legend() }

func (r *Result) table() string {
	var b strings.Builder
	b.WriteString(fill(r.Title()+": "+r.Sentence(), 80))
	fmt.Fprintf(&b, "\n%7s", "labels")
	for _, a := range r.Arms {
		fmt.Fprintf(&b, "%14s", short(a.Name, 12))
	}
	fmt.Fprintf(&b, "%14s\n", "T")
	for i, n := range r.N {
		fmt.Fprintf(&b, "%7d", n)
		for _, a := range r.Arms {
			fmt.Fprintf(&b, "%14s", plusMinus("%.3f", a.Risk[i], a.SE[i]))
		}
		fmt.Fprintf(&b, "%14s%s\n", plusMinus("%+.3f", r.T[i], r.SE[i]), []string{"  -", "", "  +"}[r.sign(i)+1])
	}
	if !r.measured {
		fmt.Fprintf(&b, "%7s%8.3f%14.3f\n%7s", "floor", r.Noise.Features, r.Noise.Inputs, "check")
		for _, a := range r.Arms[:3] {
			fmt.Fprintf(&b, "%14s", plusMinus("%+.3f", a.Check, a.CheckSE))
		}
		b.WriteByte('\n')
	}
	for _, w := range r.Warnings {
		b.WriteString(fill("Warning: "+w+".", 80))
	}
	return b.String() + "\n"
}

// legend explains the table.
func (r *Result) legend() string {
	how := fmt.Sprintf("From %d rows.", r.Rows)
	if r.measured {
		how = fmt.Sprintf("Measured on %d rows.", r.Rows)
	}
	how += " Risks are squared errors over the variance of the label, its noise included; ± one standard error. T is the least risk from scratch less that of the features; + and - mark more than 1.96 standard errors."
	if !r.measured {
		how += " The floor is the risk that no number of labels removes, ρ + σ². The check is the risk from all rows as half of them tell it, less what all show."
	}
	return fill(how, 80)
}

// plusMinus writes a number with its standard error to as many places.
func plusMinus(format string, v, se float64) string {
	return fmt.Sprintf(format, v) + " ±" + strings.TrimPrefix(fmt.Sprintf("%.3f", se), "0")
}

func short(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// fill breaks a text into lines.
func fill(s string, width int) string {
	var b strings.Builder
	column := 0
	for _, w := range strings.Fields(s) {
		if column > 0 && column+1+len([]rune(w)) > width {
			b.WriteByte('\n')
			column = 0
		} else if column > 0 {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(w)
		column += len([]rune(w))
	}
	b.WriteByte('\n')
	return b.String()
}

// String returns the results, one after the other, the rankings and the warnings.
func (r *Report) String() string {
	var b strings.Builder
	for _, res := range r.Results {
		b.WriteString(res.table())
	}
	b.WriteString(r.Results[0].legend())
	for _, w := range r.Warnings {
		b.WriteString(fill("Warning: "+w+".", 80))
	}
	for _, rank := range r.Rankings {
		b.WriteString("\n" + rank.String())
	}
	r.writeScores(&b)
	return b.String()
}

// String returns the feature maps, the best first.
func (r Ranking) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, feature maps by their mean risk:\n", r.Label)
	for i, m := range r.Maps {
		fmt.Fprintf(&b, "%3d. %-40s %.3f", i+1, short(m, 40), r.Risk[i])
		if i == 0 {
			fmt.Fprintf(&b, "  (best with chance %.2f)", r.First)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
