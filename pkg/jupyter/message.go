package jupyter

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/features-are-fate/fate/pkg/file"
)

// Message is one message of the Jupyter protocol.
type Message struct {
	Identities     [][]byte // where a reply goes
	Header, Parent Header
	Metadata       map[string]any
	Content        json.RawMessage // an object
	parent         json.RawMessage // what is sent for Parent; nil for Parent itself
	header         json.RawMessage // as it was received
}

// Version is the version of the protocol that the kernel and the client speak.
const Version = "5.4"

// Header identifies a message and its type.
type Header struct {
	ID       string `json:"msg_id"`
	Type     string `json:"msg_type"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	Version  string `json:"version"`
}

var delimiter = []byte("<IDS|MSG>")

// maxNesting is the maximum depth of the JSON of a message. Figures that are sent as JSON
// are nested a few tens deep.
const maxNesting = 100

// Decode verifies the signature of a message and decodes its parts. With an empty key
// messages are not signed, as the protocol says.
func Decode(frames [][]byte, key []byte) (Message, error) {
	var m Message
	i := slices.IndexFunc(frames, func(f []byte) bool { return bytes.Equal(f, delimiter) })
	if i < 0 {
		return m, fmt.Errorf("none of %d frames is %s", len(frames), delimiter)
	}
	if n := len(frames) - i - 1; n < 5 {
		return m, fmt.Errorf("%d frames after %s: want at least 5", n, delimiter)
	}
	parts := frames[i+2 : i+6]
	if len(key) > 0 && !hmac.Equal(frames[i+1], []byte(signature(parts, key))) {
		return m, errors.New("the signature is wrong")
	}
	for j, into := range []any{&m.Header, &m.Parent, &m.Metadata, &m.Content} {
		name := []string{"header", "parent header", "metadata", "content"}[j]
		if !bytes.HasPrefix(bytes.TrimLeft(parts[j], " \t\r\n"), []byte("{")) {
			return m, fmt.Errorf("the %s is %s: want an object", name, short(parts[j]))
		}
		err := file.CheckNesting(parts[j], maxNesting)
		if err == nil {
			err = json.Unmarshal(parts[j], into)
		}
		if err != nil {
			return m, fmt.Errorf("the %s is %s: %w", name, short(parts[j]), err)
		}
	}
	m.Identities, m.header = frames[:i], parts[0]
	return m, nil
}

// Answer returns a message that a kernel sends because of m: a reply, or an output. Its
// parent header is the header of m as it was received.
func (m Message) Answer(kind string, content any, metadata map[string]any) (out Message, err error) {
	out = Message{Identities: m.Identities, Header: newHeader(kind, m.Header.Session, m.Header.Username), Metadata: metadata, parent: m.header}
	if metadata == nil {
		out.Metadata = map[string]any{}
	}
	out.Content, err = json.Marshal(content)
	return out, err
}

func newHeader(kind, session, username string) Header {
	return Header{ID: randomID(), Type: kind, Session: session, Username: username, Date: time.Now().UTC().Format(time.RFC3339Nano), Version: Version}
}

// Encode returns the frames of a message.
func (m Message) Encode(key []byte) ([][]byte, error) {
	var parent any = m.Parent
	if m.parent != nil {
		parent = m.parent
	}
	var parts [][]byte
	for _, v := range []any{m.Header, parent, m.Metadata, m.Content} {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		parts = append(parts, b)
	}
	return slices.Concat(m.Identities, [][]byte{delimiter, []byte(signature(parts, key))}, parts), nil
}

// signature returns the signature of the parts of a message: none with an empty key.
func signature(parts [][]byte, key []byte) string {
	if len(key) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// short quotes the beginning of an untrusted value in one line.
func short(b []byte) string {
	const most = 40
	if len(b) > most {
		return fmt.Sprintf("%q…", b[:most])
	}
	return fmt.Sprintf("%q", b)
}

// requests are the types of requests that the kernel answers: their fields with their
// default values. A field without a default value is required and a string.
var requests = map[string]map[string]any{
	"kernel_info_request": {},
	"execute_request": {"code": nil, "silent": false, "store_history": true, "stop_on_error": true, "allow_stdin": false,
		"user_expressions": map[string]any{}},
	"is_complete_request": {"code": nil},
	"complete_request":    {"code": nil, "cursor_pos": math.Inf(1)},
	"inspect_request":     {"code": nil, "cursor_pos": math.Inf(1), "detail_level": 0.0},
	"history_request":     {"output": false, "hist_access_type": "tail", "pattern": "", "unique": false},
	"comm_info_request":   {"target_name": ""},
	"comm_open":           {"comm_id": nil, "target_name": nil, "data": map[string]any{}},
	"comm_msg":            {"comm_id": nil, "data": map[string]any{}},
	"comm_close":          {"comm_id": nil, "data": map[string]any{}},
	"interrupt_request":   {},
	"shutdown_request":    {"restart": false},
}

// Request validates the content of a request and returns it with default values for the
// fields that are missing. A cursor beyond the end of the code moves to the end.
func (m Message) Request() (map[string]any, error) {
	fields, ok := requests[m.Header.Type]
	if !ok {
		return nil, fmt.Errorf("msg_type is %s: want one of %s", short([]byte(m.Header.Type)),
			strings.Join(slices.Sorted(maps.Keys(requests)), ", "))
	}
	content := map[string]any{}
	if err := json.Unmarshal(m.Content, &content); err != nil {
		return nil, fmt.Errorf("%s: content: %w", m.Header.Type, err)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		missing, got := fields[name], content[name]
		if got == nil {
			got = missing
		}
		want := ""
		switch missing.(type) {
		case nil, string:
			if _, ok := got.(string); !ok {
				want = "a string"
			}
		case bool:
			if _, ok := got.(bool); !ok {
				want = "true or false"
			}
		case float64:
			if x, ok := got.(float64); !ok || x < 0 || x != math.Trunc(x) {
				want = "a whole number from 0"
			}
		default:
			if _, ok := got.(map[string]any); !ok {
				want = "an object"
			}
		}
		if want != "" {
			b, _ := json.Marshal(got) // which was decoded from JSON, and so can be encoded
			return nil, fmt.Errorf("%s: %s is %s: want %s", m.Header.Type, name, short(b), want)
		}
		content[name] = got
	}
	if cursor, ok := content["cursor_pos"].(float64); ok {
		if code, ok := content["code"].(string); ok {
			content["cursor_pos"] = min(cursor, float64(utf8.RuneCountInString(code)))
		}
	}
	return content, nil
}
