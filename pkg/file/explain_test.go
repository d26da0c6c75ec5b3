package file

import "testing"

// An error names the field and what the file must have there, without a type of Go.
func TestDecodeExplains(t *testing.T) {
	type inner struct {
		D     []int       `json:"d"`
		Rows  [][]float64 `json:"rows"`
		Words []string
	}
	type outer struct {
		Seed uint64 `json:"seed"`
		Grid inner  `json:"grid"`
		On   bool   `json:"on"`
	}
	for text, want := range map[string]string{
		`{"grid": {"d": 10}}`:           "`grid.d` must be a list of integers, not a number",
		`{"grid": {"d": ["x"]}}`:        "each value of `grid.d` must be an integer, not a string",
		`{"grid": {"d": [1.5]}}`:        "each value of `grid.d` must be an integer, not 1.5",
		`{"grid": {"rows": 1}}`:         "`grid.rows` must be a list of lists of numbers, not a number",
		`{"grid": {"words": {}}}`:       "`grid.Words` must be a list of strings, not an object",
		`{"grid": []}`:                  "`grid` must be an object, not a list",
		`{"seed": -1}`:                  "`seed` must be a nonnegative integer, not -1",
		`{"on": "yes"}`:                 "`on` must be a truth value, not a string",
		`[]`:                            "it must be an object, not a list",
		`{"sed": 1}`:                    `unknown field "sed"; did you mean seed?`,
		`{"grid": {"row": [[1]]}}`:      `unknown field "row"; did you mean rows?`,
		`{"grid": {"something": true}}`: `unknown field "something"`,
	} {
		if err := Decode([]byte(text), &outer{}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
