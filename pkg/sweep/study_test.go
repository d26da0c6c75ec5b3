package sweep

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/experiment"
)

// more are studies that read the fields which those of all procedures refuse, and a fast one of
// kernels.
var more = map[string]string{
	"kernels":          `{"experiment": "kernels", "d": 2, "teacher": 3, "width": 6, "mu": 0.34, "alpha": [0.4], "trials": 2, "seed": 1}`,
	"scratch":          `{"method": "solve", "procedures": ["scratch"], "trials": 3, "seed": 5, "grid": {"d": [6], "gamma": [0.5], "sigma": [0.3]}}`,
	"linear transfer":  `{"method": "solve", "procedures": ["linear transfer"], "trials": 3, "seed": 5, "grid": {"d": [6], "gamma": [1], "sigma": [0.3], "source_gamma": [0.5], "source_sigma": [0.1]}}`,
	"fine-tuning":      `{"method": "solve", "procedures": ["fine-tuning"], "trials": 3, "seed": 5, "grid": {"d": [6], "gamma": [0.5], "sigma": [0.3], "theta": [0.5], "source_gamma": [0.5], "source_sigma": [0.1]}}`,
	"paired transfer":  `{"experiment": "paired", "method": "solve", "procedures": ["linear transfer"], "trials": 3, "seed": 5, "grid": {"d": [6], "gamma": [1], "sigma": [0.3], "source_gamma": [0.5], "source_sigma": [0.1]}}`,
	"paired scratch":   `{"experiment": "paired", "method": "solve", "procedures": ["scratch"], "trials": 3, "seed": 5, "grid": {"d": [6], "gamma": [0.5], "sigma": [0.3]}}`,
	"paired finite":    `{"experiment": "paired", "method": "solve", "procedures": ["fine-tuning"], "trials": 3, "seed": 5, "grid": {"d": [6], "gamma": [0.5], "sigma": [0.3], "theta": [0.5], "source_gamma": [0.5], "source_sigma": [0.1]}}`,
	"trained alone":    `{"method": "train", "trials": 2, "seed": 5, "grid": {"d": [4], "gamma": [1.5], "sigma": [0.2]}}`,
	"a course of flow": `{"experiment": "flows", "setting": {"N": 3, "D": 5, "Theta": 1, "Sigma": 0.2, "SourceN": 4, "SourceSigma": 0.1}, "depths": [2, 3], "seed": 1, "step": 0.1}`,
}

// A leaf is a field of a study, in whatever depth, and a study with another value in it.
type leaf struct {
	path  string
	study experiment.Study
}

// leaves returns other values of every field that a file can hold: of a list, its first entry.
func leaves(study experiment.Study) (out []leaf) {
	var walk func(path string, v reflect.Value, build func(x reflect.Value) experiment.Study)
	walk = func(path string, v reflect.Value, build func(x reflect.Value) experiment.Study) {
		give := func(x any) {
			out = append(out, leaf{path, build(reflect.ValueOf(x).Convert(v.Type()))})
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				f := v.Type().Field(i)
				if f.Tag.Get("json") == "-" {
					continue
				}
				walk(strings.TrimPrefix(path+"."+f.Name, "."), v.Field(i), func(x reflect.Value) experiment.Study {
					c := reflect.New(v.Type()).Elem()
					c.Set(v)
					c.Field(i).Set(x)
					return build(c)
				})
			}
		case reflect.Slice:
			first := reflect.New(v.Type().Elem()).Elem()
			if v.Len() > 0 {
				first = v.Index(0)
			}
			walk(path, first, func(x reflect.Value) experiment.Study {
				c := reflect.MakeSlice(v.Type(), max(1, v.Len()), max(1, v.Len()))
				reflect.Copy(c, v)
				c.Index(0).Set(x)
				return build(c)
			})
		case reflect.Bool:
			give(!v.Bool())
		case reflect.Int:
			give(v.Int() + 1)
			give(v.Int() + 3)
		case reflect.Uint64:
			give(v.Uint() + 1)
			give(v.Uint() + 1<<63)
		case reflect.Float64:
			for _, x := range []float64{v.Float()*1.25 + 0.01, 0.75, 0.5, 0.3, 2} {
				if x != v.Float() {
					give(x)
				}
			}
		case reflect.String:
			for _, s := range []string{"law", "solve", "train", "scratch", "linear transfer", "fine-tuning"} {
				if s != v.String() {
					give(s)
				}
			}
		}
	}
	walk("", reflect.ValueOf(study), func(x reflect.Value) experiment.Study { return x.Interface().(experiment.Study) })
	return out
}

// unread are fields that no study of a kind reads; the others of a setting are refused.
var unread = map[string]string{
	"flows": "Setting.Lambda Setting.Depth Setting.Decay Setting.Norm", "curves": "Setting.SourceN Setting.SourceSigma Setting.Decay Setting.Norm",
	// The kind of an experiment says whether its cells are independent.
	"linear": "Independent", "paired": "Independent",
}

// Every field of every kind of study is in the file of its sweep, changes its hash, and changes
// the numbers of one of the studies. A new field cannot be forgotten: it is found by reflection.
func TestEveryFieldChangesTheSweep(t *testing.T) {
	all := maps.Clone(studies)
	maps.Copy(all, more)
	fields, moved := map[string]bool{}, map[string]bool{}
	hashes := map[string]string{}
	for name, text := range all {
		p := plan(t, text)
		kind := experiment.Kind(p.Study)
		was := numbers(t, p.Study)
		for _, l := range leaves(p.Study) {
			key := kind + " " + l.path
			fields[key] = true
			q, err := Of(l.study)
			if err != nil {
				continue // not a value that the study allows
			}
			what := fmt.Sprintf("%s: %s in %s", name, l.path, q.file)
			if q.Hash == p.Hash {
				t.Errorf("%s does not change the hash", what)
			}
			if other, ok := hashes[q.Hash]; ok && other != string(q.file) {
				t.Errorf("%s has the hash of %s", what, other)
			}
			hashes[q.Hash] = string(q.file)
			back, err := parse(q.file)
			if err != nil || back.Hash != q.Hash {
				t.Fatalf("%s: its file is of another sweep: %v", what, err)
			}
			if !moved[key] && experiment.Kind(l.study) == kind {
				moved[key] = numbers(t, back.Study) != was
			}
		}
	}
	for key := range fields {
		kind, field, _ := strings.Cut(key, " ")
		ignored := strings.Contains(unread[kind]+" ", field+" ")
		if moved[key] == ignored {
			t.Errorf("%s: a change of %s changes a number: %v", kind, field, moved[key])
		}
	}
}

// numbers returns the values of a study, without what says of what they are.
func numbers(t *testing.T, s experiment.Study) string {
	t.Helper()
	b, err := Shards(1, s)
	if err != nil {
		t.Errorf("%+v: %v", s, err)
	}
	var r struct {
		Units []struct{ Parts json.RawMessage }
	}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s", r.Units)
}

// How a study runs is no part of its sweep.
func TestPaceAndWorkersAreNotInTheSweep(t *testing.T) {
	p := plan(t, small)
	e := p.Study.(experiment.Experiment)
	e.Pace, e.Workers = "paper", 3
	q, err := Of(e)
	if err != nil || q.Hash != p.Hash {
		t.Errorf("another hash: %v", err)
	}
	if len(p.Hash) != 32 {
		t.Errorf("the hash %s", p.Hash)
	}
}
