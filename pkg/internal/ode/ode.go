// Package ode integrates dy/dt = f(y) until a condition is met, with steps that adapt
// to the local error.
//
// [DormandPrince] is for a flow that is not stiff and is wanted to many digits.
// [Chebyshev2] and [Chebyshev1] are for gradient flows, which are stiff: f has large
// negative eigenvalues that have long decayed and still limit the step of an explicit
// method. A Chebyshev step of s slopes is stable for about s² times the step of one.
// Chebyshev2, of second order, chooses s from the largest curvature; Chebyshev1, of
// first order with a fixed s, is for flows whose direction changes all the time.
//
// The two Chebyshev methods share their polynomials and not their steps: the one of
// first order leaves out terms that vanish, which in floating point is another number.
package ode

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
)

// Problem is what is integrated, and how far.
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

// done observes a place on the way and says whether it is the end.
func (p Problem) done(t float64, y, slope []float64) bool {
	if p.Observe != nil {
		p.Observe(t, y)
	}
	return p.Stop(t, y, slope)
}

// Control bounds the steps.
type Control struct {
	// Accuracy is the largest local error of a step, relative to ‖y‖ (and for
	// DormandPrince to ‖y‖ + Floor).
	Accuracy, Floor float64
	// Step is the length of the first one; for Chebyshev1 0 means a tenth of ‖y‖/‖f(y)‖.
	Step float64
	// MaxSlopes is the number of slopes after which no further step is begun, which is
	// [ErrSpent]; 0 is no bound.
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

// Solution is the last accepted place, also where there is an error.
type Solution struct {
	T      float64
	Y      []float64
	Slopes int // calls of Slope
}

var (
	// ErrSpent is returned if MaxSlopes did not suffice.
	ErrSpent = errors.New("ode: the slopes are spent")
	// ErrDiverged is returned if no step, however short, has a finite error.
	ErrDiverged = errors.New("ode: the solution is not finite")
)

// norm is that of gonum without its guard against overflow, which takes most of a step.
func norm(v []float64) float64 { return math.Sqrt(floats.Dot(v, v)) }
