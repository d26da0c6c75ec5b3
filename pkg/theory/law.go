package theory

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Risks holds the three risks on one target set and the scale c of fine-tuning.
type Risks struct {
	Scratch, Linear, FineTune float64
	Scale                     float64
	Tuned                     float64 // scratch with the best ridge; not drawn by Law
	Residual                  float64 // ρ of the features; not drawn by Law
}

// Of returns the quantity q of r.
func (r Risks) Of(q Quantity) float64 {
	switch q {
	case RiskScratch:
		return r.Scratch
	case RiskLinear:
		return r.Linear
	case RiskFineTune:
		return r.FineTune
	case TLinear:
		return r.Scratch - r.Linear
	case TFineTune:
		return r.Scratch - r.FineTune
	case ScaleC:
		return r.Scale
	case RiskTuned:
		return r.Tuned
	case TLinearTuned:
		return r.Tuned - r.Linear
	case FeatureResidual:
		return r.Residual
	}
	return math.NaN()
}

// Law is the exact joint law of (R_scratch, R_linear, R_finetune) over data
// sets at one setting. A draw costs O(1) at any n and d and needs no matrix
// larger than 3×3: the risks follow from the Gram matrix of [Xβs, Xe₂, ε] with
// βt = cosθ·βs + sinθ·e₂, and from the compression of the other d−2 columns of X
// to a 3×3 Wishart matrix. With finite source data the law is the same, at the
// random norm and angle of the pretrained vector.
type Law struct {
	s        Setting
	cos, sin float64
	c2       float64 // ‖βt‖²; the rest is for a unit target
}

// NewLaw returns the law at s. It is an error if s has several features or
// weight decay.
func NewLaw(s Setting) (Law, error) {
	if err := s.Validate(); err != nil {
		return Law{}, err
	}
	if err := tunable(s.Features > 1, s.Decay, 0); err != nil {
		return Law{}, err
	}
	l := Law{s: s}
	l.sin, l.cos = math.Sincos(s.Theta)
	l.c2, l.s.Sigma = targetScale(s.Norm, s.Sigma)
	return l, nil
}

// draw is one draw of the law: the risks, and the geometry behind fine-tuning.
type draw struct {
	Risks
	a, q              float64 // ‖Uβ̂s‖² and β̂sᵀUβt
	norm              float64 // ‖β̂s‖
	fit, noise, along float64 // for n ≤ d ‖Pβt‖², ‖ε‖, and βtᵀ times the direction of X⁺ε
}

// Draw returns one draw. The risk of fine-tuning and its scale are NaN for a target
// of a norm other than 1.
func (l Law) Draw(rng *rand.Rand) Risks { return l.draw(rng).Risks }

func (l Law) draw(rng *rand.Rand) draw {
	out := l.unit(rng)
	if l.c2 != 1 {
		out.Scratch, out.Linear = l.c2*out.Scratch, l.c2*out.Linear
		out.FineTune, out.Scale = math.NaN(), math.NaN()
	}
	return out
}

// unit draws for a unit target.
func (l Law) unit(rng *rand.Rand) draw {
	n, d := l.s.N, l.s.D
	norm := 1.0 // of the pretrained vector
	if l.s.SourceN > 0 {
		norm, l.cos, l.sin = l.source(rng)
	}
	m := min(n, 3)
	t := gaussianFactor(rng, n)
	for i := range m {
		t[i][2] *= l.s.Sigma
	}
	y := gram(t)
	out := draw{Risks: Risks{Tuned: math.NaN(), Residual: math.NaN()}, norm: norm}
	w := (l.cos*y[0][0] + l.sin*y[0][1] + y[0][2]) / (y[0][0] + float64(n)*l.s.Lambda)
	out.Linear = (w-l.cos)*(w-l.cos) + l.sin*l.sin

	if n <= d {
		// S = (compressed remaining columns) + T_A T_Aᵀ is XXᵀ seen by the three
		// vectors; K = TᵀS⁻¹T holds P on span(βs, e₂), X⁺ε on it, and ‖X⁺ε‖².
		g := gaussianFactor(rng, d-2-(n-m))
		s := gram(g)
		for i := range m {
			for j := range m {
				s[i][j] += t[i][0]*t[j][0] + t[i][1]*t[j][1]
			}
		}
		k := gram(solveLower(cholesky(s, m), t, m))
		noise := k[2][2]
		var u [2][2]float64 // U on span(βs, e₂), zero at n = d
		if n < d {
			u = [2][2]float64{{1 - k[0][0], -k[0][1]}, {-k[0][1], 1 - k[1][1]}}
		}
		ut := [2]float64{u[0][0]*l.cos + u[0][1]*l.sin, u[1][0]*l.cos + u[1][1]*l.sin}
		tUt := l.cos*ut[0] + l.sin*ut[1]
		b := (1 - tUt) + 2*(l.cos*k[0][2]+l.sin*k[1][2]) + noise
		out.fit, out.noise, out.along = 1-tUt, math.Sqrt(y[2][2]), (l.cos*k[0][2]+l.sin*k[1][2])/math.Sqrt(noise)
		out.a, out.q = norm*norm*math.Max(0, u[0][0]), norm*ut[0]
		out.Scale = scale(l.s.Depth, out.a, math.Max(0, b), norm)
		out.Scratch = tUt + noise
		out.FineTune = out.Scratch
		if n < d {
			out.FineTune += out.Scale*out.Scale*out.a - 2*out.Scale*out.q
		}
		return out
	}

	// n > d: the error of least squares, split into its part on span(βs, e₂),
	// δ, and the rest.
	a := gram(gaussianFactor(rng, n-d+2))
	sum := gram(gaussianFactor(rng, d-2))
	for i := range 3 {
		for j := range 3 {
			sum[i][j] += a[i][j]
		}
	}
	ch := cholesky(sum, 3)
	mm := solveLower(ch, transpose(solveLower(ch, a, 3)), 3) // L⁻¹AL⁻ᵀ
	mt := mul(mm, t)
	g11, g12, g22 := dot(t, mt, 0, 0), dot(t, mt, 0, 1), dot(t, mt, 1, 1)
	h1, h2 := dot(t, mt, 0, 2), dot(t, mt, 1, 2)
	det := g11*g22 - g12*g12
	d1, d2 := (g22*h1-g12*h2)/det, (g11*h2-g12*h1)/det
	var v [3]float64
	for i := range 3 {
		v[i] = t[i][2] - t[i][0]*d1 - t[i][1]*d2
	}
	var vv, vmv float64
	for i := range 3 {
		vv += v[i] * v[i]
		for j := range 3 {
			vmv += v[i] * mm[i][j] * v[j]
		}
	}
	out.Scratch = d1*d1 + d2*d2
	if d > 2 {
		out.Scratch += (vv - vmv) / chiSquared(rng, n-d+3)
	}
	out.FineTune = out.Scratch
	// ‖β_sc‖² = ‖βt‖² + 2βtᵀ(β_sc − βt) + ‖β_sc − βt‖².
	out.Scale = scale(l.s.Depth, 0, math.Max(0, 1+2*(l.cos*d1+l.sin*d2)+out.Scratch), norm)
	return out
}

// chunk is the number of draws that share a random stream: the unit of
// parallel work, so that results do not depend on the number of cores.
const chunk = 1 << 13

// each makes draws with the given seed on all cores and hands each chunk, in
// any order, to use.
func (l Law) each(draws int, seed uint64, use func(first int, part []draw)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			buf := make([]draw, chunk)
			for first := range next {
				rng := rand.New(rand.NewPCG(seed, uint64(first/chunk)))
				part := buf[:min(chunk, draws-first)]
				for i := range part {
					part[i] = l.draw(rng)
				}
				use(first, part)
			}
		})
	}
	for first := 0; first < draws; first += chunk {
		next <- first
	}
	close(next)
	wg.Wait()
}

// Sample returns draws independent draws of the law. The same seed gives the
// same draws on any number of cores.
func (l Law) Sample(draws int, seed uint64) []Risks {
	out := make([]Risks, max(0, draws))
	l.each(len(out), seed, func(first int, part []draw) {
		for i, d := range part {
			out[first+i] = d.Risks
		}
	})
	return out
}

// Medians returns the medians of quantities over draws of the law, which must be at least 1.
// The standard error is half of what lies between the order statistics one standard error of
// the binomial law from the middle. A quantity that the law does not draw at its setting is
// an error.
func (l Law) Medians(draws int, seed uint64, quantities ...Quantity) ([]Value, error) {
	if draws < 1 {
		return nil, fmt.Errorf("theory: draws = %d: a median needs at least 1", draws)
	}
	sample := l.Sample(draws, seed)
	out, x := make([]Value, len(quantities)), make([]float64, len(sample))
	within := 0.5 / math.Sqrt(float64(draws))
	for k, q := range quantities {
		for i, r := range sample {
			x[i] = r.Of(q)
		}
		slices.Sort(x)
		if math.IsNaN(x[0]) { // NaN comes first
			return nil, fmt.Errorf("theory: the law does not draw %s at %v", q, l.s)
		}
		at := func(p float64) float64 { return stat.Quantile(p, stat.LinInterp, x, nil) }
		out[k] = Value{at(0.5), (at(math.Min(1, 0.5+within)) - at(math.Max(0, 0.5-within))) / 2}
	}
	return out, nil
}

// Summary holds means of the law that have no closed form, and the probabilities that
// transfer wins on one data set. A StdErr of +Inf says that the variance over data sets is
// infinite, so that draws do not tell how exact their mean is: take the median of
// [Law.Medians].
type Summary struct {
	TFineTune     Value // E[R_sc − R_ft]: the noise terms cancel, so it is finite without finite source data
	Scale         Value // E[c]
	PLinearWins   Value // P(R_lt < R_sc)
	PFineTuneWins Value // P(R_ft < R_sc), 0 for n ≥ d where the two are equal
}

// Summary computes means over draws of the exact law at s. Its memory does not grow
// with draws. The mean transferability uses the printed form (c = 1), whose mean is
// known, as control variate. Near n = d, where c has a heavy tail, the first 16,384 draws
// are integrated over it. The draws depend on s alone: there is no seed to choose.
func (s Setting) Summary(draws int) (Summary, error) {
	l, err := NewLaw(s)
	if err == nil {
		err = tunable(false, 0, s.Norm)
	}
	if err != nil {
		return Summary{}, err
	}
	type sums struct{ t, c, linear, finetune []float64 }
	parts := make([]sums, (draws+chunk-1)/chunk)
	var near *radius
	tails := draws // those behind the means
	if s.needsRadius() {
		near, tails = newRadius(s), min(draws, radiusDraws)
	}
	l.each(draws, lawSeed, func(first int, part []draw) {
		var p sums
		p.t, p.c = make([]float64, len(part)), make([]float64, len(part))
		p.linear, p.finetune = make([]float64, len(part)), make([]float64, len(part))
		for i, d := range part {
			p.t[i] = (d.Scratch - d.FineTune) - (2*d.q - d.a)
			p.c[i] = d.Scale
			if near != nil && first < radiusDraws {
				c, c2 := near.scale(s.Depth, d)
				p.t[i], p.c[i] = 2*(c-1)*d.q-(c2-1)*d.a, c
			}
			p.linear[i] = indicator(d.Linear < d.Scratch)
			p.finetune[i] = indicator(d.FineTune < d.Scratch)
		}
		reduce := func(x []float64) []float64 {
			m, v := stat.PopMeanVariance(x, nil)
			return []float64{float64(len(x)) * m, float64(len(x)) * (v + m*m)}
		}
		parts[first/chunk] = sums{reduce(p.t), reduce(p.c), reduce(p.linear), reduce(p.finetune)}
	})
	total := func(draws int, pick func(sums) []float64) Value {
		var sum, sq float64
		for _, p := range parts[:(draws+chunk-1)/chunk] {
			sum, sq = sum+pick(p)[0], sq+pick(p)[1]
		}
		n := float64(draws)
		mean := sum / n
		return Value{mean, math.Sqrt(math.Max(0, sq/n-mean*mean) / n)}
	}
	out := Summary{
		TFineTune:     total(tails, func(p sums) []float64 { return p.t }),
		Scale:         total(tails, func(p sums) []float64 { return p.c }),
		PLinearWins:   total(draws, func(p sums) []float64 { return p.linear }),
		PFineTuneWins: total(draws, func(p sums) []float64 { return p.finetune }),
	}
	if s.SourceN == 1 && s.Depth > 1 {
		out.Scale.StdErr = math.Inf(1) // c ~ r^(−(L−1)/L), and r has a density at 0
	}
	if s.N >= s.D {
		out.TFineTune = Value{}
		return out, nil
	}
	printed, err := fineTunePrintedMean(s)
	out.TFineTune.Value += printed
	switch {
	case math.IsInf(printed, 0):
		out.TFineTune = Value{Value: printed}
	case s.Depth > 1 && s.heavySource():
		out.TFineTune.StdErr = math.Inf(1)
	}
	return out, err
}

// lawSeed seeds the draws behind means that have no closed form.
const lawSeed = 0x66617465

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func chiSquared(rng *rand.Rand, k int) float64 {
	return distuv.ChiSquared{K: float64(k), Src: rng}.Rand()
}
