package engine

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/widget"
)

// connect connects a front end that keeps what it gets, until the test ends.
func connect(t *testing.T) *frontEnd {
	f := &frontEnd{models: map[string]map[string]any{}}
	widget.Connect(f.receive, func(v any) (map[string]any, error) {
		d, err := Show(v)
		return d.Data, err
	})
	t.Cleanup(func() { widget.Connect(nil, nil) })
	return f
}

type frontEnd struct {
	sync.Mutex
	models map[string]map[string]any // states by id
}

func (f *frontEnd) receive(m widget.Message) {
	f.Lock()
	defer f.Unlock()
	var d struct{ State map[string]any }
	if err := json.Unmarshal(m.Data, &d); err != nil {
		panic(err)
	}
	switch m.Type {
	case "comm_open":
		f.models[m.ID] = d.State
	case "comm_close":
		delete(f.models, m.ID)
	default:
		for k, v := range d.State {
			f.models[m.ID][k] = v
		}
	}
}

// find returns the id of the model of a class whose field has a value.
func (f *frontEnd) find(t *testing.T, class, field string, value any) string {
	t.Helper()
	for id, s := range f.models {
		if s["_model_name"] == class && s[field] == value {
			return id
		}
	}
	t.Fatalf("no %s with %s = %v in %v", class, field, value, f.models)
	return ""
}

// texts returns the value of the HTML model that view i shows, of the two below the controls.
func (f *frontEnd) texts(t *testing.T, d Display) (picture, under string) {
	t.Helper()
	view, ok := d.Data[widget.ViewType].(map[string]any)
	if !ok {
		t.Fatalf("no view in %v", d.Data)
	}
	children := f.models[view["model_id"].(string)]["children"].([]any)
	value := func(ref any) string {
		return f.models[strings.TrimPrefix(ref.(string), "IPY_MODEL_")]["value"].(string)
	}
	return value(children[len(children)-2]), value(children[len(children)-1])
}

func update(id, state string) {
	widget.Receive(widget.Message{Type: "comm_msg", ID: id, Data: json.RawMessage(`{"method": "update", "state": ` + state + `}`)})
}

func cells(t *testing.T, name string) (Engine, func(code string) (Display, error)) {
	e, err := New(name, func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	run := func(code string) (Display, error) {
		figure.Begin(figure.Origin{Notebook: "a.ipynb", Cell: "c", Code: "0000000000000000"})
		return Run(e, code)
	}
	if _, err := run(`import (
	"errors"
	"fmt"
	"math"
	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/widget"
	"github.com/features-are-fate/fate/plotting"
)`); err != nil {
		t.Fatal(err)
	}
	return e, run
}

const circle = `r := 2.0
widget.Interact(func(theta float64, n int, s string, on bool) interface{} {
	if theta == 13 {
		panic("unlucky")
	}
	fmt.Println("printed", n)
	return fmt.Sprintf("%.3f %d %s %v", r*math.Cos(theta), n, s, on)
}, widget.Slider("θ", 0, 20).From(0).Step(1), widget.IntSlider("n", 1, 9), widget.Choice("s", "a", "b"), widget.Switch("on"))`

func TestInteractInCells(t *testing.T) {
	for _, name := range []string{Gomacro, Yaegi} {
		t.Run(name, func(t *testing.T) {
			_, run := cells(t, name)
			d, err := run(circle)
			if want := "θ = 0, n = 5, s = a, on = false\n2.000 5 a false"; err != nil || len(d.Data) != 1 || d.Data["text/plain"] != want {
				t.Fatalf("headless: %v, %v", d, err)
			}
			f := connect(t)
			if name == Yaegi { // which cannot declare a variable again
				d, err = run(strings.Replace(circle, "r := 2.0\n", "", 1))
			} else {
				d, err = run(circle)
			}
			if err != nil {
				t.Fatal(err)
			}
			if p, u := f.texts(t, d); p != "<pre>2.000 5 a false</pre>" || u != "<pre>printed 5\n</pre>" {
				t.Errorf("%q, %q", p, u)
			}
			theta := f.find(t, "FloatSliderModel", "description", "θ")
			update(theta, `{"value": 10.000000000000002}`)
			update(f.find(t, "IntSliderModel", "description", "n"), `{"value": 7}`)
			update(f.find(t, "DropdownModel", "description", "s"), `{"index": 1}`)
			update(f.find(t, "CheckboxModel", "description", "on"), `{"value": true}`)
			if p, u := f.texts(t, d); p != "<pre>-1.678 7 b true</pre>" || u != "<pre>printed 7\n</pre>" {
				t.Errorf("%q, %q", p, u)
			}
			update(theta, `{"value": 13}`)
			if p, u := f.texts(t, d); p != "<pre>-1.678 7 b true</pre>" || !strings.Contains(u, "unlucky") {
				t.Errorf("%q, %q", p, u)
			}
			update(theta, `{"value": 0}`)
			if p, u := f.texts(t, d); p != "<pre>2.000 7 b true</pre>" || u != "<pre>printed 7\n</pre>" {
				t.Errorf("%q, %q", p, u)
			}
		})
	}
}

// An interrupt stops an endless function under a control, and the widget lives.
func TestInterruptOfAMove(t *testing.T) {
	e, run := cells(t, Gomacro)
	f := connect(t)
	d, err := run(`widget.Interact(func(n int) interface{} {
	for n == 2 {
		n = 2
	}
	return n
}, widget.IntSlider("n", 1, 9))`)
	if err != nil {
		t.Fatal(err)
	}
	id := f.find(t, "IntSliderModel", "description", "n")
	e.(*gomacroEngine).patience = time.Hour // however busy the machine is
	timer := time.AfterFunc(100*time.Millisecond, e.Interrupt)
	defer timer.Stop()
	if err := e.Call(func() { update(id, `{"value": 2}`) }); err != nil {
		t.Fatal(err)
	}
	if p, u := f.texts(t, d); p != "<pre>5</pre>" || !strings.Contains(u, "the call was stopped") {
		t.Errorf("%q, %q", p, u)
	}
	update(id, `{"value": 3}`)
	if p, u := f.texts(t, d); p != "<pre>3</pre>" || u != "" {
		t.Errorf("%q, %q", p, u)
	}
	if d, err := run("1 + 1"); err != nil || d.Data["text/plain"] != "2" {
		t.Errorf("%v, %v", d, err)
	}
}

func TestPictureRate(t *testing.T) {
	if os.Getenv("RATE") == "" {
		t.Skip()
	}
	nb, err := ipynb.Read(os.Getenv("RATE"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{Gomacro, Yaegi} {
		_, run := cells(t, name)
		f := connect(t)
		if _, err := run("seed := uint64(1)\nsigma := 0.2\nfmt.Sprint(seed, sigma)"); err != nil {
			t.Fatal(err)
		}
		for _, c := range nb.Cells {
			if !strings.Contains(c.Source, "Interact") {
				continue
			}
			d, err := run(c.Source)
			if err != nil {
				t.Fatal(err)
			}
			for id, s := range f.models {
				if !strings.Contains(s["_model_name"].(string), "Float") {
					continue
				}
				start := time.Now()
				lo, hi := s["min"].(float64), s["max"].(float64)
				for i := range 30 {
					x := lo + (hi-lo)*(float64(i)+.5)/30
					if s["base"] != nil {
						x = math.Pow(10, x)
					}
					b, _ := json.Marshal(map[string]any{"value": x})
					update(id, string(b))
				}
				p, u := f.texts(t, d)
				t.Logf("%s: %v %.1f pictures a second, %d bytes, %.60s %s", name, s["description"], 30/time.Since(start).Seconds(), len(p), p, u)
			}
		}
	}
}
