package report

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
)

// Every figure that a notebook draws has a caption. Its description, which is the alternative
// text here and in a notebook, begins with it and names each panel by its letter.
func TestFiguresAreDescribed(t *testing.T) {
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	drawn := 0
	for _, path := range files {
		nb, err := ipynb.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range nb.Cells {
			code := c.Source
			if n := strings.Count(code, "plotting.Draw("); n != strings.Count(code, ".Caption(") {
				t.Errorf("%s, cell %s: %d figures, and not as many captions", filepath.Base(path), c.ID, n)
			} else {
				drawn += n
			}
			for _, o := range c.Outputs {
				text, _ := o.Data["image/png"].(string)
				data, err := base64.StdEncoding.DecodeString(text)
				if err != nil || text == "" {
					continue
				}
				f, err := figure.Parse(data)
				if err != nil || f.Recipe.Description == "" { // drawn before figures had one
					continue
				}
				text = f.Recipe.Description
				if strings.ContainsAny(text, `$\`) || !strings.Contains(code, strings.Fields(text)[0]) {
					t.Errorf("%s, cell %s: the description is %q", filepath.Base(path), c.ID, text)
				}
				for i := range f.Data.Panels {
					if letter := "(" + string(rune('a'+i)) + ") "; len(f.Data.Panels) > 1 && !strings.Contains(text, letter) {
						t.Errorf("%s, cell %s: no %sin %q", filepath.Base(path), c.ID, letter, text)
					}
				}
			}
		}
	}
	if drawn < 45 {
		t.Errorf("the notebooks draw %d figures", drawn)
	}
}
