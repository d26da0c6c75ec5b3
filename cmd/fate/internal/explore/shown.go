package explore

import (
	"strconv"

	"github.com/features-are-fate/fate/cmd/fate/internal/explore/model"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/theory"
)

// Shown returns the state at which the page shows what a figure of a notebook does: that of
// the notebook's result, with the parameters and the controls of the figure's recipe. It is
// false for a notebook without a state.
func Shown(r figure.Recipe) (model.State, bool) {
	s := Initial
	if !ofNotebook(r.Notebook, &s) {
		return s, false
	}
	for _, values := range []map[string]string{r.Parameters, r.Widgets} {
		for name, text := range values {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				continue // such as pace
			}
			switch name {
			case "gamma", "γ":
				s.Gamma = v
			case "degrees", "θ in degrees":
				s.Theta = v
			case "sigma", "σ":
				s.Sigma = v
			case "depth", "L":
				s.Depth = int(v)
			case "d":
				s.D = int(v)
			}
		}
	}
	_, err := s.Setting()
	return s, err == nil
}

func ofNotebook(notebook string, s *model.State) bool {
	for _, e := range theory.All() {
		if e.Notebook != notebook {
			continue
		}
		if change, ok := states[e.Name]; ok {
			change(s)
			return true
		}
		if e.Name == "Transferability" { // what is compared, at the first state
			return true
		}
	}
	return false
}
