// Command bench measures the costs of the toolkit. It writes the table bench/README.md,
// the figure bench/scaling.png and their numbers, bench/results.json, with which the next
// run is compared:
//
//	go run ./bench
//	go run ./bench --python    # also an epoch of PyTorch and products of OpenBLAS, both from PyPI
//
// Run it on an idle machine.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// result is one row of the table.
type result struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Limit  string  `json:"limit,omitempty"`  // target value
	Before float64 `json:"before,omitempty"` // value of the previous run
	Memory bool    `json:"memory,omitempty"` // the next two fields are known
	Bytes  float64 `json:"bytes,omitempty"`  // allocated per operation
	Allocs float64 `json:"allocs,omitempty"`
}

// results is a run of this command.
type results struct {
	Machine string   `json:"machine"`
	Before  string   `json:"before,omitempty"` // machine of the previous run
	Rows    []result `json:"rows"`
	Gone    []result `json:"gone,omitempty"` // in the previous run only
	Scaling []sweep  `json:"scaling"`
	Profile string   `json:"profile"`
}

const folder = "bench"

// figureSet lists the notebooks that draw the linear figures of the paper.
var figureSet = []string{"03_scratch_double_descent", "04_linear_transfer", "05_ridge", "06_fine_tuning", "07_finite_source", "08_weight_decay"}

func main() {
	python := flag.Bool("python", false, "also measure PyTorch and NumPy, installed from PyPI (about 4 GB)")
	checkout := flag.String("checkout", "", "folder of other code, whose epoch is measured in place of our dense one; needs --epoch")
	epoch := flag.String("epoch", "", "MODULE:FUNCTION in the checkout: see epoch.py")
	flag.Parse()
	if err := run(*python || *checkout != "", *checkout, *epoch); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(python bool, checkout, epoch string) error {
	if _, err := os.Stat(filepath.Join(folder, "main.go")); err != nil {
		return errors.New("run it from the root of the repository: go run ./bench")
	}
	var before results
	b, err := os.ReadFile(filepath.Join(folder, "results.json"))
	if err == nil {
		err = json.Unmarshal(b, &before)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	now := results{Machine: machine()}
	steps := []func(*results) error{figures, benchmarks, efficiency, scaling, profile}
	if python {
		steps = append(steps, func(r *results) error { return compare(r, checkout, epoch) })
	}
	for _, step := range steps {
		if err := step(&now); err != nil {
			return err
		}
	}
	now.compare(before)
	if b, err = json.MarshalIndent(now, "", " "); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "results.json"), append(b, '\n'), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "README.md"), []byte(report(now)), 0o666)
}

// compare adds the values of the previous run.
func (r *results) compare(before results) {
	r.Before = before.Machine
	old := map[string]result{}
	for _, row := range before.Rows {
		old[row.Name] = row
	}
	for i, row := range r.Rows {
		r.Rows[i].Before = old[row.Name].Value
		delete(old, row.Name)
	}
	for _, row := range before.Rows {
		if _, gone := old[row.Name]; gone {
			r.Gone = append(r.Gone, row)
		}
	}
}

// machine describes the processor, as reported by the system.
func machine() string {
	model := runtime.GOARCH
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(b); m != nil {
			model = string(m[1])
		}
	}
	return fmt.Sprintf("%s, %d cores, %s/%s, %s", model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// command runs a program and returns its standard output.
func command(name string, args ...string) (string, error) {
	fmt.Fprintln(os.Stderr, "bench:", name, strings.Join(args, " "))
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// figures measures a run of the notebooks of the linear figures at the paper's size.
func figures(r *results) error {
	temp, err := os.MkdirTemp("", "fate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	program := filepath.Join(temp, "fate")
	if _, err := command("go", "build", "-o", program, "./cmd/fate"); err != nil {
		return err
	}
	args := []string{"run", "--no-cache", "--set", "pace=paper", "--out", temp}
	for _, name := range figureSet {
		args = append(args, filepath.Join("notebooks", name+".ipynb"))
	}
	start := time.Now()
	cmd := exec.Command(program, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fate %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	r.add(result{Name: "figure set of the paper, pace=paper: " + strings.Join(numbers(figureSet), ", "), Value: time.Since(start).Seconds(), Unit: "s", Limit: "≤ 60 s on two cores"})
	if kilobytes, ok := largest(cmd.ProcessState); ok {
		r.add(result{Name: "largest process of this run", Value: kilobytes / 1024, Unit: "MB", Limit: "≤ 500 MB"})
	}
	return nil
}

func numbers(names []string) (out []string) {
	for _, n := range names {
		out = append(out, n[:2])
	}
	return out
}

func (r *results) add(row result) { r.Rows = append(r.Rows, row) }

// limits are the target values of benchmarks.
var limits = map[string]string{
	"MillionDraws/d=500":        "≤ 2 s on two cores",
	"MillionDraws/d=1000000000": "≤ 2 s on two cores",
}

// line matches one line of go test -bench.
var line = regexp.MustCompile(`(?m)^Benchmark(\S+?)(-\d+)?\s+\d+\s+(.*)$`)

// parse converts the output of go test -bench to rows.
func parse(out string) (rows []result) {
	for _, m := range line.FindAllStringSubmatch(out, -1) {
		row := result{Name: m[1], Limit: limits[m[1]]}
		fields := strings.Fields(m[3])
		for i := 0; i+1 < len(fields); i += 2 {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				continue
			}
			switch fields[i+1] {
			case "ns/op":
				row.Value, row.Unit = v/1e6, "ms"
			case "B/op":
				row.Bytes, row.Memory = v, true
			case "allocs/op":
				row.Allocs = v
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// benchmarks runs the benchmarks of all packages.
func benchmarks(r *results) error {
	out, err := command("go", "test", "-run", "^$", "-bench", ".", "-benchmem", "./pkg/...", "./plotting")
	if err != nil {
		return err
	}
	r.Rows = append(r.Rows, parse(out)...)
	return nil
}

// profile measures the time of a trial of the phase diagram by function.
func profile(r *results) error {
	temp, err := os.MkdirTemp("", "fate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	binary, cpu := filepath.Join(temp, "test"), filepath.Join(temp, "cpu")
	if _, err := command("go", "test", "-run", "^$", "-bench", "PhaseDiagramTrial", "-benchtime", "10x", "-o", binary, "-cpuprofile", cpu, "./pkg/experiment"); err != nil {
		return err
	}
	out, err := command("go", "tool", "pprof", "-top", "-nodecount", "12", binary, cpu)
	if _, table, ok := strings.Cut(out, "flat%"); ok {
		r.Profile = "      flat  flat%" + table
	}
	return err
}
