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
	"strings"
	"sync"

	"github.com/features-are-fate/fate/pkg"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/trial"
)

// kind is the name of a study in a file.
type kind struct {
	name   string
	decode func(b []byte) (Study, error)
}

// kinds are the studies that a file can hold. "linear" is an [Experiment] of independent
// cells, "paired" one whose cells share the data of a trial.
var kinds = [...]kind{
	{"linear", func(b []byte) (Study, error) {
		var e Experiment
		err := file.Decode(b, &e)
		e.Independent = true
		return e, err
	}},
	{"paired", decode[Experiment]},
	{"pretraining", decode[Pretraining]},
	{"transports", decode[Transports]},
	{"students", decode[Students]},
	{"teachers", decode[Teachers]},
	{"kernels", decode[Kernels]},
	{"curves", decode[Curves]},
	{"flows", decode[Flows]},
}

func decode[S Study](b []byte) (Study, error) {
	var s S
	err := file.Decode(b, &s)
	return s, err
}

// Decode reads the fields of a study from a JSON object; kind is one of "linear", "paired",
// "pretraining", "transports", "students", "teachers", "kernels", "curves" and "flows".
func Decode(kind string, b []byte) (Study, error) {
	var names []string
	for _, k := range kinds {
		if k.name == kind {
			return k.decode(b)
		}
		names = append(names, fmt.Sprintf("%q", k.name))
	}
	return nil, fmt.Errorf("experiment = %q: it is one of %s", kind, strings.Join(names, ", "))
}

// Kind returns the name under which [Decode] knows a study, "" for a [Measure], which has
// code of its own.
func Kind(s Study) string {
	switch s := s.(type) {
	case Experiment:
		if s.Independent {
			return "linear"
		}
		return "paired"
	case Pretraining:
		return "pretraining"
	case Transports:
		return "transports"
	case Students:
		return "students"
	case Teachers:
		return "teachers"
	case Kernels:
		return "kernels"
	case Curves:
		return "curves"
	case Flows:
		return "flows"
	}
	return ""
}

// Record is what was measured of a study, as its file holds it: for runs that take longer
// than a reader waits, and as the result of a sweep. Only Units depends on the data.
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

// RecordedUnit is a unit with the values of its parts, null where there is no number. The
// parts of a unit that is missing are null.
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

// newRecord is a record of the study in which every unit is missing.
func (p *Plan) newRecord() (*Record, error) {
	b, err := json.Marshal(p.study)
	if err != nil {
		return nil, err
	}
	r := &Record{Kind: Kind(p.study), Study: b, Module: pkg.Module, Version: pkg.Source(), Go: runtime.Version(), Arch: runtime.GOARCH}
	if r.Kind == "" {
		return nil, fmt.Errorf("experiment: a %T has code of its own and cannot be recorded", p.study)
	}
	for unit := range p.plan.work.Units {
		r.Units = append(r.Units, RecordedUnit{Unit: p.plan.work.Title(unit), Parts: make([]vector, p.plan.work.Parts(unit))})
	}
	return r, nil
}

// Record takes what a store holds of the study. Units that are missing are an error unless
// partial is set.
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
		return nil, fmt.Errorf("%d of %d units are missing, first %s: run them, or merge what there is with --partial", report.Owed, report.Units, r.Units[r.Missing[0]].Unit)
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

// Encode writes the record as JSON, a line for each unit.
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

// ReadRecord reads a record and the study it is of. One of another version of the code is
// no error: the record names it.
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

// part returns a part that the record holds.
func (r *Record) part(unit, part int) ([]float64, bool) {
	v := r.Units[unit].Parts[part]
	return v, v != nil
}

// Load returns the table of a record. A partial one counts as an interrupted run.
func Load(path string) *Table {
	r, p, err := ReadRecord(path)
	if err != nil {
		return failed(nil, fmt.Errorf("experiment: %w", err))
	}
	return p.table(r)
}

// Parse returns the table of the record that b holds; err is why there is none.
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

// table makes the table of a record of the study.
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

// Recorded returns the table of exactly these students that a file holds. At the pace
// "paper" it first trains what the file lacks and writes the file after each part: a run
// that was interrupted, or killed, goes on from there.
func (s Students) Recorded(path string) *Table {
	s = s.defaults()
	t, err := s.recorded(path)
	if err != nil {
		return failed(s, fmt.Errorf("experiment: the record %s: %w", path, err))
	}
	return t
}

func (s Students) recorded(path string) (*Table, error) {
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
		if s.Pace != "paper" {
			return nil, errors.New(`there is no such file: a run with pace = "paper" makes it`)
		}
		r = fresh
	case err != nil:
		return nil, err
	case !bytes.Equal(r.Study, fresh.Study):
		return nil, fmt.Errorf(`it holds another run, %s, not %s: move it away and run with pace = "paper"`, r.Study, fresh.Study)
	}
	if len(r.Missing) == 0 && r != fresh {
		return p.table(r), nil
	}
	if s.Pace != "paper" {
		return nil, fmt.Errorf(`%d of %d units are missing: a run with pace = "paper" goes on with it`, len(r.Missing), len(r.Units))
	}
	return p.complete(r, path)
}

// complete measures what the record lacks, and writes the file after each part.
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

// Write writes the record to a file, whole or not at all.
func (r *Record) Write(path string) error {
	r.findMissing()
	b, err := r.Encode()
	if err != nil {
		return err
	}
	return file.Write(path, b)
}
