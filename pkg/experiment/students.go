package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// Students trains two-layer ReLU networks in D dimensions on teachers (Section 4). The
// target is a random teacher of Teacher neurons (m*) with output weights ±1; the source is
// the target without a fraction Mu of its neurons. A student of Width neurons (m) is
// pretrained on the population loss of the source, for each Mu, and then transferred to N
// noiseless points of the target; another is trained on them from scratch. Every trial has
// its own teacher.
//
// D, Teacher, Width and N are at most 10⁶, trainings at most 10⁸, and the matrices of N or
// Width by D or Width have at most 10⁹ entries. All risks are relative to ‖f_t‖².
type Students struct {
	D       int       `json:"d"`
	Teacher int       `json:"teacher"`
	Width   int       `json:"width"`
	Mu      []float64 `json:"mu,omitempty"`
	N       []int     `json:"n"`
	// Alpha is the size of the random start; 0 means 0.1, the rich regime.
	Alpha  float64 `json:"alpha,omitempty"`
	Trials int     `json:"trials"`
	Seed   uint64  `json:"seed"`
	// Procedures to run; empty means all three.
	Procedures []Procedure `json:"procedures,omitempty"`
	// Pace is the pace of the notebook, see Experiment and Recorded.
	Pace string `json:"-"`
}

// probes is the number of random points on which kernels are compared, and unseen that of
// the random neurons that stand for the removed ones.
const probes, unseen = 200, 500

// Quantities of [Students] beside the risks. Each Mu has theory.FeatureResidual (ρ outside
// the k leading directions of the features of the student), Floor, Expected, Missed,
// OutsideAll, Gap and Alignment; each Mu and N has AllNeurons; each training has
// TrainingLoss, Gradients and LocalMinima.
const (
	Floor theory.Quantity = "floor" // ρ outside the neurons of the source teacher
	// Expected is the ρ of the k leading directions that follows from the kernel of the
	// student without the directions of the removed neurons: its mean over random ones with
	// the same output weights, as its difference from the floor. It is the floor, plus
	// Missed, minus what the student holds of random neurons more than the source does.
	Expected theory.Quantity = "ρ expected"
	// Missed is the part of the source itself outside the k leading directions, relative to
	// ‖f_t‖².
	Missed     theory.Quantity = "part of the source missed"
	OutsideAll theory.Quantity = "ρ of all features" // ρ outside all directions of the features of the student
	// Gap tells whether the spectrum of the features names k: above 0 it does. It is
	// log(λ_k/λ_{k+1}), less the largest other gap between successive eigenvalues, from the
	// second, as the first direction is the mean, to the m/2-th.
	Gap theory.Quantity = "gap at k − largest other gap"
	// AllNeurons is the risk of linear transfer on all neurons, with a ridge that
	// leave-one-out cross-validation chooses from the n points.
	AllNeurons   theory.Quantity = "R_lt on all neurons"
	TrainingLoss theory.Quantity = "loss left"    // final, relative to that of f = 0
	Gradients    theory.Quantity = "gradients"    // their number
	LocalMinima  theory.Quantity = "local minima" // 1 if training ended in one
)

var (
	ofSource   = [...]theory.Quantity{theory.FeatureResidual, Floor, OutsideAll, Alignment, Expected, Missed, Gap, SquareNorm, TrainingLoss, Gradients, LocalMinima}
	ofScratch  = [...]theory.Quantity{theory.RiskScratch, TrainingLoss, Gradients, LocalMinima}
	ofTransfer = [...]theory.Quantity{theory.RiskLinear, AllNeurons, theory.RiskFineTune, TrainingLoss, Gradients, LocalMinima}
)

// Run trains all students on the cores of the machine. The same seed gives the same
// numbers on any number of them.
func (s Students) Run() *Table { return run(s) }

func (s Students) runs(p Procedure) bool {
	return len(s.Procedures) == 0 || slices.Contains(s.Procedures, p)
}

// features returns k, the number of neurons of the source at mu.
func (s Students) features(mu float64) int {
	return s.Teacher - int(math.Round(mu*float64(s.Teacher)))
}

func (s Students) check() error {
	if err := checkPace(s.Pace); err != nil {
		return err
	}
	for _, p := range s.Procedures {
		if p != Scratch && p != Transfer && p != FineTune {
			return fmt.Errorf("experiment: Procedures has %q: students know %q, %q and %q", p, Scratch, Transfer, FineTune)
		}
	}
	for _, mu := range s.Mu {
		if k := s.features(mu); !(mu > 0) || k < 1 || k >= s.Teacher {
			return fmt.Errorf("experiment: Mu has %v: of %d neurons it must remove at least one and leave at least one", mu, s.Teacher)
		}
	}
	for _, n := range s.N {
		if n < 2 {
			return fmt.Errorf("experiment: N has %d: it must be at least 2", n)
		}
	}
	for j, n := range s.N {
		if slices.Contains(s.N[:j], n) {
			return fmt.Errorf("experiment: N has %d twice", n)
		}
	}
	for j, mu := range s.Mu {
		if slices.Contains(s.Mu[:j], mu) {
			return fmt.Errorf("experiment: Mu has %v twice", mu)
		}
	}
	switch {
	case s.D < 1:
		return fmt.Errorf("experiment: D = %d: it must be at least 1", s.D)
	case s.Teacher < 2:
		return fmt.Errorf("experiment: Teacher = %d: a teacher that can lose neurons has at least 2", s.Teacher)
	case s.Width < s.Teacher:
		return fmt.Errorf("experiment: Width = %d: a student that can learn the target has at least the %d neurons of the teacher", s.Width, s.Teacher)
	case len(s.N) == 0:
		return errors.New("experiment: N is empty: students need at least one number of points")
	case len(s.Mu) == 0 && (s.runs(Transfer) || s.runs(FineTune)):
		return errors.New("experiment: Mu is empty: transfer needs at least one source")
	}
	for _, size := range []struct {
		name string
		n    int
	}{{"D", s.D}, {"Teacher", s.Teacher}, {"Width", s.Width}, {"N", slices.Max(s.N)}} {
		if size.n > maxNeurons {
			return fmt.Errorf("experiment: %s = %d: it must be at most %d", size.name, size.n, maxNeurons)
		}
	}
	return cmp.Or(checkMatrix("max(N, Width) × D", max(slices.Max(s.N), s.Width), s.D), checkMatrix("max(N, Width) × Width", max(slices.Max(s.N), s.Width), s.Width),
		checkTrials(s.Trials, len(s.Mu)+len(s.N)), checkAlpha(s.Alpha, richAlpha))
}

// richAlpha is the size of the start where Students.Alpha is 0.
const richAlpha = 0.1

func (s Students) defaults() Students {
	if s.Alpha == 0 {
		s.Alpha = richAlpha
	}
	return s
}

func (s Students) plan() (*plan, error) {
	s = s.defaults()
	if err := s.check(); err != nil {
		return nil, err
	}
	p := &plan{name: "students", trials: s.Trials, origin: origin{Train, s.Seed}, origins: map[theory.Quantity]origin{Floor: {Solve, s.Seed}}}
	sources, sizes := s.Mu, s.N
	if !s.runs(Transfer) && !s.runs(FineTune) {
		sources = nil
	}
	if !s.runs(Scratch) {
		sizes = nil
	}
	// One cell for each source, for each transfer from it, and for each N from scratch.
	cell := func(quantities []theory.Quantity, n int, at map[theory.Axis]float64) {
		p.cells = append(p.cells, Cell{Setting: theory.Setting{N: n, D: s.D}, at: at, quantities: quantities})
	}
	for _, mu := range sources {
		cell(ofSource[:], 0, map[theory.Axis]float64{Mu: mu})
		for _, n := range s.N {
			cell(ofTransfer[:], n, map[theory.Axis]float64{Mu: mu, Points: float64(n)})
		}
	}
	for _, n := range sizes {
		cell(ofScratch[:], n, map[theory.Axis]float64{Points: float64(n)})
	}
	for i := range p.cells {
		p.cells[i].name = s.name(p.cells[i])
	}
	first := func(part studentPart) int {
		if part.source >= 0 {
			return part.source * (1 + len(s.N))
		}
		return len(sources)*(1+len(s.N)) + part.scratch
	}
	parts := s.units(len(sources), len(sizes))
	p.fill = func(t *Table, unit, part int, v []float64) {
		t.Cells[first(parts[unit])+part].set(parts[unit].trial, v)
	}
	p.finish = func(t *Table) error {
		for i := range t.Cells[:len(sources)*(1+len(s.N))] {
			if j := i % (1 + len(s.N)); j > 0 && len(sizes) > 0 {
				t.Cells[i].scratch = t.Cells[len(sources)*(1+len(s.N))+j-1].values
			}
		}
		for i := range t.Cells { // quantities of procedures that were not run
			for _, q := range t.Cells[i].quantities {
				if math.IsNaN(t.Cells[i].values[q][0]) {
					delete(t.Cells[i].values, q)
				}
			}
		}
		return nil
	}
	p.work = s.work(parts)
	s.estimate(p, parts)
	return p, nil
}

// name returns the name of a cell in a verdict.
func (s Students) name(c Cell) string {
	out := ""
	if mu, ok := c.at[Mu]; ok {
		out = fmt.Sprintf("μ=%.4g k=%d ", mu, s.features(mu))
	}
	if n, ok := c.at[Points]; ok {
		out += fmt.Sprintf("n=%.0f ", n)
	}
	return out + fmt.Sprintf("d=%d", s.D)
}

func (s Students) about(t *Table) string {
	settled, gradients, starts := 0.0, 0.0, 0
	out := ""
	for _, c := range t.Cells {
		for i := range c.values[Gradients] {
			settled += c.values[LocalMinima][i]
			gradients += c.values[Gradients][i]
		}
		if x := c.values[Alignment]; x != nil {
			if out == "" {
				out = "\nkernel alignment of the pretrained student with its source:"
			}
			out += fmt.Sprintf("\nμ = %.4g: %s", c.at[Mu], verdict.Format(theory.Mean(x)))
		}
		if c.values[Alignment] != nil || c.values[theory.RiskScratch] != nil {
			starts += s.Trials
		}
	}
	minima := ""
	if settled > 0 {
		minima = fmt.Sprintf("; %.0f trainings ended in a local minimum", settled)
	}
	return fmt.Sprintf("students: %d starts of m = %d on teachers of m* = %d neurons at d = %d, α = %.4g, %d trials, seed %d, %.0f gradients%s%s",
		starts, s.Width, s.Teacher, s.D, s.defaults().Alpha, s.Trials, s.Seed, gradients, minima, out)
}
