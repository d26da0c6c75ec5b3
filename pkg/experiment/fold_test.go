package experiment

import (
	"context"
	"math"
	"reflect"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
)

// A table that keeps no trials answers like one that does, to the last bit.
func TestFolded(t *testing.T) {
	e := Experiment{Method: Law, Trials: 2500, Seed: 4, Grid: Grid{D: 30, Gamma: Range(0.1, 1.9, 19), Theta: Range(0.1, 1.5, 6), Sigma: []float64{0.2}}}
	table := e.Run()
	if err := table.Err(); err != nil || table.Cells[0].folded == nil {
		t.Fatalf("%d cells of %d trials are not folded, %v", len(table.Cells), e.Trials, err)
	}
	p, err := e.plan()
	if err != nil || !p.folds {
		t.Fatal(err)
	}
	p.folds = false
	kept, _ := p.run(context.Background(), e, trial.Options{})
	if kept.Cells[0].folded != nil || !reflect.DeepEqual(table.Quantities(), kept.Quantities()) {
		t.Fatalf("quantities %v, want %v", table.Quantities(), kept.Quantities())
	}
	for i, a := range kept.Cells {
		b := table.Cells[i]
		if a.Trials() != b.Trials() {
			t.Fatalf("%v: %d trials, want %d", b, b.Trials(), a.Trials())
		}
		for _, q := range append(risks[:], theory.TLinear, theory.TFineTune, theory.TLinearTuned) {
			if a.has(q) != b.has(q) {
				t.Errorf("%s at %v: measured %v, want %v", q, b, b.has(q), a.has(q))
			}
			for name, of := range map[string]func(c Cell) (any, error){
				"values": func(c Cell) (any, error) { return c.Values(q) }, "mean": func(c Cell) (any, error) { return c.Mean(q) },
				"wins": func(c Cell) (any, error) { return c.Wins(q) }, "median": func(c Cell) (any, error) { return c.Median(q) }} {
				x, err := of(a)
				y, err2 := of(b)
				if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() || err == nil && !reflect.DeepEqual(x, y) {
					t.Errorf("%s of %s at %v: %v, %v, want %v, %v", name, q, b, y, err2, x, err)
				}
			}
		}
	}
	for _, f := range []func(*Table) Plane{
		func(t *Table) Plane { return t.WinPlane(theory.LinearTransferability, Theta, Gamma) },
		func(t *Table) Plane { return t.Plane(theory.LinearTransferability, Theta, Gamma) },
	} {
		if x, y := f(table), f(kept); x.err != nil || !reflect.DeepEqual(x.Value, y.Value) || math.IsNaN(x.Value[0][0]) {
			t.Errorf("a plane of folded cells differs, %v, %v", x.err, y.err)
		}
	}
}

// An interrupted run keeps the trials of incomplete cells.
func TestFoldedInterrupted(t *testing.T) {
	e := Experiment{Method: Law, Trials: 2500, Seed: 4, Workers: 1, Grid: Grid{D: 30, Gamma: Range(0.1, 1.9, 19), Theta: Range(0.1, 1.5, 6), Sigma: []float64{0.2}}}
	p, err := e.plan()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	fill, parts := p.fill, 0
	p.fill = func(t *Table, unit, part int, v []float64) {
		fill(t, unit, part, v)
		if parts++; parts == 7 { // two cells of three units, and one unit
			cancel()
		}
	}
	table, report := p.run(ctx, e, trial.Options{Workers: 1})
	if !report.Interrupted || !table.Interrupted {
		t.Fatalf("%+v", report)
	}
	for i, want := range []int{2500, 2500, 1024, 0} {
		c := table.Cells[i]
		if c.Trials() != want || (c.folded != nil) != (want == 2500) {
			t.Errorf("cell %d has %d trials, want %d", i, c.Trials(), want)
		}
	}
	if _, err := table.Cells[3].Values(theory.RiskScratch); err == nil || err.Error() != "experiment: 0 finished trials at "+table.Cells[3].String()+": a standard error needs at least 2" {
		t.Error(err)
	}
}
