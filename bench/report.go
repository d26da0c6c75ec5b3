package main

import (
	"fmt"
	"strings"
)

// report is the page: every figure beside its limit and beside the run before.
func report(now results) string {
	var b strings.Builder
	b.WriteString(`# What it costs

Written by ` + "`go run ./bench --python`" + `; do not edit. Run it on an idle machine.

Machine: ` + now.Machine + `.
`)
	if now.Before != "" && now.Before != now.Machine {
		b.WriteString("The run before was on another machine, so the ratios mean little: " + now.Before + ".\n")
	}
	b.WriteString(`
"ratio" is this run over the run before: for times and bytes, above 1 is worse.

| figure | value | should be | ratio | bytes | allocations |
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
## How the cost grows

On one core, from small to large; points are measured, lines have the expected exponent.
Exponents of d and n are those of the upper half of the axis.

![cost of the three methods against d, n, L and the number of trials](scaling.png)

| method | along | exponent | expected | because |
|---|---|---:|---:|---|
`)
	for _, s := range now.Scaling {
		fmt.Fprintf(&b, "| %s | %s | %.2f | %g | %s |\n", s.Method, s.Axis, s.Measured, s.Expected, s.Why)
	}
	b.WriteString(`
## Linear algebra

The products are gonum's, in Go with assembly for vectors. The table says what they cost
against OpenBLAS on one core. A system BLAS would need a C compiler on every machine and
would change the last bits from machine to machine, so there is no build with one; the
work is avoided instead. All cells of a trial share one source, one plane of targets and
one growing sample: one Gram matrix for all n, one Cholesky factor for all θ, σ, λ, L
and source data at one n, one tridiagonal form for all weight decays. Networks train in
the coordinates in which they learn, along the gradient flow, with adaptive steps.

## What is left

A trial of the phase diagram, by function:

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
