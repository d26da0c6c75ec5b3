package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxNesting bounds the nesting of JSON values.
const maxNesting = 12

// Decode decodes exactly one JSON value and refuses unknown fields.
func Decode(b []byte, into any) error {
	if err := CheckNesting(b, maxNesting); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return explained(err, into)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is more after its end")
	}
	return nil
}

// CheckNesting returns an error if JSON is nested more than most deep, before it is
// decoded.
func CheckNesting(b []byte, most int) error {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return fmt.Errorf("it is nested more than %d deep", most)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
