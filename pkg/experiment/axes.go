package experiment

import "github.com/features-are-fate/fate/pkg/theory"

// The axes of grids and views, see the table of [theory.Axes].
const (
	Gamma       = theory.AxisGamma
	Theta       = theory.AxisTheta
	Residual    = theory.AxisResidual // ρ = sin²θ, the part of the target outside the features
	Sigma       = theory.AxisSigma
	Lambda      = theory.AxisLambda
	Depth       = theory.AxisDepth
	Features    = theory.AxisFeatures
	SourceGamma = theory.AxisSourceGamma
	SourceSigma = theory.AxisSourceSigma
	Decay       = theory.AxisDecay
	Norm        = theory.AxisNorm      // ‖βt‖
	Dimension   = theory.AxisDimension // γ and γ_s are constant along it
	Alpha       = theory.AxisAlpha     // the size of the start
	Step        = theory.AxisStep      // the learning rate
	Mu          = theory.AxisMu        // the fraction of the neurons that is removed
	Points      = theory.AxisPoints    // n
	None        = theory.AxisNone      // one curve, not split by an axis
)
