package explore

import (
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
)

// A figure leads to its own angle, noise, depth and controls; a figure whose state is not
// known, or is out of the domain of theory, leads nowhere.
func TestShown(t *testing.T) {
	for _, c := range []struct {
		recipe figure.Recipe
		want   string
	}{
		{figure.Recipe{Notebook: "00_start_here.ipynb", Parameters: map[string]string{"degrees": "40", "sigma": "0.2", "depth": "3", "pace": "quick"}},
			"gamma=0.5&theta=40&sigma=0.2&depth=3&d=500&lambda=0&k=1&source=0&baseline=plain"},
		{figure.Recipe{Notebook: "06_fine_tuning.ipynb", Parameters: map[string]string{"sigma": "1"}, Widgets: map[string]string{"γ": "0.7", "σ": "0.3", "L": "4"}},
			"gamma=0.7&theta=59.9&sigma=0.3&depth=4&d=500&lambda=0&k=1&source=0&baseline=plain"},
		{figure.Recipe{Notebook: "09_relu_networks.ipynb"}, ""},
		{figure.Recipe{Notebook: "mine.ipynb", Parameters: map[string]string{"sigma": "1"}}, ""},
		{figure.Recipe{Notebook: "04_linear_transfer.ipynb", Parameters: map[string]string{"sigma": "-1"}}, ""},
	} {
		s, ok := Shown(c.recipe)
		if ok != (c.want != "") || ok && Fragment(s) != c.want {
			t.Errorf("%s: %v %s, want %q", c.recipe.Notebook, ok, Fragment(s), c.want)
		}
	}
}
