// Package sweep measures a grid that takes longer than one machine has: its cells are
// listed in one order, each has a seed of its own, and any part of them can be run
// anywhere, any number of times, and merged to the same bytes.
package sweep

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/file"
)

// Sweep is an experiment over a grid, as its file holds it in JSON. Method (law, solve,
// train), Trials (2 to 10⁸ a cell) and the D and Gamma of the grid are required; the other
// fields and the empty axes are as those of [experiment.Experiment] and its Grid. For the
// experiment "students", which is always trained, the axes are D, Teacher, Width, Mu and N
// of [experiment.Students].
type Sweep struct {
	Name       string                 `json:"name,omitempty"`
	Experiment Kind                   `json:"experiment,omitempty"` // linear if empty
	Method     experiment.Method      `json:"method"`
	Procedures []experiment.Procedure `json:"procedures,omitempty"`
	Trials     int                    `json:"trials"`
	Seed       uint64                 `json:"seed"`
	Alpha      float64                `json:"alpha,omitempty"`
	ExactFit   bool                   `json:"exact_fit,omitempty"`
	Balanced   bool                   `json:"balanced,omitempty"`
	Grid       Grid                   `json:"grid"`
	// Pace is that of a notebook, see [experiment.Experiment].
	Pace string `json:"-"`
}

// Grid is the product of its axes, Theta in radians. The order of values is free.
type Grid struct {
	D           []int     `json:"d"`
	Gamma       []float64 `json:"gamma,omitempty"`
	Theta       []float64 `json:"theta,omitempty"`
	Sigma       []float64 `json:"sigma,omitempty"`
	Lambda      []float64 `json:"lambda,omitempty"`
	Depth       []int     `json:"depth,omitempty"`
	Features    []int     `json:"features,omitempty"`
	SourceGamma []float64 `json:"source_gamma,omitempty"`
	SourceSigma []float64 `json:"source_sigma,omitempty"`
	Decay       []float64 `json:"decay,omitempty"`
	Norm        []float64 `json:"norm,omitempty"`
	Teacher     []int     `json:"teacher,omitempty"`
	Width       []int     `json:"width,omitempty"`
	Mu          []float64 `json:"mu,omitempty"`
	N           []int     `json:"n,omitempty"`
}

// Plan is a sweep with its cells in their order, and the hash of all that determines
// their numbers but the code.
type Plan struct {
	Sweep Sweep
	Cells []Setting
	Hash  string
}

// maxFile bounds the file of a sweep.
const maxFile = 16 << 20

// Read reads the file of a sweep and lists its cells. A field that is not known, an
// empty grid, or a cell that cannot be measured is an error.
func Read(path string) (*Plan, error) {
	b, err := file.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	p, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func parse(b []byte) (*Plan, error) {
	var s Sweep
	if err := file.Decode(b, &s); err != nil {
		return nil, fmt.Errorf("not a sweep: %w", err)
	}
	return s.Plan()
}

// experiment is the sweep at one dimension, without its seed.
func (s Sweep) experiment(grid experiment.Grid) experiment.Experiment {
	return experiment.Experiment{Grid: grid, Method: s.Method, Trials: s.Trials, Procedures: s.Procedures,
		Alpha: s.Alpha, ExactFit: s.ExactFit, Balanced: s.Balanced, Pace: s.Pace}
}

// maxCells bounds a sweep; a product of axes is soon larger than it was meant to be.
const maxCells = 1_000_000

// MaxShards and MaxCores bound what a sweep is cut into and the cores of a shard.
const (
	MaxShards = 1_000_000
	MaxCores  = 10_000
)

// Plan lists the cells of a sweep, with the values of every axis in rising order and each
// setting once.
func (s Sweep) Plan() (*Plan, error) {
	cells, err := s.settings()
	if err != nil {
		return nil, err
	}
	p := &Plan{Sweep: s, Cells: cells}
	h := sha256.New()
	canonical := s
	canonical.Name, canonical.Grid, canonical.Experiment = "", Grid{N: sorted(s.Grid.N)}, s.kind() // a source transfers to all N
	canonical.Procedures = sorted(s.Procedures)
	for _, v := range []any{canonical, p.Cells} {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		h.Write(b)
	}
	p.Hash = hex.EncodeToString(h.Sum(nil))[:32]
	return p, nil
}

// sorted returns the values of an axis in rising order, each once.
func sorted[T cmp.Ordered](x []T) []T {
	out := slices.Clone(x)
	slices.Sort(out)
	return slices.Compact(out)
}

// seed is that of a cell: it depends on the seed of the sweep and on the setting alone, so
// that a larger grid keeps the numbers of the cells that it has already. Students of one
// trial share their teacher, which comes from the seed of the sweep and the trial.
func (p *Plan) seed(cell int) (uint64, error) {
	if p.Sweep.kind() == Students {
		return p.Sweep.Seed, nil
	}
	b, err := json.Marshal(p.Cells[cell])
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "fate sweep %d %s", p.Sweep.Seed, b))
	return binary.LittleEndian.Uint64(sum[:]), nil
}

// Shard lists the cells of shard i of n, from 1: every n-th one, so that the expensive
// cells, which stand together, are spread.
func (p *Plan) Shard(i, n int) ([]int, error) {
	if n < 1 || i < 1 || i > n || n > MaxShards {
		return nil, fmt.Errorf("shard %d/%d: it must be 1/N to N/N, with N at most %d", i, n, MaxShards)
	}
	var out []int
	for c := i - 1; c < len(p.Cells); c += n {
		out = append(out, c)
	}
	return out, nil
}

// ShardsOf lists the shards of n that hold any of the cells, in rising order.
func (p *Plan) ShardsOf(cells []int, n int) ([]int, error) {
	if n < 1 || n > MaxShards {
		return nil, fmt.Errorf("shards %d: there must be at least 1 and at most %d", n, MaxShards)
	}
	var out []int
	for _, c := range cells {
		out = append(out, c%n+1)
	}
	return sorted(out), nil
}
