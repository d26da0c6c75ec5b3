package main

import (
	"fmt"
	"strings"
)

// report returns the page: every value beside its target and that of the previous run.
func report(now results) string {
	var b strings.Builder
	b.WriteString(`# Costs

Written by ` + "`go run ./bench --python`" + `; do not edit. Run it on an idle machine.

Machine: ` + now.Machine + `.
`)
	if now.Before != "" && now.Before != now.Machine {
		b.WriteString("The previous run was on another machine, so the ratios mean little: " + now.Before + ".\n")
	}
	b.WriteString(`
"ratio" is this run over the previous one: for times and bytes, above 1 is worse.

| measurement | value | target | ratio | bytes | allocations |
|---|---:|---|---:|---:|---:|
`)
	for _, row := range now.Rows {
		ratio, bytes, allocs := "new", "", ""
		if row.Before > 0 {
			ratio = fmt.Sprintf("%.2f", row.Value/row.Before)
		}
		if row.Memory {
			bytes, allocs = quantity(row.Bytes), fmt.Sprintf("%.0f", row.Allocs)
		}
		fmt.Fprintf(&b, "| %s | %s %s | %s | %s | %s | %s |\n", row.Name, quantity(row.Value), row.Unit, row.Limit, ratio, bytes, allocs)
	}
	for _, row := range now.Gone {
		fmt.Fprintf(&b, "| %s | not measured this time | %s | was %s %s | | |\n", row.Name, row.Limit, quantity(row.Value), row.Unit)
	}
	b.WriteString(`
## Scaling

Time on one core: points are measured, lines have the expected exponent. The exponents
of d and n are fitted to the upper half of the axis.

![time of the three methods against d, n, L and the number of trials](scaling.png)

| method | axis | exponent | expected | reason |
|---|---|---:|---:|---|
`)
	for _, s := range now.Scaling {
		fmt.Fprintf(&b, "| %s | %s | %.2f | %g | %s |\n", s.Method, s.Axis, s.Measured, s.Expected, s.Why)
	}
	b.WriteString(`
## Linear algebra

Matrix products are ours (pkg/internal/blas), under gonum's LAPACK: assembly for AVX2 and
AVX-512 and a version in Go, all with the same bits. The table compares them with
OpenBLAS on one core. A system BLAS would need a C compiler on every machine, and its last
bits would differ between machines, so there is no build with one; the work is avoided
where it can be. All cells of a trial share one source, one plane of targets and
one growing sample: one Gram matrix for all n, one Cholesky factor for all θ, σ, λ, L
and source data at one n, one tridiagonal form for all weight decays. Networks train in
the coordinates in which they learn, along the gradient flow, with adaptive steps.

## Profile

The time of a trial of the phase diagram, by function:

` + "```\n" + strings.TrimRight(now.Profile, "\n") + "\n```\n")
	return b.String()
}

// quantity prints three digits.
func quantity(v float64) string {
	switch {
	case v >= 1e9:
		return fmt.Sprintf("%.3g G", v/1e9)
	case v >= 1e6:
		return fmt.Sprintf("%.3g M", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%.3g k", v/1e3)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
