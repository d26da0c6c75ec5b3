package experiment

import (
	"fmt"
	"math"
)

// Upper bounds on a study. A larger one is a typing error: its results or one of its
// matrices would not fit into memory.
const (
	maxTrials  = 100_000_000   // of all cells together
	maxEntries = 1_000_000_000 // of a matrix, 8 GB
	maxNeurons = 1_000_000
	maxWorkers = 10_000
	maxAlpha   = 1e6
)

// checkTrials checks the number of trials of a study.
func checkTrials(trials, cells int) error {
	switch {
	case trials < 2 || trials > maxTrials:
		return fmt.Errorf("experiment: Trials = %d: a standard error needs at least 2, and at most %d are kept", trials, maxTrials)
	case cells > maxTrials/trials:
		return fmt.Errorf("experiment: Trials = %d in %d cells: the product must be at most %d", trials, cells, maxTrials)
	}
	return nil
}

// checkMatrix returns an error for a matrix that does not fit into memory; name describes
// its sides.
func checkMatrix(name string, rows, columns int) error {
	if rows > 0 && columns > maxEntries/rows {
		return fmt.Errorf("experiment: %s = %d × %d: a matrix may have at most %d entries", name, rows, columns, maxEntries)
	}
	return nil
}

// checkAlpha checks the size of a random start; 0 stands for usual.
func checkAlpha(alpha, usual float64) error {
	if !(alpha >= 0 && alpha <= maxAlpha) {
		return fmt.Errorf("experiment: Alpha = %v: the size of the start must be a finite number from 0 (for %v) to %v", alpha, usual, float64(maxAlpha))
	}
	return nil
}

// finiteStep returns an error for an invalid learning rate; 0 is the default.
func finiteStep(step float64) error {
	if !(step >= 0) || math.IsInf(step, 0) {
		return fmt.Errorf("experiment: Step = %v: the learning rate must be a finite number, 0 (for the default) or above", step)
	}
	return nil
}

// checkPace returns an error for an unknown pace; an empty one is quick.
func checkPace(pace string) error {
	if pace != "" && pace != "quick" && pace != "paper" {
		return fmt.Errorf(`experiment: Pace = %q: it is "quick" or "paper"`, pace)
	}
	return nil
}
