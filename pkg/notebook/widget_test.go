package notebook

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/widget"
)

const underSlider = `widget.Interact(func(sigma float64, depth int) interface{} {
	lab := experiment.Lab{D: 20, Sigma: sigma}
	run := lab.Law(20, experiment.Grid{Gamma: []float64{0.25, 0.5}, Depth: []int{depth}})
	return plotting.Draw(plotting.Slices{View: run.Along(theory.FineTune, experiment.Gamma, experiment.None)})
}, widget.Slider("σ", 0, 1).From(0.5), widget.IntSlider("depth", 1, 9).From(2))`

// The picture that a move draws can be drawn again from its recipe alone.
func TestMovedFigureIsDrawnAgain(t *testing.T) {
	imports := strings.Replace(imp, ")", "\n\"github.com/features-are-fate/fate/pkg/widget\"\n)", 1)
	nb := book(strings.Replace(imports, `"gonum.org/v1/gonum/mat"`, "", 1), underSlider)
	nb.Cells[0].ID, nb.Cells[1].ID = "a", "b"
	origin := ipynb.NewOrigins(nb, "a.ipynb")
	e, err := engine.New(engine.Gomacro, func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	var messages []widget.Message
	widget.Connect(func(m widget.Message) { messages = append(messages, m) }, func(v any) (map[string]any, error) {
		d, err := engine.Show(v)
		return d.Data, err
	})
	defer widget.Connect(nil, nil)
	for i, c := range nb.Cells {
		figure.Begin(origin.At(i))
		if _, err := engine.Run(e, c.Source); err != nil {
			t.Fatal(err)
		}
	}
	figure.Begin(figure.Origin{Notebook: "a.ipynb", Cell: "later"})
	move := func(label, value string) {
		for _, m := range messages {
			if strings.Contains(string(m.Data), `"description":"`+label+`"`) {
				widget.Receive(widget.Message{Type: "comm_msg", ID: m.ID, Data: json.RawMessage(`{"method":"update","state":{"value":` + value + `}}`)})
				return
			}
		}
		t.Fatalf("no control %s", label)
	}
	move("σ", "0.75")
	move("depth", "3")
	var last struct{ State struct{ Value string } }
	if err := json.Unmarshal(messages[len(messages)-1].Data, &last); err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(last.State.Value, "base64,")
	png, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(text, `">`))
	if err != nil {
		t.Fatal(err)
	}
	f, err := figure.Parse(png)
	if err != nil || f.Recipe.Cell != "b" || f.Recipe.Figure != 1 || f.Recipe.Widgets["σ"] != "0.75" || f.Recipe.Widgets["depth"] != "3" {
		t.Fatalf("%+v, %v", f.Recipe, err)
	}
	for _, widgets := range []map[string]string{f.Recipe.Widgets, nil} {
		figures, err := Run(t.Context(), nb, Options{Engine: engine.Gomacro, Name: "a.ipynb", Formats: []string{"png"}, Last: 2, Widgets: widgets})
		if err != nil || len(figures) != 1 {
			t.Fatalf("%d figures, %v", len(figures), err)
		}
		again, err := figure.Parse(figures[0].Data)
		if err != nil || again.Recipe.Code != f.Recipe.Code {
			t.Fatalf("%+v, %v", again.Recipe, err)
		}
		if err := figure.Same(f, again); (err == nil) != (widgets != nil) {
			t.Errorf("with the controls at %v: %v", widgets, err)
		}
	}
}
