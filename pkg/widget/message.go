// Package widget shows controls of ipywidgets under the figures of a cell.
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
