package jupyter

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var testKey = []byte("key")

const testHeader = `{"msg_id":"1","msg_type":"execute_request","session":"s","username":"u","date":"d","version":"5.3"}`

// signed returns the frames of a message with a valid signature for any parts.
func signed(key []byte, parts ...string) [][]byte {
	var raw [][]byte
	for _, p := range parts {
		raw = append(raw, []byte(p))
	}
	return slices.Concat([][]byte{[]byte("id"), delimiter, []byte(signature(raw, key))}, raw)
}

// headerOf returns a header with the given type.
func headerOf(kind string) string { return strings.Replace(testHeader, "execute_request", kind, 1) }

// badMessages are messages that a kernel must drop, keyed by what its error must contain.
func badMessages(key []byte) map[string][][]byte {
	good := `{"code":"1","silent":false}`
	request := func(kind, content string) [][]byte { return signed(key, headerOf(kind), "{}", "{}", content) }
	execute := func(content string) [][]byte { return request("execute_request", content) }
	wrong := execute(good)
	wrong[2] = []byte(strings.Repeat("0", 64))
	unsigned := execute(good)
	unsigned[2] = nil
	return map[string][][]byte{
		"0 frames":                                nil,
		"frames is <IDS|MSG>":                     {{}},
		"none of 3 frames":                        {[]byte("id"), []byte("a"), []byte("b")},
		"0 frames after":                          {[]byte("id"), delimiter},
		"4 frames after":                          execute(good)[:6],
		"signature":                               wrong,
		"signature is wrong":                      unsigned,
		"the header is \"\"":                      signed(key, "", "{}", "{}", good),
		"the header is \"[]\"":                    signed(key, "[]", "{}", "{}", good),
		"the header is \"null\"":                  signed(key, "null", "{}", "{}", good),
		"the header is \"{\\\"msg_type\\\":1}\"":  signed(key, `{"msg_type":1}`, "{}", "{}", good),
		"the parent header is \"7\"":              signed(key, testHeader, "7", "{}", good),
		"the metadata is \"x\"":                   signed(key, testHeader, "{}", "x", good),
		"the content is \"[1]\"":                  signed(key, testHeader, "{}", "{}", "[1]"),
		"the content is \"{\"":                    signed(key, testHeader, "{}", "{}", "{"),
		"nested more than 100 deep":               signed(key, testHeader, "{}", "{}", `{"code":`+strings.Repeat("[", 200)),
		"msg_type is \"\"":                        signed(key, "{}", "{}", "{}", good),
		"msg_type is \"no\\nsuch_request\"":       request(`no\nsuch_request`, good),
		"execute_request: code is \"null\"":       execute(`{}`),
		"execute_request: code is \"7\"":          execute(`{"code":7}`),
		"execute_request: silent is":              execute(`{"code":"1","silent":"yes"}`),
		"execute_request: user_expressions":       execute(`{"code":"1","user_expressions":[]}`),
		"is_complete_request: code is":            request("is_complete_request", `{"code":{}}`),
		"complete_request: code is":               request("complete_request", `{"cursor_pos":1}`),
		"complete_request: cursor_pos is \"-1\"":  request("complete_request", `{"code":"a","cursor_pos":-1}`),
		"complete_request: cursor_pos is \"0.5\"": request("complete_request", `{"code":"a","cursor_pos":0.5}`),
		"inspect_request: cursor_pos is":          request("inspect_request", `{"code":"a","cursor_pos":"1"}`),
		"inspect_request: detail_level is":        request("inspect_request", `{"code":"a","detail_level":true}`),
		"comm_info_request: target_name is":       request("comm_info_request", `{"target_name":1}`),
		"shutdown_request: restart is":            request("shutdown_request", `{"restart":"no"}`),
	}
}

// decodeRequest decodes the frames of a request as the kernel does.
func decodeRequest(frames [][]byte, key []byte) (Message, map[string]any, error) {
	m, err := Decode(frames, key)
	if err != nil {
		return m, nil, err
	}
	content, err := m.Request()
	return m, content, err
}

// Every bad message gives an error of one line that says what is wrong with it.
func TestBadMessages(t *testing.T) {
	for want, frames := range badMessages(testKey) {
		_, _, err := decodeRequest(frames, testKey)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 300 {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestRequestDefaults(t *testing.T) {
	for _, c := range []struct{ kind, content, want string }{
		{"execute_request", `{"code":"x"}`, `{"allow_stdin":false,"code":"x","silent":false,"stop_on_error":true,"store_history":true,"user_expressions":{}}`},
		{"shutdown_request", `{}`, `{"restart":false}`},
		{"shutdown_request", `{"restart":true}`, `{"restart":true}`},
		{"complete_request", `{"code":"θ.a"}`, `{"code":"θ.a","cursor_pos":3}`},
		{"inspect_request", `{"code":"ab","cursor_pos":1e300,"detail_level":null}`, `{"code":"ab","cursor_pos":2,"detail_level":0}`},
	} {
		m, content, err := decodeRequest(signed(testKey, headerOf(c.kind), "{}", `{"cellId":"a"}`, c.content), testKey)
		if err != nil {
			t.Errorf("%s %s: %v", c.kind, c.content, err)
			continue
		}
		if got, _ := json.Marshal(content); string(got) != c.want {
			t.Errorf("%s %s: got %s, want %s", c.kind, c.content, got, c.want)
		}
		if string(m.Identities[0]) != "id" || m.Header.Session != "s" || m.Metadata["cellId"] != "a" {
			t.Errorf("got %+v", m)
		}
	}
	// With an empty key signatures are not verified.
	if _, _, err := decodeRequest(signed([]byte("other"), testHeader, "{}", "{}", `{"code":""}`), nil); err != nil {
		t.Error(err)
	}
}

// No input makes the decoder panic. A message that it accepts has a valid signature, a
// known type and all fields, and survives encoding and decoding.
func FuzzMessage(f *testing.F) {
	separator := []byte("\n")
	for _, frames := range badMessages(testKey) {
		f.Add(bytes.Join(frames, separator), false)
		f.Add(bytes.Join(frames, separator), true)
	}
	for kind := range requests {
		f.Add(bytes.Join(signed(testKey, headerOf(kind), "{}", "{}", `{"code":"θ := 1","silent":false,"cursor_pos":3}`), separator), false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, sign bool) {
		frames := bytes.Split(raw, separator)
		i := slices.IndexFunc(frames, func(f []byte) bool { return bytes.Equal(f, delimiter) })
		if sign && i >= 0 && len(frames) >= i+6 {
			frames[i+1] = []byte(signature(frames[i+2:i+6], testKey))
		}
		m, content, err := decodeRequest(frames, testKey)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
			return
		}
		if string(frames[i+1]) != signature(frames[i+2:i+6], testKey) {
			t.Error("accepted with a wrong signature")
		}
		for name, missing := range requests[m.Header.Type] {
			if missing == nil {
				missing = ""
			}
			if got := content[name]; reflect.TypeOf(got) != reflect.TypeOf(missing) {
				t.Errorf("%s: %s is %T, want %T", m.Header.Type, name, got, missing)
			}
		}
		if x, ok := content["cursor_pos"].(float64); ok && m.Header.Type != "execute_request" {
			if code, ok := content["code"].(string); ok && (x < 0 || int(x) > utf8.RuneCountInString(code)) && requests[m.Header.Type]["cursor_pos"] != nil {
				t.Errorf("the cursor is at %v of %q", x, code)
			}
		}
		again, err := m.Encode(testKey)
		if err != nil {
			t.Fatal(err)
		}
		n, content2, err := decodeRequest(again, testKey)
		if err != nil || n.Header != m.Header || n.Parent != m.Parent || !reflect.DeepEqual(content, content2) {
			t.Errorf("sent again: %v: %+v, want %+v", err, n, m)
		}
	})
}
