// Package ode integrates dy/dt = f(y) until a condition is met, with steps that adapt
// to the local error.
//
// [DormandPrince] is for flows that are not stiff, to high accuracy. [Chebyshev2] and
// [Chebyshev1] are for gradient flows, which are stiff: components with large curvature
// have long decayed and still limit the step of an explicit method. A Runge–Kutta–Chebyshev
// step with s evaluations of f is stable for about s² times the step of Euler's method.
// Chebyshev2, of second order, chooses s from the largest curvature; Chebyshev1, of first
// order with a fixed s, is for flows in which accuracy limits the step.
//
// The two Chebyshev methods share their polynomials but not their steps: that of first
// order leaves out terms that are zero in exact arithmetic and not in floating point.
package ode

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
)

// Problem is a differential equation and the condition at which to stop.
type Problem struct {
	// Slope writes f(y) to dst. Every call counts as one slope.
	Slope func(dst, y []float64)
	// Stop ends the integration where it returns true. It is called at the start and
	// after every accepted step, right after Slope was called with this y; slope is f(y).
	// Both are only valid during the call.
	Stop func(t float64, y, slope []float64) bool
	// Observe, if not nil, is called before Stop with the same t and y.
	Observe func(t float64, y []float64)
}

// done observes a point of the solution and reports whether it is the last one.
func (p Problem) done(t float64, y, slope []float64) bool {
	if p.Observe != nil {
		p.Observe(t, y)
	}
	return p.Stop(t, y, slope)
}

// Control holds the parameters of the control of steps.
type Control struct {
	// Accuracy is the largest local error of a step, relative to ‖y‖ (and for
	// DormandPrince to ‖y‖ + Floor).
	Accuracy, Floor float64
	// Step is the length of the first step. For Chebyshev1, 0 means 0.1·‖y‖/‖f(y)‖.
	Step float64
	// MaxSlopes is the number of slopes after which no further step begins, and
	// [ErrSpent] is returned. 0 means no bound.
	MaxSlopes int
}

func (c Control) check(ctx context.Context, slopes int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.MaxSlopes > 0 && slopes >= c.MaxSlopes {
		return ErrSpent
	}
	return nil
}

// Solution is the last accepted point. It is also returned with an error.
type Solution struct {
	T      float64
	Y      []float64
	Slopes int // calls of Slope
}

var (
	// ErrSpent means that MaxSlopes were taken before Stop returned true.
	ErrSpent = errors.New("ode: the slopes are spent")
	// ErrDiverged means that no step, however short, has a finite error.
	ErrDiverged = errors.New("ode: no step has a finite error")
)

// norm is that of gonum without its guard against overflow, which takes most of a step.
func norm(v []float64) float64 { return math.Sqrt(floats.Dot(v, v)) }
