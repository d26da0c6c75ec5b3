package blas

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

const precision = 300 // bits of the reference

func number(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

// exactPi is π by Machin's formula, 16 arctan(1/5) − 4 arctan(1/239).
var exactPi = func() *big.Float {
	arctan := func(q int64) *big.Float {
		sum, power := number(0), number(1)
		power.Quo(power, number(float64(q)))
		square := number(float64(q * q))
		for k := int64(1); power.Sign() != 0 && power.MantExp(nil) > -precision-8; k += 2 {
			term := number(0).Quo(power, number(float64(k)))
			if k%4 == 3 {
				term.Neg(term)
			}
			sum.Add(sum, term)
			power.Quo(power, square)
		}
		return sum
	}
	out := number(16)
	out.Mul(out, arctan(5))
	return out.Sub(out, number(0).Mul(number(4), arctan(239)))
}()

// exactArcsin is arcsin s for 0 ≤ s ≤ 1/√2, by its series.
func exactArcsin(s *big.Float) *big.Float {
	square := number(0).Mul(s, s)
	sum, term := number(0).Set(s), number(0).Set(s)
	if s.Sign() == 0 {
		return sum
	}
	for k := 1; term.MantExp(nil) > sum.MantExp(nil)-precision; k++ {
		term.Mul(term, square)
		term.Mul(term, number(float64((2*k-1)*(2*k-1))))
		term.Quo(term, number(float64(2*k*(2*k+1))))
		sum.Add(sum, term)
	}
	return sum
}

// exact returns π − arccos c and √(1−c²).
func exact(c float64) (left, sin *big.Float) {
	size := number(math.Abs(c))
	one := number(1)
	square := number(0).Mul(size, size)
	sin = number(0).Sqrt(number(0).Sub(one, square))
	half := number(0).Quo(exactPi, number(2))
	if math.Abs(c) <= 0.7 {
		left = exactArcsin(size)
	} else { // arcsin c = π/2 − 2 arcsin √((1−c)/2)
		s := number(0).Sub(one, size)
		left = exactArcsin(s.Sqrt(s.Quo(s, number(2))))
		left.Sub(half, left.Add(left, left))
	}
	if c < 0 {
		left.Neg(left)
	}
	return left.Add(left, half), sin
}

// cosines are those of every octave of c and of 1 ∓ c, and the ends.
func cosines(rng *rand.Rand) (out []float64) {
	for e := -60; e <= -1; e++ {
		for range 20 {
			x := math.Ldexp(1+rng.Float64(), e)
			out = append(out, x, -x, 1-x/2, x/2-1)
		}
	}
	for _, x := range []float64{0, 0.5, 0.7, 1} {
		out = append(out, x, -x, math.Nextafter(x, 2), math.Nextafter(x, -2), -math.Nextafter(x, 2), -math.Nextafter(x, -2))
	}
	out = append(out, 5e-324, -5e-324)
	for i, x := range out {
		out[i] = max(-1, min(1, x))
	}
	return out
}

// The angles and sines are right in every octave, and the kernel to the last places of its
// largest term.
func TestArcs(t *testing.T) {
	cos := cosines(rand.New(rand.NewPCG(3, 22)))
	n := len(cos)
	left, norms, sin, kernel := append([]float64(nil), cos...), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range norms {
		norms[i] = 1
	}
	Arcs(left, 1, norms, sin, kernel)
	relative := func(got float64, want *big.Float) float64 {
		if want.Sign() == 0 {
			return math.Abs(got)
		}
		d := number(0).Sub(number(got), want)
		e, _ := d.Quo(d, want).Float64()
		return math.Abs(e)
	}
	worst := 0.0
	for i, c := range cos {
		wantLeft, wantSin := exact(c)
		e := max(relative(left[i], wantLeft), relative(sin[i], wantSin))
		if worst = max(worst, e); e > 3e-16 {
			t.Errorf("cos φ = %v: π−φ = %v, want %v; sin φ = %v, want %v", c, left[i], wantLeft.Text('g', 20), sin[i], wantSin.Text('g', 20))
		}
		want := number(0).Mul(wantLeft, number(c))
		if k, _ := want.Add(want, wantSin).Float64(); math.Abs(kernel[i]-k) > 4e-16*(left[i]*math.Abs(c)+sin[i]) {
			t.Errorf("cos φ = %v: the kernel is %v, want %v", c, kernel[i], k)
		}
	}
	t.Logf("largest relative error of an angle or a sine: %.2g", worst)
}

// All instructions give the same bits, at every length, with zero vectors, quotients that
// round beyond 1, infinities and NaN.
func TestLoopBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 22))
	odd := []float64{0, math.Copysign(0, -1), 1, -1, 1 + 1e-15, math.Inf(1), math.Inf(-1), math.NaN(), 1e-310, 1e300}
	random := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			if out[i] = rng.NormFloat64() / 2; rng.IntN(10) == 0 {
				out[i] = odd[rng.IntN(len(odd))]
			}
		}
		return out
	}
	for i := range 2000 {
		n := rng.IntN(40)
		x, w, norm := random(n), random(n), random(1)[0]
		if i == 0 {
			x, norm = cosines(rng), 1
			w = make([]float64, len(x))
			for i := range w {
				w[i] = 1
			}
			n = len(x)
		}
		var want [6][]float64
		for _, k := range kernels {
			with(k, func() {
				got := [6][]float64{append([]float64(nil), x...), make([]float64, n), make([]float64, n), append([]float64(nil), x...), append([]float64(nil), x...), append([]float64(nil), w...)}
				Arcs(got[0], norm, w, got[1], got[2])
				ReLU(got[3])
				Gate(got[4], norm, got[5])
				if k == portable {
					want = got
				}
				for j, name := range []string{"π−φ", "sin φ", "the kernel", "ReLU", "the derivative", "the sum"} {
					if at := different(got[j], want[j]); at >= 0 {
						t.Fatalf("%s: %s of (%v, norms %v and %v) is %v, want %v", k.name, name, x[at], norm, w[at], got[j][at], want[j][at])
					}
				}
			})
		}
	}
}

func BenchmarkLoops(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	const n = 1000
	from, norms, w := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range from {
		from[i], norms[i], w[i] = rng.Float64()*2-1, 1, rng.NormFloat64()
	}
	x, sin, kernel := make([]float64, n), make([]float64, n), make([]float64, n)
	run := func(name string, do func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				copy(x, from)
				do()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/entry")
		})
	}
	run("arcs/math", func() {
		for i, c := range x {
			x[i], sin[i] = math.Acos(c), math.Sqrt((1-c)*(1+c))
			kernel[i] = sin[i] + (math.Pi-x[i])*c
		}
	})
	for _, k := range kernels {
		with(k, func() {
			run("arcs/"+k.name, func() { Arcs(x, 1, norms, sin, kernel) })
			run("relu/"+k.name, func() { ReLU(x) })
			run("gate/"+k.name, func() { Gate(x, 2, w) })
		})
	}
}
