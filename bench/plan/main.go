// Command plan compares the times that fate sweep plan estimates with those that the studies
// take, for studies of every kind or for the files of sweeps:
//
//	go run ./bench/plan
//	go run ./bench/plan sweep.json
//
// Both are times on one core, those of the process and not of the clock.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/features-are-fate/fate/pkg/process"
	"github.com/features-are-fate/fate/pkg/sweep"
	"github.com/features-are-fate/fate/pkg/trial"
)

// studies take some seconds each, more than an estimate may.
var studies = []struct{ name, file string }{
	{"linear, law", `{"method": "law", "trials": 400000, "grid": {"d": [100, 400, 1000], "gamma": [0.5, 0.9, 1.5], "sigma": [0, 0.2]}}`},
	{"linear, solve", `{"method": "solve", "trials": 100, "grid": {"d": [50, 100, 200, 400], "gamma": [0.5, 0.9, 1.5], "sigma": [0.2]}}`},
	{"linear, solve, large", `{"method": "solve", "trials": 4, "grid": {"d": [1500], "gamma": [0.5, 1.5], "sigma": [0.2]}}`},
	{"linear, train", `{"method": "train", "trials": 10, "grid": {"d": [20, 40, 60], "gamma": [0.5, 0.8, 1.5], "sigma": [0.2]}}`},
	{"linear, train, deep", `{"method": "train", "trials": 4, "grid": {"d": [30, 40], "gamma": [0.5, 1.5], "depth": [2, 3], "sigma": [0.2]}}`},
	{"linear, weight decay", `{"method": "train", "procedures": ["scratch"], "trials": 20, "grid": {"d": [60], "gamma": [0.5, 1, 2], "decay": [0.01, 0.1], "sigma": [0.2]}}`},
	{"paired, law", `{"experiment": "paired", "method": "law", "trials": 400000, "grid": {"d": [200], "gamma": [0.5, 0.9, 1.5], "sigma": [0, 0.2]}}`},
	{"paired, solve", `{"experiment": "paired", "method": "solve", "trials": 200, "grid": {"d": [200], "gamma": [0.25, 0.5, 0.75, 1.25, 1.5, 2], "theta": [0, 0.5, 1], "sigma": [0, 0.2]}}`},
	{"paired, solve, ridges", `{"experiment": "paired", "method": "solve", "trials": 20, "grid": {"d": [300], "gamma": [0.5, 0.9, 1.5], "lambda": [0, 0.1, 1, 10], "sigma": [0.2]}}`},
	{"paired, train", `{"experiment": "paired", "method": "train", "trials": 10, "grid": {"d": [60], "gamma": [0.4, 0.6, 0.8, 1.5], "sigma": [0.2]}}`},
	{"pretraining", `{"experiment": "pretraining", "d": 100, "depth": [2, 3], "alpha": [0.01, 0.03, 0.1], "trials": 4}`},
	{"pretraining, course", `{"experiment": "pretraining", "d": 100, "depth": [2, 3], "alpha": [0.03, 0.1], "trials": 2, "course": true}`},
	{"transports", `{"experiment": "transports", "d": [2, 10, 50], "n": 1000, "theta": [0.5, 1, 1.5], "sigma": 0.1, "trials": 4}`},
	{"transports, large", `{"experiment": "transports", "d": [20], "n": 3000, "theta": [1], "sigma": 0.1, "trials": 2}`},
	{"students", `{"experiment": "students", "trials": 2, "d": 40, "teacher": 40, "width": 400, "mu": [0.25, 0.5, 0.75], "n": [80, 160, 320, 640, 1280]}`},
	{"students, six transfers", `{"experiment": "students", "trials": 2, "d": 100, "teacher": 100, "width": 1000, "mu": [0.5], "n": [125, 250, 500, 1000, 2000, 4000]}`},
	{"students, scratch", `{"experiment": "students", "procedures": ["scratch"], "trials": 4, "d": 60, "teacher": 60, "width": 600, "n": [400, 1600]}`},
	{"students, linear transfer", `{"experiment": "students", "procedures": ["linear transfer"], "trials": 2, "d": 60, "teacher": 30, "width": 600, "mu": [0.5], "n": [400, 1600]}`},
	{"teachers", `{"experiment": "teachers", "d": 300, "neurons": 300, "mu": [0.1, 0.5, 0.9], "trials": 20}`},
	{"kernels", `{"experiment": "kernels", "d": 50, "teacher": 50, "width": 200, "mu": 0.5, "alpha": [0.1, 1, 3], "trials": 2}`},
	{"curves", `{"experiment": "curves", "setting": {"N": 150, "D": 200, "Sigma": 0.2, "Depth": 2}}`},
	{"curves, deep", `{"experiment": "curves", "setting": {"N": 50, "D": 100, "Theta": 0.5, "Sigma": 0.2, "Depth": 3}}`},
	{"flows", `{"experiment": "flows", "setting": {"N": 50, "D": 100, "Theta": 0.7, "Sigma": 0.2}, "depths": [2, 3, 4]}`},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(paths []string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "study\tunits\tplanned, s\tmeasured, s\tmeasured/planned\tplanning, s\t")
	if len(paths) > 0 {
		for _, path := range paths {
			if err := compare(w, path, path); err != nil {
				return err
			}
		}
		return w.Flush()
	}
	dir, err := os.MkdirTemp("", "fate-plan")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "sweep.json")
	for _, s := range studies {
		if err := os.WriteFile(path, []byte(s.file), 0o644); err != nil {
			return err
		}
		if err := compare(w, s.name, path); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return w.Flush()
}

func compare(w *tabwriter.Writer, name, path string) error {
	p, err := sweep.Read(path)
	if err != nil {
		return err
	}
	units := p.Work().Units
	start := process.Time()
	e, err := p.Estimate(sweep.Budget)
	if err != nil {
		return err
	}
	planning := process.Time() - start
	planned := e.Of(trial.Share{Step: 1, Count: units})
	start = process.Time()
	t, _ := p.Plan.Run(context.Background(), trial.Options{Workers: 1})
	if t.Err() != nil {
		return t.Err()
	}
	measured := (process.Time() - start).Seconds()
	fmt.Fprintf(os.Stderr, "%s: %.3g, %.3g: %.2f\n", name, planned, measured, measured/planned)
	fmt.Fprintf(w, "%s\t%d\t%.3g\t%.3g\t%.2f\t%.1f\t\n", name, units, planned, measured, measured/planned, planning.Round(time.Millisecond).Seconds())
	return nil
}
