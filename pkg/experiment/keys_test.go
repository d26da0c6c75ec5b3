package experiment

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
)

// keysOf lists what the parts of a study are kept under.
func keysOf(t *testing.T, s Study) map[string]bool {
	t.Helper()
	p, err := s.plan()
	if err != nil {
		return nil // the change is not one that the study allows
	}
	out := map[string]bool{}
	for unit := range p.work.Units {
		for part := range p.work.Parts(unit) {
			b, err := json.Marshal(p.work.Key(unit, part))
			if err != nil {
				t.Fatal(err)
			}
			key := p.work.Kind + string(b)
			if out[key] {
				t.Errorf("%T: two parts have the key %s", s, key)
			}
			out[key] = true
		}
	}
	return out
}

// bumped returns other values of a field: numbers that differ a little, the flag turned, the
// first entry of a list changed, one field of a struct at a time.
func bumped(v reflect.Value) (out []reflect.Value) {
	set := func(change func(x reflect.Value)) {
		x := reflect.New(v.Type()).Elem()
		x.Set(v)
		change(x)
		out = append(out, x)
	}
	switch v.Kind() {
	case reflect.Bool:
		set(func(x reflect.Value) { x.SetBool(!v.Bool()) })
	case reflect.Int:
		set(func(x reflect.Value) { x.SetInt(v.Int() + 3) })
	case reflect.Uint64:
		set(func(x reflect.Value) { x.SetUint(v.Uint() + 1) })
	case reflect.Float64:
		set(func(x reflect.Value) { x.SetFloat(v.Float()*1.25 + 0.01) })
		set(func(x reflect.Value) { x.SetFloat(0.75) })
	case reflect.String:
		for _, s := range []string{"law", "solve", "train", "linear transfer", "paper", "x"} {
			if s != v.String() {
				set(func(x reflect.Value) { x.SetString(s) })
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			element := reflect.New(v.Type().Elem()).Elem()
			for _, e := range bumped(element) {
				set(func(x reflect.Value) { x.Set(reflect.Append(reflect.MakeSlice(v.Type(), 0, 1), e)) })
			}
			break
		}
		for _, e := range bumped(v.Index(0)) {
			set(func(x reflect.Value) {
				x.Set(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v))
				x.Index(0).Set(e)
			})
		}
	case reflect.Struct:
		for i := range v.NumField() {
			for _, f := range bumped(v.Field(i)) {
				set(func(x reflect.Value) { x.Field(i).Set(f) })
			}
		}
	}
	return out
}

// numberless are fields that change no number: how a study runs, and what it is called.
var numberless = map[string]bool{"Pace": true, "Workers": true, "Trial": true}

// unread are fields that a study does not read; a Flow has the depths of a field of its own.
var unread = map[string][]string{"law": {"Procedures", "Alpha", "ExactFit", "Balanced"}, "solve": {"Alpha", "ExactFit", "Balanced"},
	"independent": {"Alpha", "ExactFit", "Balanced", "Independent"}, "flows": {"Setting.Depth"}}

// grows are fields that add parts and leave those that there are.
var grows = map[string]bool{"Trials": true}

// Every other field of every study, in whatever depth, changes what its parts are kept under;
// so a number is never taken for that of another study. A new field cannot be forgotten: it
// is found by reflection.
func TestEveryFieldIsInTheKey(t *testing.T) {
	for name, study := range studies {
		s := study(1)
		if m, ok := s.(Measure); ok {
			m.Key = "k"
			s = m
		}
		was := keysOf(t, s)
		if len(was) == 0 {
			t.Fatalf("%s has no parts", name)
		}
		v := reflect.ValueOf(s)
		for i := range v.NumField() {
			field := v.Type().Field(i).Name
			if slices.Contains(unread[name], field) {
				continue
			}
			allowed := 0
			for _, x := range bumped(v.Field(i)) {
				if a, ok := x.Interface().(theory.Setting); ok { // the same but for what is not read
					b := v.Field(i).Interface().(theory.Setting)
					if slices.Contains(unread[name], field+".Depth") {
						a.Depth = b.Depth
					}
					if a == b {
						continue
					}
				}
				if reflect.DeepEqual(x.Interface(), v.Field(i).Interface()) {
					continue
				}
				c := reflect.New(v.Type()).Elem()
				c.Set(v)
				c.Field(i).Set(x)
				now := keysOf(t, c.Interface().(Study))
				if now == nil {
					continue
				}
				allowed++
				shared := 0
				for key := range was {
					if now[key] {
						shared++
					}
				}
				what := fmt.Sprintf("%s: %s = %v", name, field, x)
				switch {
				case numberless[field]:
					if shared != len(was) || len(now) != len(was) {
						t.Errorf("%s changes the keys", what)
					}
				case grows[field] && name != "independent" && name != "law": // whose parts hold many trials
					if shared != len(was) || len(now) <= len(was) {
						t.Errorf("%s: %d of %d keys stay, %d now", what, shared, len(was), len(now))
					}
				case field == "Seed" || field == "Name" || field == "Key":
					if shared > 0 {
						t.Errorf("%s leaves %d keys", what, shared)
					}
				case shared == len(was) && len(now) == len(was):
					t.Errorf("%s is not in the keys", what)
				}
			}
			if allowed == 0 && !numberless[field] {
				t.Errorf("%s: no other value of %s is allowed: the test does not reach it", name, field)
			}
		}
	}
}

// Every field of a setting is in the key of a trial and in the seed of an independent cell.
func TestEveryFieldOfASettingIsInTheKey(t *testing.T) {
	s := theory.Setting{N: 5, D: 9, Theta: 0.3, Sigma: 0.2, Depth: 2}
	e := Experiment{Method: Solve, Trials: 2, Seed: 1, Procedures: []Procedure{Scratch}}
	alone, err := e.alone(s)
	if err != nil {
		t.Fatal(err)
	}
	key := func(s theory.Setting) string {
		b, err := json.Marshal(e.key(s, 0))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		for _, x := range bumped(v.Field(i)) {
			c := reflect.New(v.Type()).Elem()
			c.Set(v)
			c.Field(i).Set(x)
			other := c.Interface().(theory.Setting)
			if key(other) == key(s) {
				t.Errorf("%s = %v is not in the key", v.Type().Field(i).Name, x)
			}
			p, err := e.alone(other)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(p.work.Key(0, 0)) == fmt.Sprint(alone.work.Key(0, 0)) {
				t.Errorf("%s = %v is not in the seed of the cell", v.Type().Field(i).Name, x)
			}
		}
	}
}
