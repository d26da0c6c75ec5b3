package widget

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/trial"
)

func TestWithoutFrontEnd(t *testing.T) {
	cell("a")
	calls := 0
	it := Interact(func(x float64, n int, s string, on bool, clicks int) (string, error) {
		calls++
		return strings.TrimSpace(fmt.Sprintln(x, n, s, on, clicks)), nil
	}, Slider("x", 0.05, 1), IntSlider("n", 1, 10), Choice("s", "b", "a"), Switch("on").From(true), Button("again"))
	want := map[string]any{"text/plain": "x = 0.53, n = 5, s = b, on = true, again = 0\n0.53 5 b true 0"}
	if got := show(t, it); !reflect.DeepEqual(got, want) || calls != 1 {
		t.Errorf("%v after %d calls, want %v", got, calls, want)
	}
	Receive(moved("nobody", "value", 1)) // nothing is open
	if c := Comms(""); len(c) != 0 {
		t.Errorf("open: %v", c)
	}
}

func TestMovesAreShown(t *testing.T) {
	f := connect(t)
	cell("a")
	it := Interact(func(x float64, y float64, n int, s string, on bool, text string, clicks int) interface{} {
		fmt.Println("text of", n)
		return strings.TrimSpace(fmt.Sprintln(x, y, n, s, on, text, clicks, "<"))
	}, Slider("x", 1, 89).From(45), LogSlider("y", 0.01, 100), IntSlider("n", 1, 10), Choice("s", "b", "a"), Switch("on"), Text("text").From("t"), Button("again"))
	data := show(t, it)
	if data["text/plain"] != "x = 45, y = 1, n = 5, s = b, on = false, text = t, again = 0\n45 1 5 b false t 0 <\ntext of 5" {
		t.Errorf("text: %q", data["text/plain"])
	}
	for _, m := range f.metadata {
		if m["version"] != "2.1.0" {
			t.Errorf("metadata %v", m)
		}
	}
	check := func(value, text string) {
		t.Helper()
		if v, u := f.below(data); v != "<pre>"+value+" &lt;</pre>" || u != "<pre>"+text+"\n</pre>" {
			t.Errorf("%q, %q, want %q, %q", v, u, value, text)
		}
	}
	check("45 1 5 b false t 0", "text of 5")
	Receive(moved(f.of("x"), "value", 50.000000000000007))
	Receive(moved(f.of("y"), "value", 100.0000000001))
	Receive(moved(f.of("n"), "value", 7))
	Receive(moved(f.of("s"), "index", 1))
	Receive(moved(f.of("on"), "value", true))
	Receive(moved(f.of("text"), "value", "other"))
	Receive(Message{Type: "comm_msg", ID: f.of("again"), Data: json.RawMessage(`{"method": "custom", "content": {"event": "click"}}`)})
	check("50 100 7 a true other 1", "text of 7")

	// What is no move of a control, or says nothing new, does nothing.
	before := f.updates
	Receive(moved(f.of("x"), "value", 50))
	Receive(moved(f.of("x"), "min", 2))
	Receive(moved(f.of("again"), "value", 2))
	Receive(Message{Type: "comm_msg", ID: f.of("x"), Data: json.RawMessage(`{"method": "custom", "content": {"event": "click"}}`)})
	Receive(Message{Type: "comm_msg", ID: f.of("x"), Data: json.RawMessage(`[`)})
	if f.updates != before {
		t.Errorf("%d updates", f.updates-before)
	}
	// A value that a control cannot have is a message under the last value.
	for _, m := range []struct {
		label, field string
		value        any
		want         string
	}{
		{"x", "value", 90, "x is 90: it must be a number from 1 to 89"}, {"x", "value", "<a>", "x is &#34;&lt;a&gt;&#34;: it must be a number"},
		{"n", "value", 1.5, "n is 1.5: it must be a whole number from 1 to 10"}, {"n", "value", 11, "n is 11: it must be a whole number from 1 to 10"},
		{"s", "index", 2, "s is 2: it must be one of b, a"}, {"s", "index", -1, "s is -1"}, {"s", "index", 0.5, "s is 0.5"},
		{"on", "value", 1, "on is 1: it must be true or false"}, {"text", "value", "a\nb", "text is &#34;a\\nb&#34;: it must be a text of at most 500 printable letters"},
		{"text", "value", strings.Repeat("a", 501), "…&#34;: it must be a text"},
	} {
		Receive(moved(f.of(m.label), m.field, m.value))
		if v, u := f.below(data); !strings.Contains(v, "50 100 7 a true other 1") || !strings.Contains(u, m.want) {
			t.Errorf("%v: %q, %q", m, v, u)
		}
	}
	Receive(moved(f.of("n"), "value", 8))
	check("50 100 8 a true other 1", "text of 8")
}

func TestPanicsAndErrorsLeaveTheWidgetAlive(t *testing.T) {
	f := connect(t)
	cell("a")
	data := show(t, Interact(func(n int) (any, error) {
		switch n {
		case 2:
			panic("two")
		case 3:
			return nil, errors.New("three")
		case 4:
			return withError{}, nil
		case 6:
			Interact(func(n int) int { return n }, IntSlider("n", 1, 2))
		case 7:
			return Interact(func(n int) int { return n }, IntSlider("n", 1, 2)), nil
		}
		return n, nil
	}, IntSlider("n", 1, 9)))
	stdout := os.Stdout
	for n, want := range map[int]string{2: "panic: two", 3: "three", 4: "of the value", 7: "the function of an Interact cannot call Interact"} {
		Receive(moved(f.of("n"), "value", n))
		if v, u := f.below(data); v != "<pre>5</pre>" || !strings.Contains(u, want) || !strings.Contains(u, "color") {
			t.Errorf("%d: %q, %q", n, v, u)
		}
	}
	Receive(moved(f.of("n"), "value", 6))
	if v, u := f.below(data); v != "<pre>6</pre>" || u != "" {
		t.Errorf("%q, %q", v, u)
	}
	if os.Stdout != stdout || inside() {
		t.Error("a call did not restore the output or its mark")
	}
}

type withError struct{}

func (withError) Err() error { return errors.New("of the value") }

func TestReload(t *testing.T) {
	f := connect(t)
	cell("a")
	data := show(t, Interact(func(n int) int { return n }, IntSlider("n", 1, 9)))
	Receive(moved(f.of("n"), "value", 8))
	f.models[f.of("n")]["value"] = 8.0 // as in the front end that moved it
	Receive(Message{Type: "comm_open", ID: "control", Target: "jupyter.widget.control", Data: json.RawMessage(`{}`)})
	open := Comms("")
	if len(open) != len(f.models)+1 || open["control"] != "jupyter.widget.control" || len(Comms("jupyter.widget")) != len(f.models) || len(Comms("other")) != 0 {
		t.Errorf("open: %v", open)
	}
	Receive(Message{Type: "comm_msg", ID: "control", Data: json.RawMessage(`{"method": "request_states"}`)})
	if len(f.control) != 1 || f.control[0]["method"] != "update_states" {
		t.Fatalf("control: %v", f.control)
	}
	states := f.control[0]["states"].(map[string]any)
	if len(states) != len(f.models) {
		t.Errorf("%d of %d models", len(states), len(f.models))
	}
	for id, s := range states {
		s := s.(map[string]any)
		if !reflect.DeepEqual(s["state"], any(f.models[id])) || s["model_name"] != f.models[id]["_model_name"] || s["model_module_version"] != "2.0.0" || s["model_module"] == "" {
			t.Errorf("%v, want the state %v", s, f.models[id])
		}
	}
	// A front end that lost a model asks for it alone.
	id := f.of("n")
	f.models[id] = map[string]any{}
	Receive(Message{Type: "comm_msg", ID: id, Data: json.RawMessage(`{"method": "request_state"}`)})
	if f.models[id]["value"] != 8.0 || f.models[id]["_model_name"] != "IntSliderModel" {
		t.Errorf("state: %v", f.models[id])
	}
	Receive(Message{Type: "comm_close", ID: "control"})
	Receive(Message{Type: "comm_msg", ID: "control", Data: json.RawMessage(`{"method": "request_states"}`)})
	if len(f.control) != 1 || len(Comms("jupyter.widget.control")) != 0 {
		t.Error("a closed comm answers")
	}
	// A control of an earlier process is told that it does nothing.
	f.models["gone"] = map[string]any{"value": 1.0}
	Receive(moved("gone", "value", 2))
	if f.models["gone"]["description"] != "run the cell again" || f.models["gone"]["disabled"] != true {
		t.Errorf("a control of an earlier process: %v", f.models["gone"])
	}
	delete(f.models, "gone")
	// A comm of the front end with a target that nobody has is closed.
	Receive(Message{Type: "comm_open", ID: "strange", Target: "jupyter.widget", Data: json.RawMessage(`{}`)})
	if !slices.Equal(f.closed, []string{"strange"}) {
		t.Errorf("closed: %v", f.closed)
	}
	if v, _ := f.below(data); v != "<pre>8</pre>" {
		t.Errorf("%q", v)
	}
}

func TestPiledUpMovesCallOnce(t *testing.T) {
	f := connect(t)
	cell("a")
	var calls []string
	it := Interact(func(n int, x float64) string {
		calls = append(calls, fmt.Sprint(n, " ", x))
		return calls[len(calls)-1]
	}, IntSlider("n", 1, 100).From(1), Slider("x", 0, 1).From(0))
	data := show(t, it)
	for n := 2; n <= 60; n++ {
		f.arrive(moved(f.of("n"), "value", n))
	}
	f.arrive(moved(f.of("x"), "value", 1))
	f.loop()
	if v, _ := f.below(data); v != "<pre>60 1</pre>" || !slices.Equal(calls, []string{"1 0", "60 1"}) {
		t.Errorf("%q by the calls %q", v, calls)
	}
	// The last one may be invalid, or what the value was: the one before it counts.
	f.arrive(moved(f.of("n"), "value", 5))
	f.arrive(moved(f.of("n"), "value", 6))
	f.arrive(moved(f.of("n"), "value", 6))
	f.loop()
	if v, _ := f.below(data); v != "<pre>6 1</pre>" || len(calls) != 3 {
		t.Errorf("%q by the calls %q", v, calls)
	}
	f.arrive(moved(f.of("n"), "value", 7))
	f.arrive(moved(f.of("n"), "value", 101))
	f.loop()
	if _, u := f.below(data); !strings.Contains(u, "n is 101") {
		t.Errorf("%q", u)
	}
	Receive(moved(f.of("x"), "value", 0))
	if v, _ := f.below(data); v != "<pre>7 0</pre>" {
		t.Errorf("%q", v)
	}
}

// A move stops the experiment of the one before it, whose value is not shown.
func TestMoveStopsTheExperiment(t *testing.T) {
	f := connect(t)
	cell("a")
	var stopped []int
	data := show(t, Interact(func(n int) int {
		s := session.Begin("a study")
		defer s.End(trial.Report{})
		if n == 2 || n == 3 {
			f.arrive(moved(f.of("n"), "value", n+1)) // by the front end, during the study
		}
		if s.Context.Err() != nil {
			stopped = append(stopped, n)
		}
		return n
	}, IntSlider("n", 1, 9).From(1)))
	before := f.updates
	f.arrive(moved(f.of("n"), "value", 2))
	f.loop()
	if v, _ := f.below(data); v != "<pre>4</pre>" || !slices.Equal(stopped, []int{2, 3}) || f.updates != before+1 {
		t.Errorf("%q after %v were stopped, %d updates", v, stopped, f.updates-before)
	}
	// A cell that runs is not stopped by a move.
	s := session.Begin("of a cell")
	f.arrive(moved(f.of("n"), "value", 9))
	if s.Context.Err() != nil {
		t.Error("the study of a cell was stopped")
	}
	s.End(trial.Report{})
	f.loop()
}

func TestCellThatRunsAgainClosesItsModels(t *testing.T) {
	f := connect(t)
	run := func(id string, times int) {
		cell(id)
		for range times {
			show(t, Interact(func(n int) int { return n }, IntSlider("n", 1, 9)))
		}
	}
	run("a", 2)
	each := len(f.models) / 2
	run("b", 1)
	run("a", 1)
	if len(f.models) != 2*each || len(f.closed) != 2*each || len(Comms("")) != 2*each {
		t.Errorf("%d models are open, %d were closed, of %d", len(f.models), len(f.closed), each)
	}
	for _, id := range f.closed {
		Receive(moved(id, "value", 2)) // may still be on its way
	}
}

func TestShownTwiceIsOneWidget(t *testing.T) {
	f := connect(t)
	cell("a")
	it := Interact(func(n int) int { return n }, IntSlider("n", 1, 9))
	first := show(t, it)
	n := len(f.models)
	if again := show(t, it); !reflect.DeepEqual(first, again) || len(f.models) != n {
		t.Errorf("%v and %v, %d models and %d", first, again, n, len(f.models))
	}
}

// The recipe of a figure has the values of the controls; the figures of moves are not those
// of the cell that ran last; what is measured is not kept.
func TestRecipesAndOptions(t *testing.T) {
	f := connect(t)
	cache, err := trial.OpenCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	session.Change(func(o *session.Options) { o.Cache, o.Code = cache, "code" })
	defer session.Change(func(o *session.Options) { *o = session.Options{} })
	defer figure.Begin(figure.Origin{})
	cell("a")
	figure.Add("one") // before the Interact
	var r figure.Recipe
	var options session.Options
	show(t, Interact(func(x float64) string {
		r = figure.Add("under the slider")
		options = session.Begin("").Options
		return ""
	}, Slider("x", 0, 1)))
	if r.Cell != "a" || r.Figure != 2 || r.Widgets["x"] != "0.5" || options.Cache == nil || options.Code != "code" || len(figure.Drawn()) != 2 {
		t.Errorf("in the cell: %+v, %+v, drawn %v", r, options, figure.Drawn())
	}
	if after := figure.Add("three"); after.Widgets != nil {
		t.Errorf("after it: %+v", after)
	}
	cell("b")
	figure.Add("of b")
	for range 3 {
		Receive(moved(f.of("x"), "value", 0.25))
		Receive(moved(f.of("x"), "value", 0.75))
	}
	if r.Cell != "a" || r.Figure != 2 || r.Widgets["x"] != "0.75" || options.Cache != nil || options.Code != "" {
		t.Errorf("moved: %+v, %+v", r, options)
	}
	if d := figure.Drawn(); len(d) != 1 || d[0] != "of b" || session.Begin("").Options.Cache == nil {
		t.Errorf("cell b has drawn %v", d)
	}
	// A recipe sets the values.
	figure.Begin(figure.Origin{Notebook: "a.ipynb", Cell: "a", Widgets: map[string]string{"x": "0.125", "other": "1"}})
	if data := show(t, Interact(func(x float64) float64 { r = figure.Add(""); return x }, Slider("x", 0, 1))); !strings.HasPrefix(data["text/plain"].(string), "x = 0.125\n0.125") || r.Widgets["x"] != "0.125" {
		t.Errorf("%v, %+v", data, r)
	}
	figure.Begin(figure.Origin{Notebook: "a.ipynb", Cell: "a", Widgets: map[string]string{"x": "2"}})
	if err := Interact(func(x float64) float64 { return x }, Slider("x", 0, 1)).Err(); err == nil || err.Error() != `widget.Interact: Slider "x": the value of the recipe: x is 2: it must be a number from 0 to 1` {
		t.Error(err)
	}
}

// Every value of a control comes back from the text that a recipe has.
func TestValuesComeBackFromText(t *testing.T) {
	for _, c := range []Control{Slider("x", -1, 1).From(1.0 / 3), LogSlider("x", 1e-9, 1e9).From(1e-7), IntSlider("x", -5, 5).From(-3), Choice("x", "true", "1").From("1"),
		Switch("x").From(true), Text("x").From("1.50"), Button("x")} {
		if c.err != nil {
			t.Fatal(c.err)
		}
		if got, err := c.parse(fmt.Sprint(c.value)); err != nil || got != c.value {
			t.Errorf("%v: %v of type %T, %v, want %v", c, got, got, err, c.value)
		}
	}
}

func TestPages(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 2))); err != nil {
		t.Fatal(err)
	}
	const header = 8 + 25
	// 192 dots per inch, twice those of a screen.
	resolution := figure.AppendChunk(nil, "pHYs", []byte{0, 0, 0x1d, 0x87, 0, 0, 0x1d, 0x87, 1})
	png := slices.Concat(b.Bytes()[:header], resolution, b.Bytes()[header:])
	for _, c := range []struct {
		data map[string]any
		want string
	}{
		{map[string]any{"image/png": png, "text/plain": "a"}, `<img width="2" height="1" src="data:image/png;base64,iVBOR`},
		{map[string]any{"image/png": b.Bytes()}, `<img width="4" height="2" src="data:image/png;base64,iVBOR`},
		{map[string]any{"image/png": base64.StdEncoding.EncodeToString(png)}, `<img width="2" height="1" src="data:image/png;base64,iVBOR`},
		{map[string]any{"image/svg+xml": "<svg/>"}, `<img src="data:image/svg+xml;base64,PHN2Zy8+">`},
		{map[string]any{"text/html": "<b>a</b>", "text/plain": "a"}, `<div class="jp-RenderedHTMLCommon" style="width: fit-content"><b>a</b></div>`},
		{map[string]any{"text/plain": "a<b"}, "<pre>a&lt;b</pre>"},
		{map[string]any{"text/markdown": "*a*"}, "<pre>*a*</pre>"},
		{map[string]any{}, ""},
	} {
		if got := page(c.data); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%v: %.100s", c.data, got)
		}
	}
}

func TestCaptureIsBounded(t *testing.T) {
	got := capture(func() { fmt.Print(strings.Repeat("a", maxPrinted+7)); fmt.Fprint(os.Stderr, "b") })
	if !strings.HasSuffix(got, "a\n8 bytes more are not shown") || len(got) > maxPrinted+40 {
		t.Errorf("%d bytes: …%s", len(got), got[len(got)-40:])
	}
}
