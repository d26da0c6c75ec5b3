package diagnose

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Data are labelled rows of the target task.
type Data struct {
	// Features are those of the pretrained network: N × k. Several feature maps are compared
	// in Maps instead.
	Features mat.Matrix
	Maps     []Map

	// Inputs are what a network sees that is trained from scratch: N × d.
	Inputs mat.Matrix

	// Labels are real numbers: N × q, such as a *mat.VecDense for one column. With Classes,
	// one column holds the class of each row as a whole number. Names are those of the
	// columns, or of the classes in ascending order.
	Labels  mat.Matrix
	Classes bool
	Names   []string

	// At are the numbers of labels in question, from 20 to 16N; if empty, from N/2 to 4N.
	At []int

	// Measured are curves of training from scratch that were measured. They join the inputs
	// and the kernel as they are.
	Measured []Measured

	// Source are the inputs on which the features were trained: s × d. Rows of theirs must
	// not be among the Inputs.
	Source mat.Matrix

	// Standardize scales each column of features and inputs to variance 1. Without it a
	// representation has one scale, which the ridge takes up.
	Standardize bool

	// Seed draws the groups of the standard errors.
	Seed uint64
}

// Map is one of several feature maps: N × k.
type Map struct {
	Name     string
	Features mat.Matrix
}

// Measured is a curve of risks from scratch by number of labels, in units of the variance of
// the labels and with their noise. SE are standard errors; if empty, they are zero.
type Measured struct {
	Name     string
	N        []float64
	Risk, SE []float64
}

const (
	leastRows  = 50
	leastClass = 10   // rows of a class
	leastAt    = 20   // labels
	mostAt     = 16   // times the rows
	mostRepeat = 0.05 // share of rows that may repeat
	tooExact   = 1e-3 // a risk below it is that of labels without noise
)

// data are Data that have been checked.
type data struct {
	maps     []named
	inputs   *mat.Dense
	labels   [][]float64
	names    []string
	classes  bool
	rare     []bool // classes with too few rows for a curve
	rows     int
	at       []float64
	measured []Measured
	seed     uint64
	warnings []string
}

type named struct {
	name string
	x    *mat.Dense
}

func (d *data) warn(format string, args ...any) {
	d.warnings = append(d.warnings, fmt.Sprintf(format, args...))
}

func (in Data) validate() (*data, error) {
	d := &data{seed: in.Seed, classes: in.Classes, measured: in.Measured}
	labels, err := in.dense("Labels", in.Labels)
	if err != nil {
		return nil, err
	}
	d.rows = labels.RawMatrix().Rows
	if d.rows < leastRows {
		return nil, fmt.Errorf("diagnose: %d rows: at least %d are needed", d.rows, leastRows)
	}
	maps := in.Maps
	if in.Features != nil {
		if len(maps) > 0 {
			return nil, fmt.Errorf("diagnose: Features and Maps are given: want one of them")
		}
		maps = []Map{{Name: Features, Features: in.Features}}
	}
	if len(maps) == 0 {
		return nil, fmt.Errorf("diagnose: Features is missing")
	}
	for i, m := range maps {
		if m.Name == Inputs || m.Name == Kernel || m.Name == "" || slices.ContainsFunc(maps[:i], func(o Map) bool { return o.Name == m.Name }) {
			return nil, fmt.Errorf("diagnose: Maps: %q is not a free name: each feature map needs its own, and not %q or %q", m.Name, Inputs, Kernel)
		}
		x, err := in.representation(d, m.Name, m.Features)
		if err != nil {
			return nil, err
		}
		d.maps = append(d.maps, named{m.Name, x})
	}
	if d.inputs, err = in.representation(d, "Inputs", in.Inputs); err != nil {
		return nil, err
	}
	if err := in.label(d, labels); err != nil {
		return nil, err
	}
	if err := in.repeats(d); err != nil {
		return nil, err
	}
	if err := in.numbers(d); err != nil {
		return nil, err
	}
	return d, d.leaks()
}

// dense returns a copy of a matrix of finite numbers.
func (in Data) dense(name string, m mat.Matrix) (*mat.Dense, error) {
	if missing(m) {
		return nil, fmt.Errorf("diagnose: %s is missing", name)
	}
	out := mat.DenseCopyOf(m)
	n, _ := out.Dims()
	for i := range n {
		for j, v := range out.RawRowView(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("diagnose: %s: row %d, column %d is %v: it must be a finite number", name, i, j, v)
			}
		}
	}
	return out, nil
}

// missing reports whether there is no matrix, or a typed nil.
func missing(m mat.Matrix) bool {
	switch m := m.(type) {
	case nil:
		return true
	case *mat.Dense:
		return m == nil || m.IsEmpty()
	case *mat.VecDense:
		return m == nil || m.IsEmpty()
	}
	r, c := m.Dims()
	return r == 0 || c == 0
}

// representation returns features or inputs, with warnings about their columns.
func (in Data) representation(d *data, name string, m mat.Matrix) (*mat.Dense, error) {
	x, err := in.dense(name, m)
	if err != nil {
		return nil, err
	}
	n, k := x.Dims()
	if n != d.rows {
		return nil, fmt.Errorf("diagnose: %s has %d rows, Labels has %d", name, n, d.rows)
	}
	constant := 0
	for j := range k {
		column := mat.Col(nil, j, x)
		sd := stat.StdDev(column, nil)
		if sd <= 1e-12*math.Abs(column[0]) {
			constant++
		} else if in.Standardize {
			floats.Scale(1/sd, column)
			x.SetCol(j, column)
		}
	}
	if constant == k {
		return nil, fmt.Errorf("diagnose: all columns of %s are constant", name)
	}
	if constant > 0 {
		d.warn("%d of the %d columns of %s are constant and do nothing", constant, k, name)
	}
	return x, nil
}

// label sets the label columns; classes become one column of 0 and 1 each.
func (in Data) label(d *data, labels *mat.Dense) error {
	_, q := labels.Dims()
	if !in.Classes {
		for j := range q {
			y := mat.Col(nil, j, labels)
			if stat.Variance(y, nil) == 0 {
				return fmt.Errorf("diagnose: Labels: all labels of column %d are equal", j)
			}
			d.labels = append(d.labels, y)
			name := "y"
			if q > 1 {
				name = fmt.Sprintf("y%d", j)
			}
			d.names = append(d.names, name)
		}
		d.rare = make([]bool, q)
		if values := distinct(d.labels[0]); q == 1 && len(values) > 2 && len(values) <= 20 && whole(values) {
			d.warn("the labels are %d whole numbers: if they are classes, set Classes (--classes)", len(values))
		}
	} else {
		if q != 1 {
			return fmt.Errorf("diagnose: Classes: Labels has %d columns: want one, with the class of each row", q)
		}
		y := mat.Col(nil, 0, labels)
		values := distinct(y)
		if !whole(values) || len(values) < 2 || len(values) > d.rows/2 {
			return fmt.Errorf("diagnose: Classes: Labels has %d different values: want whole numbers, at least two and at most %d", len(values), d.rows/2)
		}
		for _, v := range values {
			column := make([]float64, d.rows)
			for i := range y {
				if y[i] == v {
					column[i] = 1
				}
			}
			d.labels = append(d.labels, column)
			d.names = append(d.names, fmt.Sprintf("class %g", v))
			rows := int(floats.Sum(column))
			d.rare = append(d.rare, rows < leastClass)
			if rows < leastClass {
				d.warn("class %g has %d rows, and %d are needed for a curve: it is in the sum only", v, rows, leastClass)
			}
		}
	}
	if len(in.Names) == 0 {
		return nil
	}
	if len(in.Names) != len(d.names) {
		return fmt.Errorf("diagnose: Names has %d names for %d label columns", len(in.Names), len(d.names))
	}
	d.names = in.Names
	return nil
}

func distinct(y []float64) []float64 {
	return slices.Compact(slices.Sorted(slices.Values(y)))
}

func whole(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return v != math.Trunc(v) })
}

// repeats warns of rows that are there twice, and refuses many, and those of the source: the
// error of leaving a row out does not see them.
func (in Data) repeats(d *data) error {
	seed := maphash.MakeSeed()
	key := func(row []float64) uint64 {
		var h maphash.Hash
		h.SetSeed(seed)
		for _, v := range row {
			maphash.WriteComparable(&h, v)
		}
		return h.Sum64()
	}
	raw := mat.DenseCopyOf(in.Inputs)
	seen := map[uint64][]int{}
	repeated := 0
	for i := range d.rows {
		k := key(raw.RawRowView(i))
		if slices.ContainsFunc(seen[k], func(o int) bool { return slices.Equal(raw.RawRowView(o), raw.RawRowView(i)) }) {
			repeated++
		}
		seen[k] = append(seen[k], i)
	}
	if share := float64(repeated) / float64(d.rows); share > mostRepeat {
		return fmt.Errorf("diagnose: Inputs: %d of %d rows repeat an earlier one: at most %.0f %% may, since leaving one row out does not see its copies", repeated, d.rows, 100*mostRepeat)
	}
	if repeated > 0 {
		d.warn("%d of %d rows of Inputs repeat an earlier one, which makes risks look smaller", repeated, d.rows)
	}
	if missing(in.Source) {
		return nil
	}
	source := mat.DenseCopyOf(in.Source)
	if _, c := source.Dims(); c != raw.RawMatrix().Cols {
		return fmt.Errorf("diagnose: Source has %d columns, Inputs has %d", c, raw.RawMatrix().Cols)
	}
	shared := map[int]bool{}
	for i := range source.RawMatrix().Rows {
		row := source.RawRowView(i)
		for _, o := range seen[key(row)] {
			if slices.Equal(raw.RawRowView(o), row) {
				shared[o] = true
			}
		}
	}
	if len(shared) > 0 {
		return fmt.Errorf("diagnose: Inputs: %d of %d rows are in Source too: the features were trained on them", len(shared), d.rows)
	}
	return nil
}

// numbers sets the numbers of labels.
func (in Data) numbers(d *data) error {
	low, high := float64(leastAt), float64(mostAt*d.rows)
	for _, m := range in.Measured {
		if err := m.validate(); err != nil {
			return err
		}
		low, high = math.Max(low, m.N[0]), math.Min(high, m.N[len(m.N)-1])
	}
	if len(in.At) == 0 {
		for n := float64(d.rows) / 2; n <= 4*float64(d.rows)+1; n *= math.Sqrt2 {
			if at := math.Round(n); at >= low && at <= high {
				d.at = append(d.at, at)
			}
		}
		if len(d.at) == 0 {
			return fmt.Errorf("diagnose: Measured: no number of labels from %d to %d is within the measured %g to %g", d.rows/2, 4*d.rows, low, high)
		}
		return nil
	}
	for i, n := range in.At {
		if float64(n) < low || float64(n) > high {
			return fmt.Errorf("diagnose: At: %d labels: want %g to %g", n, low, high)
		}
		if i > 0 && n <= in.At[i-1] {
			return fmt.Errorf("diagnose: At: %d follows %d: want ascending numbers", n, in.At[i-1])
		}
		d.at = append(d.at, float64(n))
	}
	return nil
}

// leaks warns of features that are a function of the label.
func (d *data) leaks() error {
	for _, m := range d.maps {
		_, k := m.x.Dims()
		for j := range k {
			column := mat.Col(nil, j, m.x)
			for q, y := range d.labels {
				if r := stat.Correlation(column, y, nil); math.Abs(r) > 0.9999 {
					return fmt.Errorf("diagnose: %s: column %d is the label %s (correlation %.6f)", m.name, j, d.names[q], r)
				}
			}
		}
	}
	return nil
}

func (m Measured) validate() error {
	if strings.TrimSpace(m.Name) == "" || slices.Contains([]string{Features, Inputs, Kernel}, m.Name) {
		return fmt.Errorf("diagnose: Measured: the name is %q: want one that no other arm has", m.Name)
	}
	if len(m.N) < 2 || len(m.Risk) != len(m.N) || len(m.SE) != len(m.N) && len(m.SE) != 0 {
		return fmt.Errorf("diagnose: Measured %q: %d values of N, %d of Risk, %d of SE: want at least two, equally many (SE may be empty)", m.Name, len(m.N), len(m.Risk), len(m.SE))
	}
	for i, n := range m.N {
		if !(n >= 1) || i > 0 && n <= m.N[i-1] || math.IsInf(n, 0) {
			return fmt.Errorf("diagnose: Measured %q: N[%d] = %v: want ascending numbers from 1", m.Name, i, n)
		}
		if !(m.Risk[i] > 0) || math.IsInf(m.Risk[i], 0) {
			return fmt.Errorf("diagnose: Measured %q: Risk[%d] = %v: it must be finite and above 0", m.Name, i, m.Risk[i])
		}
		if len(m.SE) > 0 && (!(m.SE[i] >= 0) || math.IsInf(m.SE[i], 0)) {
			return fmt.Errorf("diagnose: Measured %q: SE[%d] = %v: it must be finite and at least 0", m.Name, i, m.SE[i])
		}
	}
	return nil
}

// at returns the measured risk and its standard error at n labels: straight lines between
// the measured points, on logarithms.
func (m Measured) at(n float64) (risk, se float64) {
	i := max(1, min(len(m.N)-1, slices.IndexFunc(m.N, func(v float64) bool { return v >= n })))
	f := math.Log(n/m.N[i-1]) / math.Log(m.N[i]/m.N[i-1])
	risk = m.Risk[i-1] * math.Pow(m.Risk[i]/m.Risk[i-1], f)
	if len(m.SE) > 0 {
		se = risk * math.Hypot((1-f)*m.SE[i-1]/m.Risk[i-1], f*m.SE[i]/m.Risk[i])
	}
	return risk, se
}
