package explore

import (
	"strings"

	"github.com/features-are-fate/fate/cmd/fate/internal/explore/model"
	"github.com/features-are-fate/fate/pkg/theory"
)

// preset is a button of the page: a result of the index and a state that shows it.
type preset struct {
	Name     string         `json:"name"`
	Also     string         `json:"also"`
	Sentence string         `json:"sentence"`
	State    map[string]any `json:"state"`
}

// states are the places at which to see the results. Those of the training of a network
// (Lemma 3.3, Theorem 3.4, Section 4) and that of what is compared have none.
var states = map[string]func(*model.State){
	"Theorem A.2":           func(s *model.State) { s.Gamma = 0.75 },
	"Theorem 3.5":           func(s *model.State) { s.Gamma, s.Theta = 1.3, 60 },
	"Theorem 3.6":           func(s *model.State) { s.Gamma, s.Theta = 0.9, 60 },
	"Theorem 3.7":           func(s *model.State) { s.Gamma = 0.7 },
	"Theorem 3.8":           func(s *model.State) { s.Gamma, s.Lambda = 0.7, 0.3 },
	"Theorem 3.9":           func(s *model.State) { s.Gamma, s.Theta, s.Sigma = 0.6, 59.9, 0.8 },
	"Theorem C.1":           func(s *model.State) { s.Gamma, s.Theta, s.Source = 0.4, 40, 0.6 },
	"Figure 5":              func(s *model.State) { s.Gamma, s.Theta, s.Tuned = 1, 45, true },
	"Depth":                 func(s *model.State) { s.Gamma, s.Theta, s.Sigma, s.Depth = 0.8, 50, 0.5, 6 },
	"Joint law":             func(s *model.State) { s.Gamma, s.D = 0.5, 30 },
	"Many features":         func(s *model.State) { s.Gamma, s.Theta, s.D, s.Features = 0.4, 20, 100, 12 },
	"Approach of the limit": func(s *model.State) { s.Gamma, s.D = 0.5, 20 },
}

func presets() (out []preset) {
	for _, e := range theory.All() {
		change, ok := states[e.Name]
		if !ok {
			continue
		}
		s := Initial
		change(&s)
		_, values := fields(s)
		out = append(out, preset{e.Name, strings.Join(e.Also, ", "), e.Statement, values})
	}
	return out
}
