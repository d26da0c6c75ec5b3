package experiment

import (
	"fmt"
	"strings"

	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/suggest"
)

// kind is a kind of study, by its name in a file.
type kind struct {
	name   string
	decode func(b []byte) (Study, error)
	is     func(s Study) bool
}

// kinds are the studies that a file can hold. "linear" is an [Experiment] whose cells are
// independent, "paired" one whose cells share the data of a trial.
var kinds = [...]kind{
	{"linear", func(b []byte) (Study, error) {
		var e Experiment
		err := file.Decode(b, &e)
		e.Independent = true
		return e, err
	}, func(s Study) bool { e, ok := s.(Experiment); return ok && e.Independent }},
	{"paired", decode[Experiment], is[Experiment]},
	{"pretraining", decode[Pretraining], is[Pretraining]},
	{"transports", decode[Transports], is[Transports]},
	{"students", decode[Students], is[Students]},
	{"teachers", decode[Teachers], is[Teachers]},
	{"kernels", decode[Kernels], is[Kernels]},
	{"curves", decode[Curves], is[Curves]},
	{"flows", decode[Flows], is[Flows]},
}

func decode[S Study](b []byte) (Study, error) {
	var s S
	err := file.Decode(b, &s)
	return s, err
}

func is[S Study](s Study) bool {
	_, ok := s.(S)
	return ok
}

// Decode reads the fields of a study from a JSON object; kind is one of "linear", "paired",
// "pretraining", "transports", "students", "teachers", "kernels", "curves" and "flows".
// Unknown fields are errors.
func Decode(kind string, b []byte) (Study, error) {
	var names []string
	for _, k := range kinds {
		if k.name == kind {
			return k.decode(b)
		}
		names = append(names, k.name)
	}
	return nil, fmt.Errorf("experiment = %q: it is one of %s%s", kind, strings.Join(names, ", "), suggest.Mean(kind, names))
}

// Kind returns the name of a study for [Decode]. It is "" for a [Measure], whose Trial is a
// function and cannot be stored.
func Kind(s Study) string {
	for _, k := range kinds {
		if k.is(s) {
			return k.name
		}
	}
	return ""
}
