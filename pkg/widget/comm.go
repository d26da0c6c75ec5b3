package widget

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/features-are-fate/fate/pkg/session"
)

// comms is the state of the process: its front end, and the comms that are open with it.
// Messages are handled on the loop of the cells; only Expect and Comms run beside it.
var comms = struct {
	sync.Mutex
	send    func(Message)
	render  func(any) (map[string]any, error)
	models  map[string]*model
	order   []*model        // as they were opened
	control map[string]bool // comms on which a front end asks for all models
	running *Interaction
}{models: map[string]*model{}, control: map[string]bool{}}

// Connect connects a front end: send sends it a comm message, and render returns the data
// that show a value, keyed by MIME type, or the error that the value carries. Interactions
// that are rendered later have controls. A nil send disconnects.
func Connect(send func(Message), render func(v any) (map[string]any, error)) {
	comms.Lock()
	defer comms.Unlock()
	comms.send, comms.render = send, render
	comms.models, comms.order, comms.control = map[string]*model{}, nil, map[string]bool{}
}

func connected() bool {
	comms.Lock()
	defer comms.Unlock()
	return comms.send != nil
}

// Comms returns the open comms of a target, or of all targets if it is "": their ids with
// the names of their targets, as a comm_info_reply has them.
func Comms(target string) map[string]string {
	comms.Lock()
	defer comms.Unlock()
	out := map[string]string{}
	for id := range comms.models {
		out[id] = modelTarget
	}
	for id := range comms.control {
		out[id] = controlTarget
	}
	maps.DeleteFunc(out, func(_, t string) bool { return target != "" && t != target })
	return out
}

// Expect announces a message that [Receive] gets later. Called for each message when it
// arrives, from any goroutine, it lets a move replace those that wait, and stop the
// experiment that an earlier one runs. Without it each move calls its function.
func Expect(m Message) {
	comms.Lock()
	defer comms.Unlock()
	it := comms.models[m.ID].movedBy(m)
	if it == nil {
		return
	}
	it.coming++
	if comms.running == it && session.Interrupt() {
		it.stopped = true
	}
}

// Receive handles a comm message of the front end. It must be called by the goroutine that
// runs the cells, in the order of the messages and cells. A move calls the function of its
// [Interaction]. A control of a process that has ended says that it does nothing.
func Receive(m Message) {
	comms.Lock()
	model, control := comms.models[m.ID], comms.control[m.ID]
	comms.Unlock()
	var d data
	switch {
	case m.Type == "comm_open" && m.Target == controlTarget:
		comms.Lock()
		comms.control[m.ID] = true
		comms.Unlock()
	case m.Type == "comm_open":
		send(Message{Type: "comm_close", ID: m.ID, Data: json.RawMessage("{}")})
	case m.Type == "comm_close":
		forget(m.ID)
	case json.Unmarshal(m.Data, &d) != nil:
	case control && d.Method == "request_states":
		send(message(m.ID, map[string]any{"method": "update_states", "states": states(), "buffer_paths": []any{}}))
	case model != nil && d.Method == "request_state":
		model.send(model.state)
	case model.movedBy(m) != nil:
		it := model.of
		comms.Lock()
		it.coming = max(0, it.coming-1)
		last := it.coming == 0
		comms.Unlock()
		it.move(model, d, last)
	case model == nil && m.Type == "comm_msg" && (d.Method == "update" || d.Method == "custom"):
		send(message(m.ID, map[string]any{"method": "update", "state": map[string]any{"disabled": true, "description": "run the cell again"}, "buffer_paths": []any{}}))
	}
}

func send(m Message) {
	comms.Lock()
	f := comms.send
	comms.Unlock()
	if f != nil {
		f(m)
	}
}

func states() map[string]any {
	comms.Lock()
	defer comms.Unlock()
	out := map[string]any{}
	for id, m := range comms.models {
		out[id] = map[string]any{"model_name": m.state["_model_name"], "model_module": m.state["_model_module"],
			"model_module_version": m.state["_model_module_version"], "state": m.state}
	}
	return out
}

func forget(id string) {
	comms.Lock()
	defer comms.Unlock()
	comms.order = slices.DeleteFunc(comms.order, func(m *model) bool { return m == comms.models[id] })
	delete(comms.models, id)
	delete(comms.control, id)
}

// closeEarlier closes the models of earlier runs of the cell.
func (it *Interaction) closeEarlier() {
	comms.Lock()
	all := slices.Clone(comms.order)
	comms.Unlock()
	for _, m := range all {
		if p := m.of.place; p.Key != "" && p.Key == it.place.Key && p.Run != it.place.Run {
			forget(m.id)
			send(Message{Type: "comm_close", ID: m.id, Data: json.RawMessage("{}")})
		}
	}
}

// begin marks the function of the interaction as running, until the function that it
// returns is called.
func begin(it *Interaction) (end func()) {
	set := func(it *Interaction) {
		comms.Lock()
		defer comms.Unlock()
		comms.running = it
	}
	set(it)
	return func() { set(nil) }
}

// inside reports whether the function of an interaction runs.
func inside() bool {
	comms.Lock()
	defer comms.Unlock()
	return comms.running != nil
}
