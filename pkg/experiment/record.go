package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"sync"

	"github.com/features-are-fate/fate/pkg"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/trial"
)

// Record holds the measurements of a study, as stored in a file: the result of a sweep, or
// of a run that takes too long for a reader of a notebook. Only Units depends on the data.
type Record struct {
	Kind    string          `json:"kind"`
	Study   json.RawMessage `json:"study"`
	Module  string          `json:"module"`
	Version string          `json:"version"` // of the code
	Go      string          `json:"go"`
	Arch    string          `json:"arch"`
	Missing []int           `json:"missing,omitempty"` // units of a partial record
	Units   []RecordedUnit  `json:"units"`
}

// RecordedUnit holds the values of the parts of a unit; NaN is null. Missing parts are
// null.
type RecordedUnit struct {
	Unit  string   `json:"unit"`
	Parts []vector `json:"parts"`
}

// vector is a vector in JSON: null for NaN, and strings for infinities.
type vector []float64

// MarshalJSON implements json.Marshaler.
func (v vector) MarshalJSON() ([]byte, error) {
	if v == nil {
		return []byte("null"), nil
	}
	out := make([]any, len(v))
	for i, x := range v {
		switch {
		case math.IsNaN(x):
			out[i] = nil
		case math.IsInf(x, 0):
			out[i] = fmt.Sprint(x)
		default:
			out[i] = x
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *vector) UnmarshalJSON(b []byte) error {
	var raw []any
	if err := json.Unmarshal(b, &raw); err != nil || raw == nil {
		return err
	}
	out := make(vector, len(raw))
	for i, x := range raw {
		switch x := x.(type) {
		case nil:
			out[i] = math.NaN()
		case float64:
			out[i] = x
		case string:
			if x != "+Inf" && x != "-Inf" {
				return fmt.Errorf("%q: a value is a number, null, \"+Inf\" or \"-Inf\"", x)
			}
			out[i] = math.Inf(map[string]int{"+Inf": 1, "-Inf": -1}[x])
		default:
			return fmt.Errorf("%v: a value is a number, null, \"+Inf\" or \"-Inf\"", x)
		}
	}
	*v = out
	return nil
}

// newRecord returns a record of the study without any units.
func (p *Plan) newRecord() (*Record, error) {
	b, err := json.Marshal(p.study)
	if err != nil {
		return nil, err
	}
	r := &Record{Kind: Kind(p.study), Study: b, Module: pkg.Module, Version: pkg.Source(), Go: runtime.Version(), Arch: runtime.GOARCH}
	if r.Kind == "" {
		return nil, fmt.Errorf("experiment: a study of type %T calls a function and cannot be recorded", p.study)
	}
	for unit := range p.plan.work.Units {
		r.Units = append(r.Units, RecordedUnit{Unit: p.plan.work.Title(unit), Parts: make([]vector, p.plan.work.Parts(unit))})
	}
	return r, nil
}

// Record returns the record of the study with the units of a store. Missing units are an
// error unless partial is set; a store without any unit is always an error.
func (p *Plan) Record(s *trial.Store, partial bool) (*Record, error) {
	r, err := p.newRecord()
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	report, err := trial.Run(context.Background(), p.plan.work, trial.Options{Store: s, Shard: trial.NoShard()}, func(unit, part int, values []float64) {
		mu.Lock()
		defer mu.Unlock()
		r.Units[unit].Parts[part] = values
	})
	if err != nil {
		return nil, err
	}
	r.findMissing()
	switch {
	case report.Owed > 0 && !partial:
		return nil, fmt.Errorf("%d of %d units are missing, first %s: run them, or merge the others with --partial", report.Owed, report.Units, r.Units[r.Missing[0]].Unit)
	case report.Owed == report.Units:
		return nil, errors.New("the store holds no unit of this study")
	}
	return r, nil
}

func (r *Record) findMissing() {
	r.Missing = nil
	for i, u := range r.Units {
		for _, part := range u.Parts {
			if part == nil {
				r.Missing = append(r.Missing, i)
				break
			}
		}
	}
}

// Encode returns the record as JSON, with one line for each unit.
func (r *Record) Encode() ([]byte, error) {
	head := *r
	head.Units = nil
	b, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	b = append(bytes.TrimSuffix(b, []byte("null}")), "[\n"...)
	for i, u := range r.Units {
		line, err := json.Marshal(u)
		if err != nil {
			return nil, err
		}
		if b = append(b, line...); i+1 < len(r.Units) {
			b = append(b, ',')
		}
		b = append(b, '\n')
	}
	return append(b, "]}\n"...), nil
}

// maxRecord bounds the file of a record, in bytes.
const maxRecord = 2 << 30

// ReadRecord reads a record and its study. A record of another version of the code is not
// an error: Record.Version names the version.
func ReadRecord(path string) (*Record, *Plan, error) {
	b, err := file.Read(path, maxRecord)
	if err != nil {
		return nil, nil, err
	}
	r, p, err := parseRecord(b)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, p, nil
}

func parseRecord(b []byte) (*Record, *Plan, error) {
	fail := func(err error) (*Record, *Plan, error) { return nil, nil, fmt.Errorf("invalid record: %w", err) }
	r := &Record{}
	if err := file.Decode(b, r); err != nil {
		return fail(err)
	}
	study, err := Decode(r.Kind, r.Study)
	if err != nil {
		return fail(err)
	}
	p, err := PlanOf(study)
	if err != nil {
		return fail(err)
	}
	if len(r.Units) != p.plan.work.Units {
		return fail(fmt.Errorf("it has %d units, its study %d", len(r.Units), p.plan.work.Units))
	}
	for i, u := range r.Units {
		if title := p.plan.work.Title(i); u.Unit != title || len(u.Parts) != p.plan.work.Parts(i) {
			return fail(fmt.Errorf("its unit %d is %q with %d parts, that of its study %q with %d", i, u.Unit, len(u.Parts), title, p.plan.work.Parts(i)))
		}
	}
	r.findMissing()
	return r, p, nil
}

// part returns a part of the record, if it is there.
func (r *Record) part(unit, part int) ([]float64, bool) {
	v := r.Units[unit].Parts[part]
	return v, v != nil
}

// Load returns the table of a record. A partial record gives the table of an interrupted
// run; an unreadable or invalid one gives a table with an error.
func Load(path string) *Table {
	r, p, err := ReadRecord(path)
	if err != nil {
		return failed(nil, fmt.Errorf("experiment: %w", err))
	}
	return p.table(r)
}

// Parse returns the table of the record in b, or a table with the error if err is not nil.
func Parse(b []byte, err error) *Table {
	if err != nil {
		return failed(nil, err)
	}
	r, p, err := parseRecord(b)
	if err != nil {
		return failed(nil, fmt.Errorf("experiment: %w", err))
	}
	return p.table(r)
}

// table returns the table of a record of the study.
func (p *Plan) table(r *Record) *Table {
	t, _ := p.plan.run(context.Background(), p.study, trial.Options{Known: r.part, Shard: trial.NoShard()})
	var owed *Owed
	if !errors.As(t.err, &owed) {
		return t
	}
	t.err, t.Interrupted = nil, true
	cells := t.Cells[:0]
	for _, c := range t.Cells {
		if c.done != nil {
			c.keepDone()
		}
		if c.means != nil || c.Trials() > 0 {
			cells = append(cells, c)
		}
	}
	if t.Cells = cells; !p.plan.partial {
		t.err = owed
	}
	return t
}

// Recorded returns the table of these students from the record at path. At the pace "paper"
// it first trains the missing students and writes the file after each part, so that an
// interrupted or killed run resumes. At the pace "quick" a missing or incomplete record is
// an error, and a record of other students is one at any pace.
func (s Students) Recorded(path string) *Table {
	return recorded(s.defaults(), s.Pace, path)
}

// Recorded returns the table of these students from the record at path, in the way of
// [Students.Recorded].
func (k Kernels) Recorded(path string) *Table { return recorded(k, k.Pace, path) }

func recorded(s Study, pace, path string) *Table {
	t, err := readOrRun(s, pace, path)
	if err != nil {
		return failed(s, fmt.Errorf("experiment: the record %s: %w", path, err))
	}
	return t
}

func readOrRun(s Study, pace, path string) (*Table, error) {
	p, err := PlanOf(s)
	if err != nil {
		return nil, err
	}
	fresh, err := p.newRecord()
	if err != nil {
		return nil, err
	}
	r, _, err := ReadRecord(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if pace != "paper" {
			return nil, errors.New(`there is no such file: a run with pace = "paper" creates it`)
		}
		r = fresh
	case err != nil:
		return nil, err
	case !bytes.Equal(r.Study, fresh.Study):
		return nil, fmt.Errorf(`it is the record of another run, %s, not of %s: move it away and run with pace = "paper"`, r.Study, fresh.Study)
	}
	if len(r.Missing) == 0 && r != fresh {
		return p.table(r), nil
	}
	if pace != "paper" {
		return nil, fmt.Errorf(`%d of %d units are missing: a run with pace = "paper" completes it`, len(r.Missing), len(r.Units))
	}
	return p.complete(r, path)
}

// complete measures the missing units of the record, and writes the file after each part.
func (p *Plan) complete(r *Record, path string) (*Table, error) {
	study := session.Begin(p.plan.name)
	options := study.Trial(0)
	known := &Record{Units: make([]RecordedUnit, len(r.Units))}
	for i, u := range r.Units {
		known.Units[i].Parts = append([]vector(nil), u.Parts...)
	}
	options.Known = known.part
	var mu sync.Mutex
	var failure error
	fill := p.plan.fill
	p.plan.fill = func(t *Table, unit, part int, values []float64) {
		fill(t, unit, part, values)
		if _, ok := known.part(unit, part); ok {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		r.Units[unit].Parts[part] = values
		if err := r.Write(path); err != nil && failure == nil {
			failure = err
		}
	}
	t, report := p.plan.run(study.Context, p.study, options)
	var owed *Owed
	study.Failed = t.err != nil && !errors.As(t.err, &owed)
	study.End(report)
	p.plan.fill = fill
	if t.err != nil {
		return nil, t.err
	}
	return t, failure
}

// Write writes the record to a file atomically.
func (r *Record) Write(path string) error {
	r.findMissing()
	b, err := r.Encode()
	if err != nil {
		return err
	}
	return file.Write(path, b)
}
