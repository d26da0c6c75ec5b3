package figure

import (
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/features-are-fate/fate/pkg"
)

// Figures of a cell are counted from 1 and listed; those of a program are all figure 1.
func TestOrigin(t *testing.T) {
	defer Begin(Origin{})
	o := Origin{Notebook: "a.ipynb", Cell: "c", Code: "d", Parameters: map[string]string{"p": "1"}}
	for range 2 {
		Begin(o)
		for n := 1; n <= 3; n++ {
			want := Recipe{Notebook: "a.ipynb", Cell: "c", Figure: n, Code: "d", Parameters: o.Parameters, Module: pkg.Module, Version: pkg.Source(), Go: runtime.Version(), Arch: runtime.GOARCH}
			if r := Add(n); !reflect.DeepEqual(r, want) {
				t.Errorf("%+v, want %+v", r, want)
			}
		}
		if err := NoteSaved("x.png"); err != nil {
			t.Fatal(err)
		}
		path, _ := filepath.Abs("x.png")
		if !reflect.DeepEqual(Drawn(), []any{1, 2, 3}) || !slices.Equal(Saved(), []string{path}) {
			t.Errorf("%v, %v", Drawn(), Saved())
		}
	}
	Begin(Origin{})
	for range 2 {
		if r := Add(1); r.Figure != 1 || r.Notebook != "" {
			t.Errorf("%+v", r)
		}
	}
	if err := NoteSaved("x.png"); err != nil || Drawn() != nil || Saved() != nil {
		t.Errorf("%v, %v, %v", Drawn(), Saved(), err)
	}
}
