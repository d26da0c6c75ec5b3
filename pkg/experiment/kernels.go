package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/relu"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/mat"
)

// Kernels pretrains ReLU students on the source at Mu from starts of several sizes
// Alpha, small ones rich and large ones lazy, and follows how their kernel becomes
// that of the source teacher (Figure 3a–b). The other fields are those of Students.
type Kernels struct {
	D, Teacher, Width int
	Mu                float64
	Alpha             []float64
	Trials            int
	Seed              uint64
}

// circlePoints is the number of points of a kernel's picture.
const circlePoints = 48

// KernelsRun holds the kernels. It is never nil: if a student could not be trained,
// Err says why.
type KernelsRun struct {
	Kernels Kernels
	// Alignment is the centred kernel alignment with the source's kernel on 200
	// random points, against the time of the flow, in the first trial.
	Alignment Series
	// Angles are the principal angles, in degrees and in rising order, between the
	// leading directions of the student's features at the end and the neurons of the
	// source, in the first trial.
	Angles     Series
	start, end [][]float64     // alignment, by Alpha and trial
	maps       []*mat.SymDense // of the first trial on a circle: the source, each end
	err        error
}

// Err returns why the run failed, or nil.
func (r *KernelsRun) Err() error { return r.err }

// students returns the students that start at alpha.
func (k Kernels) students(alpha float64) Students {
	return Students{D: k.D, Teacher: k.Teacher, Width: k.Width, Mu: []float64{k.Mu}, N: []int{2}, Alpha: alpha, Trials: k.Trials, Seed: k.Seed}
}

// Run pretrains on the cores of the machine.
func (k Kernels) Run() *KernelsRun {
	r := &KernelsRun{Kernels: k, start: make([][]float64, len(k.Alpha)), end: make([][]float64, len(k.Alpha)), maps: make([]*mat.SymDense, len(k.Alpha)+1)}
	r.Alignment.curves, r.Angles.curves = make([]curve, len(k.Alpha)), make([]curve, len(k.Alpha))
	r.err = k.students(0).check()
	for _, alpha := range k.Alpha {
		if !(alpha > 0 && alpha <= maxAlpha) {
			r.err = cmp.Or(r.err, fmt.Errorf("experiment: Alpha has %v: the size of the start is a finite number above 0, and at most %v", alpha, float64(maxAlpha)))
		}
	}
	if r.err == nil {
		r.err = checkTrials(k.Trials, len(k.Alpha))
	}
	if len(k.Alpha) == 0 {
		r.err = errors.New("experiment: Alpha is empty: kernels need at least one size of the start")
	}
	if r.err != nil {
		return r
	}
	for i := range k.Alpha {
		r.start[i], r.end[i] = make([]float64, k.Trials), make([]float64, k.Trials)
	}
	ctx, stop := interruptible()
	defer stop()
	// The lazy ones take longest: they come first.
	order := make([]int, len(k.Alpha))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(k.Alpha[b], k.Alpha[a]) })
	place := func(j int) (i, trial int) { return order[j/k.Trials], j % k.Trials }
	name := func(j int) string {
		i, trial := place(j)
		return fmt.Sprintf("student from α = %.4g, trial %d", k.Alpha[i], trial)
	}
	r.err = each(ctx, len(order)*k.Trials, 0, 1, name, func(ctx context.Context, j int) error {
		i, trial := place(j)
		return r.train(ctx, i, trial)
	})
	if errors.Is(r.err, context.Canceled) {
		r.err = errors.New("experiment: the training of students was interrupted")
	}
	if r.err != nil {
		r.Alignment, r.Angles = Series{err: r.err}, Series{err: r.err}
		return r
	}
	r.Alignment.from(origin{Train, k.Seed})
	r.Angles.from(origin{Train, k.Seed})
	return r
}

func (r *KernelsRun) train(ctx context.Context, i, trial int) error {
	k := r.Kernels
	s := k.students(k.Alpha[i])
	target, err := s.teacher(trial)
	if err != nil {
		return err
	}
	source, err := target.Without(k.Mu)
	if err != nil {
		return err
	}
	student, err := s.student(trial)
	if err != nil {
		return err
	}
	x := s.probe(trial)
	kernel := source.Kernel(x)
	c := curve{label: Alpha.Label(k.Alpha[i])}
	observe := func(time float64, f *relu.Network) {
		if err == nil {
			var a float64
			a, err = task.Alignment(f.Kernel(x), kernel)
			c.x, c.y = append(c.x, time), append(c.y, a)
		}
	}
	report, terr := student.Train(ctx, relu.PopulationLoss(source), relu.Options{Observe: observe})
	if err := errors.Join(terr, err); err != nil {
		return err
	}
	if !report.Converged {
		return fmt.Errorf("the relative loss is still %.2g after %d gradients", report.Loss, report.Gradients)
	}
	r.start[i][trial], r.end[i][trial] = c.y[0], c.y[len(c.y)-1]
	if trial == 0 {
		c.x, c.y = c.x[1:], c.y[1:] // for a logarithmic axis
		r.Alignment.curves[i] = c
		angles, err := student.Angles(len(source.C), source)
		if err != nil {
			return err
		}
		c = curve{label: c.label}
		for j, a := range angles {
			c.x, c.y = append(c.x, float64(j+1)), append(c.y, a*180/math.Pi)
		}
		r.Angles.curves[i] = c
		circle := circle(source)
		r.maps[i+1] = student.Kernel(circle)
		if i == 0 {
			r.maps[0] = source.Kernel(circle)
		}
	}
	return nil
}

// circle returns the points √d(cos φ·u + sin φ·v) at angles φ ∈ [0, 2π) in the plane of
// the first two neurons, u along the first one.
func circle(f *relu.Network) *mat.Dense {
	_, d := f.W.Dims()
	u := mat.NewVecDense(d, mat.Row(nil, 0, f.W))
	v := mat.NewVecDense(d, nil)
	if rows, _ := f.W.Dims(); rows > 1 {
		v.CopyVec(f.W.RowView(1))
	} else {
		v.SetVec(0, 1)
	}
	v.AddScaledVec(v, -mat.Dot(u, v)/mat.Dot(u, u), u)
	v.ScaleVec(1/mat.Norm(v, 2), v)
	u.ScaleVec(1/mat.Norm(u, 2), u)
	out := mat.NewDense(circlePoints, d, nil)
	for i, phi := range circleAngles() {
		row := out.RowView(i).(*mat.VecDense)
		row.AddScaledVec(row, math.Cos(phi)*math.Sqrt(float64(d)), u)
		row.AddScaledVec(row, math.Sin(phi)*math.Sqrt(float64(d)), v)
	}
	return out
}

func circleAngles() []float64 {
	return Range(0, 2*math.Pi*(1-1.0/circlePoints), circlePoints)
}

// Source returns the kernel of the source teacher on points x(φ), x(φ′) of a circle in
// the plane of two of its neurons, relative to its largest entry.
func (r *KernelsRun) Source() Map { return r.picture(0) }

// Student returns the same of the student that started at one of Alpha, after
// pretraining.
func (r *KernelsRun) Student(alpha float64) Map {
	i := slices.Index(r.Kernels.Alpha, alpha)
	if i < 0 && r.err == nil {
		return Map{err: fmt.Errorf("experiment: alpha = %v: it is not one of Alpha, %v", alpha, r.Kernels.Alpha)}
	}
	return r.picture(i + 1)
}

func (r *KernelsRun) picture(i int) Map {
	if r.err != nil {
		return Map{err: r.err}
	}
	m := Map{X: circleAngles(), Gamma: circleAngles()}
	if i > 0 { // the source is given, not trained
		m.origin = origin{Train, r.Kernels.Seed}
	}
	largest := mat.Max(r.maps[i])
	for a := range circlePoints {
		row := make([]float64, circlePoints)
		for b := range row {
			row[b] = r.maps[i].At(a, b) / largest
		}
		m.Value = append(m.Value, row)
	}
	return m
}

// Verdict states that pretraining from the smallest start brings the kernel closer to
// the source's, and closer than from every other start.
func (r *KernelsRun) Verdict() *Verdict {
	if r.err != nil {
		return &Verdict{err: r.err}
	}
	k := r.Kernels
	v := &Verdict{}
	change := func(result, setting string, from, to []float64) {
		x := make([]float64, k.Trials)
		for t := range x {
			x[t] = to[t] - from[t]
		}
		v = v.And(Compare(result, "Figure 3a–b", setting, theory.Value{}, theory.Mean(x), k.Trials).Above())
	}
	rich := slices.Index(k.Alpha, slices.Min(k.Alpha))
	change("kernel alignment, end − start", fmt.Sprintf("α=%.4g", k.Alpha[rich]), r.start[rich], r.end[rich])
	for i, alpha := range k.Alpha {
		if i != rich {
			change("kernel alignment at the end", fmt.Sprintf("α=%.4g − α=%.4g", k.Alpha[rich], alpha), r.end[i], r.end[rich])
		}
	}
	return v
}

// String says what was run and how the kernels are aligned with the source's.
func (r *KernelsRun) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	k := r.Kernels
	out := fmt.Sprintf("kernels: m = %d, m* = %d, d = %d, μ = %.4g, %d trials, seed %d; alignment at the start and at the end:", k.Width, k.Teacher, k.D, k.Mu, k.Trials, k.Seed)
	for i, alpha := range k.Alpha {
		out += fmt.Sprintf("\nα = %-5.4g %s → %s", alpha, value(theory.Mean(r.start[i])), value(theory.Mean(r.end[i])))
	}
	return out
}

// SimpleRender shows the run in a notebook.
func (r *KernelsRun) SimpleRender() map[string]interface{} {
	return map[string]interface{}{"text/plain": r.String()}
}
