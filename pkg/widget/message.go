package widget

import "encoding/json"

// Message is a comm message of the Jupyter protocol: a "comm_open", "comm_msg" or
// "comm_close".
type Message struct {
	Type     string          `json:"type"`
	ID       string          `json:"comm_id"`
	Target   string          `json:"target_name,omitempty"` // of a comm_open
	Data     json.RawMessage `json:"data,omitempty"`
	Metadata map[string]any  `json:"metadata,omitempty"`
}

// ViewType is the MIME type of the view of a model, which only a front end with a kernel
// can show.
const ViewType = "application/vnd.jupyter.widget-view+json"

// The targets of comms.
const (
	modelTarget   = "jupyter.widget"
	controlTarget = "jupyter.widget.control"
)

// data is the content of the messages of both targets.
type data struct {
	Method  string                     `json:"method"`
	State   map[string]json.RawMessage `json:"state"`   // of an update
	Content struct{ Event string }     `json:"content"` // of a custom message
}

func message(id string, data any) Message {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err) // finite numbers, texts, booleans
	}
	return Message{Type: "comm_msg", ID: id, Data: raw}
}
