package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// packages are the requirements of the scripts.
var packages = []string{"torch==2.9.1", "numpy==2.3.5"}

// compare measures other software on the same work and cores: an epoch of PyTorch
// against a step of ours, and NumPy's OpenBLAS against our products.
func compare(r *results, checkout, epoch string) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	venv := filepath.Join(cache, "fate", "bench")
	python := filepath.Join(venv, "bin", "python")
	done := filepath.Join(venv, "done")
	if _, err := os.Stat(done); err != nil {
		if _, err := command("python3", "-m", "venv", venv); err != nil {
			return err
		}
		if _, err := command(python, append([]string{"-m", "pip", "install", "-q"}, packages...)...); err != nil {
			return err
		}
		if err := os.WriteFile(done, nil, 0o666); err != nil {
			return err
		}
	}
	ours := map[string]float64{}
	out, err := command("go", "test", "-run", "^$", "-count", "3", "-bench", "^Benchmark(Step|Gram|Cholesky)$", "./pkg/linear")
	if err != nil {
		return err
	}
	for _, row := range parse(out) { // the least time, as in the scripts
		if t, ok := ours[row.Name]; !ok || row.Value < t {
			ours[row.Name] = row.Value
		}
	}

	args := []string{filepath.Join(folder, "epoch.py")}
	whose := "dense batched products"
	if checkout != "" {
		whose = epoch
		args = append(args, "--checkout", checkout, "--epoch", epoch)
	}
	var theirs struct {
		Torch   string
		Threads int
		Epochs  []struct {
			Bits, N int
			Seconds float64
		}
	}
	if err := script(&theirs, python, args...); err != nil {
		return err
	}
	for _, e := range theirs.Epochs {
		step, ok := ours[fmt.Sprintf("Step/n=%d/reduced", e.N)]
		if !ok {
			return fmt.Errorf("no benchmark of a step at n = %d", e.N)
		}
		limit := ""
		if e.Bits == 64 { // our precision
			limit = "≥ 100"
		}
		name := fmt.Sprintf("%d bits, d=500, n=%d", e.Bits, e.N)
		r.add(result{Name: fmt.Sprintf("epoch of 20 networks in PyTorch %s, %s, %d threads, %s", theirs.Torch, whose, theirs.Threads, name), Value: 1000 * e.Seconds, Unit: "ms"})
		r.add(result{Name: "this epoch relative to a step in reduced coordinates, " + name, Value: 1000 * e.Seconds / step, Unit: "×", Limit: limit})
	}

	var products struct {
		BLAS           string
		Gram, Cholesky float64 // seconds
	}
	if err := script(&products, python, filepath.Join(folder, "products.py")); err != nil {
		return err
	}
	r.add(result{Name: "time of XᵀX of 1000×500 relative to " + products.BLAS, Value: ours["Gram"] / 1000 / products.Gram, Unit: "×"})
	r.add(result{Name: "time of Cholesky of 500×500 relative to " + products.BLAS, Value: ours["Cholesky"] / 1000 / products.Cholesky, Unit: "×"})
	return nil
}

// script runs a Python script and reads the JSON that it prints.
func script(into any, python string, args ...string) error {
	out, err := command(python, args...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return nil
}
