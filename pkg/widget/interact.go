// Package widget shows controls under a figure in a notebook, such as sliders that move its
// parameters.
//
//	widget.Interact(func(theta float64) interface{} {
//		return plotting.Draw(…)
//	}, widget.Slider("θ", 1, 89).From(45))
//
// In Jupyter the controls are those of ipywidgets, by its protocol of version 2.1.0, and no
// Python runs. In a run without a front end the function is called once, with the values
// that the controls start with, and what it returns is shown.
package widget

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/session"
)

// Interaction is a function under controls, as the value of a cell.
type Interaction struct {
	f        reflect.Value
	controls []Control
	err      error
	place    figure.Place
	first    any    // the value at the first values of the controls
	says     string // these values
	printed  string // by the function at them, if a front end shows it

	root, picture, under *model // of the front end; nil if there is none
	coming               int    // moves that have arrived and wait for their turn
	moved                bool   // since the last call
	stopped              bool   // that call, by a later move
}

// Interact shows what a function returns under controls of its parameters, and calls it
// again when one is moved.
//
// f is a function with a parameter for each control, in their order: a float64 for Slider
// and LogSlider, an int for IntSlider and Button, a string for Choice and Text, a bool for
// Switch. It returns one value, that is shown as the value of a cell is, or a value and an
// error. Interact calls it once, and then each move calls it, between cells and never while
// a cell runs. What it measures is not kept in the cache. A move while it runs stops the
// experiment that it does, and of several moves only the last calls it.
//
// An Interaction has the error of an invalid argument, which names the control, or of that
// first call. An error or a panic of a later call is shown in place of the value, and the
// next move calls f again.
func Interact(f interface{}, controls ...Control) *Interaction {
	it := &Interaction{f: reflect.ValueOf(f), controls: append([]Control(nil), controls...), place: figure.Here()}
	if it.err = it.check(); it.err == nil {
		it.err = it.preset()
	}
	if it.err != nil {
		it.err = fmt.Errorf("widget.Interact: %w", it.err)
		return it
	}
	var says []string
	for _, c := range it.controls {
		says = append(says, fmt.Sprintf("%s = %v", c.label, c.value))
	}
	it.says = strings.Join(says, ", ")
	defer begin(it)()
	call := func() {
		figure.Draw(it.values(), func() { it.first, it.err = it.call() })
	}
	if !connected() {
		call()
		return it
	}
	it.printed = capture(call)
	if it.err != nil {
		fmt.Print(it.printed)
	}
	return it
}

// Err returns the error of an invalid argument or of the first call of the function, or nil.
func (it *Interaction) Err() error { return it.err }

// check returns what is wrong with the arguments.
func (it *Interaction) check() error {
	if inside() {
		return errors.New("the function of an Interact cannot call Interact")
	}
	var names []string
	seen := map[string]bool{}
	for _, c := range it.controls {
		if err := c.check(); err != nil {
			return err
		}
		if seen[c.label] {
			return c.bad("label", brief(c.label), "different from those of the other controls")
		}
		seen[c.label] = true
		names = append(names, c.label)
	}
	if len(it.controls) == 0 {
		return errors.New("there is no control: it needs one for each parameter of the function")
	}
	if !it.f.IsValid() || it.f.Kind() != reflect.Func || it.f.IsNil() {
		return fmt.Errorf("the first argument is %s: it must be a function", kindOf(it.f))
	}
	t := it.f.Type()
	if t.IsVariadic() || t.NumIn() != len(it.controls) {
		return fmt.Errorf("the function is %v: it must have %d parameters, one for each control (%s)", t, len(it.controls), strings.Join(names, ", "))
	}
	for i, c := range it.controls {
		if want := reflect.TypeOf(c.kind.zero); t.In(i) != want {
			return fmt.Errorf("parameter %d of the function is %v: it must be %v, the value of %v", i+1, t.In(i), want, c)
		}
	}
	isError := t.NumOut() == 2 && t.Out(1) == reflect.TypeFor[error]()
	if t.NumOut() != 1 && !isError {
		return fmt.Errorf("the function is %v: it must return one value, or a value and an error", t)
	}
	return nil
}

func kindOf(v reflect.Value) string {
	if !v.IsValid() {
		return "nil"
	}
	return v.Type().String()
}

// preset sets the values that the recipe of a figure has, if it is drawn again.
func (it *Interaction) preset() error {
	for i := range it.controls {
		c := &it.controls[i]
		s, ok := it.place.Widgets[c.label]
		if !ok {
			continue
		}
		v, err := c.parse(s)
		if err != nil {
			return fmt.Errorf("%v: the value of the recipe: %w", c, err)
		}
		c.value = v
	}
	return nil
}

// values returns the values of the controls by their labels, as text.
func (it *Interaction) values() map[string]string {
	out := map[string]string{}
	for _, c := range it.controls {
		out[c.label] = fmt.Sprint(c.value)
	}
	return out
}

// call calls the function with the present values.
func (it *Interaction) call() (any, error) {
	var in []reflect.Value
	for _, c := range it.controls {
		in = append(in, reflect.ValueOf(c.value))
	}
	out := it.f.Call(in)
	if len(out) == 2 {
		if err, _ := out[1].Interface().(error); err != nil {
			return nil, err
		}
	}
	v := out[0].Interface()
	if e, ok := v.(interface{ Err() error }); ok && !isNil(v) && e.Err() != nil {
		return nil, e.Err()
	}
	return v, nil
}

func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// again calls the function after a move, and returns the data that show its value and what
// it printed. A panic is an error.
func (it *Interaction) again() (shown map[string]any, printed string, err error) {
	defer begin(it)()
	var options session.Options
	session.Change(func(o *session.Options) {
		options = *o
		o.Store, o.Cache, o.Code, o.Progress = nil, nil, "", nil
	})
	defer session.Change(func(o *session.Options) { *o = options })
	comms.Lock()
	render := comms.render
	comms.Unlock()
	printed = capture(func() {
		defer func() {
			if p := recover(); fmt.Sprint(p) == "// signal: interrupt" { // of gomacro
				err = errors.New("the call was stopped")
			} else if p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		var v any
		it.place.DrawAgain(it.values(), func() { v, err = it.call() })
		if err == nil {
			shown, err = render(v)
		}
	})
	return shown, printed, err
}

// display is the type Data of gophernotes.
type display = struct{ Data, Metadata, Transient map[string]interface{} }

// Shown returns the value at the first values of the controls, as render shows it, with a
// text that says these values. If a front end is connected, it opens the controls and adds
// their view. The engine calls it; a cell need not.
func (it *Interaction) Shown(render func(v any) display) display {
	if it.err != nil {
		return display{Data: map[string]interface{}{"text/plain": it.err.Error()}}
	}
	d := render(it.first)
	data := maps.Clone(d.Data)
	if data == nil {
		data = map[string]interface{}{}
	}
	lines := []string{it.says}
	for _, s := range []any{data["text/plain"], it.printed} {
		if s, _ := s.(string); s != "" {
			lines = append(lines, strings.TrimSuffix(s, "\n"))
		}
	}
	if connected() {
		it.open(d.Data)
		data[ViewType] = map[string]any{"version_major": 2, "version_minor": 0, "model_id": it.root.id}
	}
	data["text/plain"] = strings.Join(lines, "\n")
	return display{Data: data, Metadata: d.Metadata, Transient: d.Transient}
}
