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
	"github.com/features-are-fate/fate/pkg/verdict"
	"gonum.org/v1/gonum/mat"
)

// Kernels pretrains ReLU students on the source at Mu from random starts of several sizes
// Alpha: small ones are in the rich regime, large ones in the lazy regime. It follows the
// alignment of their kernels with that of the source teacher (Figure 3a–b). The other
// fields are those of Students.
type Kernels struct {
	D       int       `json:"d"`
	Teacher int       `json:"teacher"`
	Width   int       `json:"width"`
	Mu      float64   `json:"mu"`
	Alpha   []float64 `json:"alpha"`
	Trials  int       `json:"trials"`
	Seed    uint64    `json:"seed"`
	// Pace is the pace of the notebook, see Recorded.
	Pace string `json:"-"`
}

// Quantities of [Kernels].
const (
	// Alignment is the centred kernel alignment with the source's kernel on 200 random
	// points; its course is against the time of the flow, in the first trial.
	Alignment      theory.Quantity = "kernel alignment"
	StartAlignment theory.Quantity = "kernel alignment at the start"
	// PrincipalAngles is the course of the principal angles, in degrees and in rising order
	// against their number from 1, between the leading directions of the features of the
	// student after pretraining and the neurons of the source, in the first trial.
	PrincipalAngles theory.Quantity = "principal angles"

	studentPicture theory.Quantity = "kernel of the student"
	sourcePicture  theory.Quantity = "kernel of the source"
)

// circlePoints is the number of points on each axis of a kernel map, whose values are kept
// to 1/pictureDigits: a record holds many of them.
const circlePoints, pictureDigits = 48, 1e4

// students returns the students that start at alpha.
func (k Kernels) students(alpha float64) Students {
	return Students{D: k.D, Teacher: k.Teacher, Width: k.Width, Mu: []float64{k.Mu}, N: []int{2}, Alpha: alpha, Trials: k.Trials, Seed: k.Seed}
}

// Run pretrains on the cores of the machine.
func (k Kernels) Run() *Table { return run(k) }

func (k Kernels) check() error {
	if err := checkPace(k.Pace); err != nil {
		return err
	}
	if err := k.students(0).check(); err != nil {
		return err
	}
	for _, alpha := range k.Alpha {
		if !(alpha > 0 && alpha <= maxAlpha) {
			return fmt.Errorf("experiment: Alpha has %v: the size of the start is a finite number above 0, and at most %v", alpha, float64(maxAlpha))
		}
	}
	if len(k.Alpha) == 0 {
		return errors.New("experiment: Alpha is empty: kernels need at least one size of the start")
	}
	return checkTrials(k.Trials, len(k.Alpha))
}

func (k Kernels) plan() (*plan, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	p := &plan{name: "kernels", trials: k.Trials, origin: origin{Train, k.Seed}, quantities: []theory.Quantity{StartAlignment, Alignment}}
	for _, alpha := range k.Alpha {
		p.cells = append(p.cells, Cell{Setting: theory.Setting{D: k.D}, at: map[theory.Axis]float64{Alpha: alpha, Mu: k.Mu}, name: fmt.Sprintf("α=%.4g", alpha)})
	}
	// Students from large starts take longest and are trained first.
	order := make([]int, len(k.Alpha))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(k.Alpha[b], k.Alpha[a]) })
	eachTrial{kind: "kernel", order: order,
		title: func(cell, trial int) string {
			return fmt.Sprintf("student from α = %.4g, trial %d", k.Alpha[cell], trial)
		},
		key: func(cell, trial int) any {
			return struct {
				D, Teacher, Width int
				Mu, Alpha         float64
				Trial             int
				Seed              uint64
			}{k.D, k.Teacher, k.Width, k.Mu, k.Alpha[cell], trial, k.Seed}
		},
		measure: func(ctx context.Context, cell, trial int) ([]float64, error) {
			return k.train(ctx, k.Alpha[cell], trial)
		},
		fill: func(c *Cell, trial int, v []float64) { c.setKernel(p.origin, trial, unpack(v)) }}.work(p)
	k.estimate(p, order)
	return p, nil
}

// setKernel stores the alignments and, in the first trial, the course, the angles and the
// kernel maps of the student and of the source.
func (c *Cell) setKernel(o origin, trial int, v [][]float64) {
	c.set(trial, v[0])
	if trial > 0 {
		return
	}
	label := Alpha.Label(c.at[Alpha])
	c.keep(Alignment, o, label, v[1], v[2])
	numbers := make([]float64, len(v[3]))
	for i := range numbers {
		numbers[i] = float64(i + 1)
	}
	c.keep(PrincipalAngles, o, label, numbers, v[3])
	c.keep(studentPicture, o, "", nil, v[4])
	c.keep(sourcePicture, origin{}, "", nil, v[5]) // it is given, not trained
}

// train returns, packed, the values that setKernel stores.
func (k Kernels) train(ctx context.Context, alpha float64, trial int) ([]float64, error) {
	s := k.students(alpha)
	target, err := s.teacher(trial)
	if err != nil {
		return nil, err
	}
	source, err := target.Without(k.Mu)
	if err != nil {
		return nil, err
	}
	student, err := s.student(trial)
	if err != nil {
		return nil, err
	}
	x := s.probe(trial)
	kernel := source.Kernel(x)
	var times, alignments []float64
	observe := func(time float64, f *relu.Network) {
		if err == nil {
			var a float64
			a, err = task.Alignment(f.Kernel(x), kernel)
			times, alignments = append(times, time), append(alignments, a)
		}
	}
	report, terr := student.Train(ctx, relu.PopulationLoss(source), relu.Options{Observe: observe})
	if err := errors.Join(terr, err); err != nil {
		return nil, err
	}
	if !report.Converged {
		return nil, fmt.Errorf("the relative loss is still %.2g after %d gradients", report.Loss, report.Gradients)
	}
	out := pack([]float64{alignments[0], alignments[len(alignments)-1]})
	if trial > 0 {
		return out, nil
	}
	angles, err := student.Angles(len(source.C), source)
	if err != nil {
		return nil, err
	}
	for i := range angles {
		angles[i] = angles[i] * 180 / math.Pi
	}
	at := circle(source)
	picture := func(f *relu.Network) (out []float64) {
		kernel := f.Kernel(at)
		largest := mat.Max(kernel)
		for i := range circlePoints {
			for j := range circlePoints {
				out = append(out, math.Round(pictureDigits*kernel.At(i, j)/largest)/pictureDigits)
			}
		}
		return out
	}
	// The start is left out of the course, for a logarithmic axis.
	return append(out, pack(times[1:], alignments[1:], angles, picture(student), picture(source))...), nil
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

// SourceKernel returns the kernel k(x(φ), x(φ′)) of the source teacher of [Kernels],
// relative to its largest entry. The points x(φ) lie on a circle of radius √d in the plane
// of two of its neurons.
func (t *Table) SourceKernel() Plane { return t.picture(sourcePicture) }

// StudentKernel returns the kernel of the student that started at alpha, after pretraining,
// on the points of SourceKernel and relative to its largest entry.
func (t *Table) StudentKernel(alpha float64) Plane {
	return t.At(Alpha, alpha).picture(studentPicture)
}

func (t *Table) picture(q theory.Quantity) Plane {
	s := t.Course(q)
	if s.err != nil {
		return Plane{err: s.err}
	}
	p := Plane{X: circleAngles(), Y: circleAngles(), x: `angle of $x$`, y: `angle of $x'$`, z: `$k(x, x')$`, origin: s.curves[0].origin}
	for i := range circlePoints {
		p.Value = append(p.Value, s.curves[0].y[i*circlePoints:(i+1)*circlePoints])
	}
	return p
}

// Richer tests that pretraining from the smallest start of [Kernels] raises the alignment
// with the kernel of the source, and ends at a larger alignment than from every other
// start. Each row is a difference that must be above 0.
func (t *Table) Richer() *verdict.Verdict {
	if t.err != nil {
		return verdict.Failed(t.err)
	}
	if len(t.Cells) == 0 {
		return verdict.Failed(errors.New("experiment: the table holds no cell"))
	}
	v := verdict.Of()
	change := func(result, setting string, a Cell, from theory.Quantity, b Cell) error {
		x, err := a.Values(from)
		if err != nil {
			return err
		}
		y, err := b.Values(Alignment)
		if err != nil {
			return err
		}
		for i := range y {
			y[i] -= x[i]
		}
		v = v.And(verdict.Compare(result, "Figure 3a–b", setting, theory.Value{}, theory.Mean(y), len(y)).Above())
		return nil
	}
	rich := slices.MinFunc(t.Cells, func(a, b Cell) int { return cmp.Compare(a.At(Alpha), b.At(Alpha)) })
	if err := change("kernel alignment, end − start", rich.String(), rich, StartAlignment, rich); err != nil {
		return verdict.Failed(err)
	}
	for _, c := range t.Cells {
		if c.At(Alpha) == rich.At(Alpha) {
			continue
		}
		if err := change("kernel alignment at the end", rich.String()+" − "+c.String(), c, Alignment, rich); err != nil {
			return verdict.Failed(err)
		}
	}
	return v
}

func (k Kernels) about(t *Table) string {
	out := fmt.Sprintf("kernels: m = %d, m* = %d, d = %d, μ = %.4g, %d trials, seed %d; alignment at the start and at the end:", k.Width, k.Teacher, k.D, k.Mu, k.Trials, k.Seed)
	for _, c := range t.Cells {
		out += fmt.Sprintf("\nα = %-5.4g %s → %s", c.At(Alpha), verdict.Format(theory.Mean(c.values[StartAlignment])), verdict.Format(theory.Mean(c.values[Alignment])))
	}
	return out
}
