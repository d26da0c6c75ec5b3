package diagnose

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/features-are-fate/fate/pkg/relu"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b) }

// bend returns inputs and labels that are not linear in them, so that the kernel learns more.
func bend(n, d int, seed uint64) (*mat.Dense, []float64) {
	rng := rand.New(rand.NewPCG(seed, 3))
	x, y := normal(rng, n, d), make([]float64, n)
	for i := range y {
		y[i] = math.Abs(x.At(i, 0)) + math.Abs(x.At(i, 1)) + 0.3*x.At(i, 2)
	}
	return x, y
}

// The risk is the least of LOO·(m − df₂)/m / (1 − df₂/(n − 1)) over the ridges with
// df₁ < 0.95(n − 1) and max(15, 0.08 m) effective terms.
func TestRiskByHand(t *testing.T) {
	few, free := false, false             // each rule leaves out a ridge that would be the best
	for _, rows := range []int{80, 260} { // 0.08 m is below 15, and above
		x, y := bend(rows, rows+40, 1)
		a, err := newFeatureArm(x)
		if err != nil {
			t.Fatal(err)
		}
		loo := a.leaveOneOut(y)
		for _, n := range []float64{40, 130, 260, 2000, math.Inf(1)} {
			m := float64(rows - 1)
			best := math.Inf(1)
			for g, r := range a.ridges {
				v := loo[g] * (m - r.df2) / m / (1 - r.df2/(n-1))
				if r.df1 >= 0.95*(n-1) {
					free = free || v < best
					continue
				}
				if r.directions < math.Max(15, 0.08*m) {
					few = few || v < best
					continue
				}
				best = math.Min(best, v)
			}
			got, err := a.risk(loo, n)
			if err != nil || !near(got, best) {
				t.Errorf("%d rows, n = %v: %v, by hand %v, %v", rows, n, got, best, err)
			}
		}
	}
	if !few || !free {
		t.Errorf("the rules change nothing here: terms %t, freedom %t", few, free)
	}
}

// The ridges go from 10⁻⁷ of the mean eigenvalue, if all were the largest, to ten times the
// largest.
func TestRidges(t *testing.T) {
	x := normal(rand.New(rand.NewPCG(1, 6)), 50, 4)
	a, err := newFeatureArm(x)
	if err != nil {
		t.Fatal(err)
	}
	for j := range 4 {
		mean := stat.Mean(mat.Col(nil, j, x), nil)
		for i := range 50 {
			x.Set(i, j, x.At(i, j)-mean)
		}
	}
	var svd mat.SVD
	if !svd.Factorize(x, mat.SVDNone) {
		t.Fatal("the singular values do not converge")
	}
	top := math.Pow(svd.Values(nil)[0], 2)
	first, last := a.ridges[0].delta, a.ridges[ridgeGrid-1].delta
	if math.Abs(first/(1e-7*top/49)-1) > 1e-9 || math.Abs(last/(10*top)-1) > 1e-9 {
		t.Errorf("%v to %v, the largest eigenvalue is %v", first, last, top)
	}
}

// The curves of a representation by their definition: parts below half of the rows, the law
// from there, and for a kernel the slope of its own curve beyond the rows.
func TestCurvesByHand(t *testing.T) {
	const rows = 80
	x, y := bend(rows, 6, 2)
	d := &data{labels: [][]float64{y}, names: []string{"y"}}
	order := rand.New(rand.NewPCG(1, 1)).Perm(rows)
	fit := func(r representation, rows []int) (*arm, perRidge) {
		a, err := r.arm(rows)
		if err != nil {
			t.Fatal(err)
		}
		return a, a.leaveOneOut(pick(y, rows))
	}
	law := func(a *arm, loo perRidge, n float64) float64 {
		v, err := a.risk(loo, n)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, r := range []representation{featureRepresentation("features", x), kernelRepresentation(x)} {
		at := []float64{25, 39, 40, 80, 200}
		got, err := d.curves(r, order, at)
		if err != nil {
			t.Fatal(err)
		}
		whole, loo := fit(r, order)
		// Halves of 80 rows: the first and the second, odd and even places, pairs, fours.
		slope := 0.0
		for _, run := range []int{40, 1, 2, 4} {
			var even, odd []int
			for i, row := range order {
				if i/run%2 == 0 {
					even = append(even, row)
				} else {
					odd = append(odd, row)
				}
			}
			_, one := fit(r, even)
			_, two := fit(r, odd)
			slope += (math.Log2(least(loo)/least(one)) + math.Log2(least(loo)/least(two))) / 8
		}
		if r.slow && slope > 0 {
			t.Fatalf("%s: the slope %.2f does not fall", r.name, slope)
		}
		var want []float64
		for _, n := range []int{25, 39} {
			sum := 0.0
			for p := range rows / n {
				_, part := fit(r, order[p*n:(p+1)*n])
				sum += least(part)
			}
			want = append(want, sum/float64(rows/n))
		}
		want = append(want, law(whole, loo, 40), law(whole, loo, 80), law(whole, loo, 200))
		if r.name == Kernel {
			want[4] = law(whole, loo, 80) * math.Pow(200.0/80, slope)
		}
		for i := range at {
			if !near(got.risk[0][i], want[i]) {
				t.Errorf("%s, n = %v: %v, by hand %v", r.name, at[i], got.risk[0][i], want[i])
			}
		}
		check := -least(loo)
		for _, half := range [][]int{order[:40], order[40:]} {
			a, l := fit(r, half)
			told := law(a, l, 80)
			if r.name == Kernel {
				_, q1 := fit(r, half[:20])
				_, q2 := fit(r, half[20:])
				told = law(a, l, 40) * math.Exp2(math.Min(0, math.Log2(least(l)/((least(q1)+least(q2))/2))))
			}
			check += told / 2
		}
		if math.Abs(got.check[0]-check) > 1e-12 {
			t.Errorf("%s: check %v, by hand %v", r.name, got.check[0], check)
		}
	}
	for slope, want := range map[float64]float64{0.3: 0, -0.4: -0.4, -3: -2} {
		if bounded(slope) != want {
			t.Errorf("the slope %v becomes %v", slope, bounded(slope))
		}
	}
}

// The kernel is the arc-cosine kernel of the inputs.
func TestKernelRepresentation(t *testing.T) {
	x, y := bend(30, 4, 3)
	rows := []int{5, 2, 9, 11, 20, 1, 7, 8, 28, 3, 4, 13, 14, 15, 16, 17, 18, 19}
	got, err := kernelRepresentation(x).arm(rows)
	if err != nil {
		t.Fatal(err)
	}
	some := take(x, rows)
	k := mat.NewSymDense(len(rows), nil)
	for i, g := 0, relu.Gram(some, some); i < len(rows); i++ {
		for j := range rows {
			k.SetSym(i, j, g.At(i, j))
		}
	}
	want, err := newKernelArm(k)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := got.leaveOneOut(pick(y, rows)), want.leaveOneOut(pick(y, rows)); math.Abs(least(a)-least(b)) > 1e-9 {
		t.Errorf("%v and %v", least(a), least(b))
	}
}

// T and its standard error by the definition of the jackknife: ten samples without a tenth of
// the rows, each in units of its own variance.
func TestJackknifeByHand(t *testing.T) {
	const rows = 100
	x, y := bend(rows, 5, 4)
	r, err := Run(Data{Features: x.Slice(0, rows, 0, 3), Inputs: x, Labels: column(y), At: []int{100}, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if r.Arms[2].Risk[0] > r.Arms[1].Risk[0] {
		t.Fatalf("the kernel does not learn more: %v", r.Arms)
	}
	d := &data{labels: [][]float64{y}, names: []string{"y"}}
	ways := []representation{featureRepresentation("features", mat.DenseCopyOf(x.Slice(0, rows, 0, 3))), featureRepresentation("inputs", x), kernelRepresentation(x)}
	order := rand.New(rand.NewPCG(5, 0)).Perm(rows)
	value := func(rows []int) (risk []float64, gain float64) {
		for _, w := range ways {
			c, err := d.curves(w, rows, []float64{100})
			if err != nil {
				t.Fatal(err)
			}
			risk = append(risk, c.risk[0][0]/stat.Variance(pick(y, rows), nil))
		}
		return risk, math.Min(risk[1], risk[2]) - risk[0]
	}
	risk, gain := value(order)
	var parts, firsts []float64
	for g := range 10 {
		var kept []int
		for i, row := range order {
			if i%10 != g {
				kept = append(kept, row)
			}
		}
		risk, gain := value(kept)
		parts, firsts = append(parts, gain), append(firsts, risk[0])
	}
	se := func(v []float64) float64 {
		mean, sum := stat.Mean(v, nil), 0.0
		for _, x := range v {
			sum += (x - mean) * (x - mean)
		}
		return math.Sqrt(0.9 * sum)
	}
	if !near(r.T[0], gain) || math.Abs(r.SE[0]-se(parts)) > 1e-9 {
		t.Errorf("T = %v ± %v, by hand %v ± %v", r.T[0], r.SE[0], gain, se(parts))
	}
	for a := range ways {
		if !near(r.Arms[a].Risk[0], risk[a]) {
			t.Errorf("%s: %v, by hand %v", r.Arms[a].Name, r.Arms[a].Risk[0], risk[a])
		}
	}
	if math.Abs(r.Arms[0].SE[0]-se(firsts)) > 1e-9 {
		t.Errorf("%v, by hand %v", r.Arms[0].SE[0], se(firsts))
	}
}

// A curve that the user measured is one more arm from scratch, with its own error.
func TestMeasuredArm(t *testing.T) {
	x, y := rows(100, 8, 6)
	net := Measured{Name: "network", N: []float64{20, 80, 320}, Risk: []float64{0.4, 0.1, 0.05}, SE: []float64{0.04, 0.02, 0.01}}
	data := Data{Features: x.Slice(0, 100, 4, 8), Inputs: x, Labels: column(y), At: []int{40, 80}}
	plain, err := Run(data)
	if err != nil {
		t.Fatal(err)
	}
	data.Measured = []Measured{net}
	r, err := Run(data)
	if err != nil {
		t.Fatal(err)
	}
	// Halfway between 20 and 80 on logarithms: √(.4·.1), and half of both relative errors.
	wants := []float64{0.2, 0.1}
	errs := []float64{0.2 * math.Hypot(0.5*0.1, 0.5*0.2), 0.02}
	arm := r.Arms[3]
	for i := range r.N {
		if arm.Name != "network" || math.Abs(arm.Risk[i]-wants[i]) > 1e-12 || math.Abs(arm.SE[i]-errs[i]) > 1e-12 {
			t.Errorf("n = %d: %s %v ± %v, want %v ± %v", r.N[i], arm.Name, arm.Risk[i], arm.SE[i], wants[i], errs[i])
		}
		if arm.Risk[i] > math.Min(r.Arms[1].Risk[i], r.Arms[2].Risk[i]) {
			t.Fatalf("n = %d: the network is not the best", r.N[i])
		}
		probe := plain.Arms[0]
		if want := wants[i] - probe.Risk[i]; math.Abs(r.T[i]-want) > 1e-12 || math.Abs(r.SE[i]-math.Hypot(probe.SE[i], errs[i])) > 1e-12 {
			t.Errorf("n = %d: T = %v ± %v, want %v ± %v", r.N[i], r.T[i], r.SE[i], want, math.Hypot(probe.SE[i], errs[i]))
		}
	}
	net.SE = nil
	if v, se := net.at(320); v != 0.05 || se != 0 {
		t.Errorf("%v ± %v", v, se)
	}
}
