package diagnose

import (
	"fmt"
	"math"
)

// addWarnings adds what a reader of the result should know.
func (r *Result) addWarnings() {
	warn := func(format string, args ...any) { r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...)) }
	for _, a := range r.Arms {
		if a.CheckSE > 0 && math.Abs(a.Check) > checked*a.CheckSE {
			warn("half of the rows tell a risk of the %s from all rows that is %+.3f off, %.1f standard errors: do not trust its curve beyond the rows", a.Name, a.Check, a.Check/a.CheckSE)
		}
	}
	least := math.Inf(1)
	for _, a := range r.Arms[1:] {
		least = min(least, a.Risk[len(r.N)-1])
	}
	features := r.Arms[0].Risk[len(r.N)-1]
	switch {
	case features < tooExact && least < tooExact:
		warn("features and inputs both explain the label up to %.1g of its variance: the difference is of no importance", max(features, least))
	case features < tooExact:
		warn("the features explain the label up to %.1g of its variance: make sure that they do not hold it", features)
	}
}

// checked is the number of standard errors from which the self-check warns: with 9 degrees of
// freedom a sound curve exceeds it in 0.2 % of all cases.
const checked = 4.3
