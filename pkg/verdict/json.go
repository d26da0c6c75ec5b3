package verdict

import (
	"encoding/json"
	"math"

	"github.com/features-are-fate/fate/pkg/theory"
)

// rowJSON is the encoding of a row in a notebook. An infinite number is null.
type rowJSON struct {
	Result         string   `json:"result"`
	Source         string   `json:"source"`
	Setting        string   `json:"setting"`
	Claim          string   `json:"claim"`
	Theory         *float64 `json:"theory"`
	TheoryStdErr   *float64 `json:"theory_stderr"`
	Measured       *float64 `json:"measured"`
	MeasuredStdErr *float64 `json:"measured_stderr"`
	Z              *float64 `json:"z"`
	DF             float64  `json:"df,omitempty"`
	Trials         int      `json:"trials"`
	Agree          bool     `json:"agree"`
	Trivial        bool     `json:"trivial,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (r Row) MarshalJSON() ([]byte, error) {
	finite := func(x float64) *float64 {
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return nil
		}
		return &x
	}
	return json.Marshal(rowJSON{r.Result, r.Source, r.Setting, r.Claim, finite(r.Theory.Value), finite(r.Theory.StdErr),
		finite(r.Measured.Value), finite(r.Measured.StdErr), finite(r.Z), r.DF, r.Trials, r.Agree, r.Trivial})
}

// UnmarshalJSON implements json.Unmarshaler; a null number is +Inf.
func (r *Row) UnmarshalJSON(b []byte) error {
	var j rowJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	number := func(x *float64) float64 {
		if x == nil {
			return math.Inf(1)
		}
		return *x
	}
	*r = Row{j.Result, j.Source, j.Setting, j.Claim, theory.Value{Value: number(j.Theory), StdErr: number(j.TheoryStdErr)},
		theory.Value{Value: number(j.Measured), StdErr: number(j.MeasuredStdErr)}, number(j.Z), j.DF, j.Trials, j.Agree, j.Trivial}
	return nil
}
