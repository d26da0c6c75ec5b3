package widget

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
)

// frontEnd is a front end: it keeps the models that are open, and what it gets on its
// control comm.
type frontEnd struct {
	t *testing.T
	sync.Mutex
	models   map[string]map[string]any // states by id
	closed   []string
	control  []map[string]any
	metadata []map[string]any // of comm_open
	updates  int
	waiting  chan Message // for the loop of the cells
}

func connect(t *testing.T) *frontEnd {
	f := &frontEnd{t: t, models: map[string]map[string]any{}, waiting: make(chan Message, 100)}
	Connect(f.get, shown)
	t.Cleanup(func() { Connect(nil, nil) })
	return f
}

// shown renders values as the engine does: a map is the data themselves.
func shown(v any) (map[string]any, error) {
	if d, ok := v.(map[string]any); ok {
		return d, nil
	}
	return map[string]any{"text/plain": fmt.Sprint(v)}, nil
}

func (f *frontEnd) get(m Message) {
	f.Lock()
	defer f.Unlock()
	var d map[string]any
	if err := json.Unmarshal(m.Data, &d); err != nil {
		f.t.Errorf("data %s: %v", m.Data, err)
	}
	state, _ := d["state"].(map[string]any)
	switch {
	case m.Type == "comm_open" && m.Target == "jupyter.widget":
		for _, v := range state { // a model that another one names is open
			if id, ok := strings.CutPrefix(fmt.Sprint(v), "IPY_MODEL_"); ok && f.models[id] == nil {
				f.t.Errorf("%v names a model that is not open", state)
			}
		}
		f.models[m.ID] = state
		f.metadata = append(f.metadata, m.Metadata)
	case m.Type == "comm_close":
		delete(f.models, m.ID)
		f.closed = append(f.closed, m.ID)
	case m.Type == "comm_msg" && d["method"] == "update" && f.models[m.ID] != nil:
		maps.Copy(f.models[m.ID], state)
		f.updates++
	case m.Type == "comm_msg":
		f.control = append(f.control, d)
	default:
		f.t.Errorf("message %+v", m)
	}
}

// cell begins the run of a cell.
func cell(id string) { figure.Begin(figure.Origin{Notebook: "a.ipynb", Cell: id, Key: id}) }

// show is what the engine does with the value of a cell.
func show(t *testing.T, it *Interaction) map[string]any {
	t.Helper()
	if it.Err() != nil {
		t.Fatal(it.Err())
	}
	return it.Shown(func(v any) display {
		d, _ := shown(v)
		return display{Data: d}
	}).Data
}

// of returns the id of the model with a label.
func (f *frontEnd) of(label string) string {
	f.t.Helper()
	for id, s := range f.models {
		if s["description"] == label {
			return id
		}
	}
	f.t.Fatalf("no model %q", label)
	return ""
}

// below returns what is under the controls of the view in data: the value and the text.
func (f *frontEnd) below(data map[string]any) (value, text string) {
	f.t.Helper()
	view, _ := data[ViewType].(map[string]any)
	root := f.models[fmt.Sprint(view["model_id"])]
	if root == nil || root["_view_name"] != "VBoxView" || view["version_major"] != 2 {
		f.t.Fatalf("the view is %v of %v", view, root)
	}
	children := root["children"].([]any)
	at := func(i int) string {
		s := f.models[strings.TrimPrefix(children[i].(string), "IPY_MODEL_")]
		if s["_view_name"] != "HTMLView" {
			f.t.Fatalf("the view has %v", s)
		}
		return s["value"].(string)
	}
	return at(len(children) - 2), at(len(children) - 1)
}

// moved is the message of a front end whose control has a new value.
func moved(id, field string, value any) Message {
	raw, _ := json.Marshal(map[string]any{"method": "update", "state": map[string]any{field: value}, "buffer_paths": []any{}})
	return Message{Type: "comm_msg", ID: id, Data: raw}
}

// arrive is what the kernel does with a message when it arrives.
func (f *frontEnd) arrive(m Message) {
	Expect(m)
	f.waiting <- m
}

// loop is the loop of the cells, until nothing waits.
func (f *frontEnd) loop() {
	for len(f.waiting) > 0 {
		Receive(<-f.waiting)
	}
}
