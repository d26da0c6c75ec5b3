package figure

import (
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
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

// Figures under controls have their values. Those drawn after the cell has ended have its
// recipe, and are not among those of the cell that ran last.
func TestFiguresUnderControls(t *testing.T) {
	defer Begin(Origin{})
	a := Origin{Notebook: "a.ipynb", Cell: "a", Code: "d"}
	Begin(a)
	Add(1)
	place := Here()
	one, two := map[string]string{"θ": "1"}, map[string]string{"θ": "2"}
	var r Recipe
	Draw(one, func() { r = Add(2) })
	if r.Cell != "a" || r.Figure != 2 || !reflect.DeepEqual(r.Widgets, one) || len(Drawn()) != 2 {
		t.Errorf("%+v, %v", r, Drawn())
	}
	if r := Add(3); r.Widgets != nil || r.Figure != 3 {
		t.Errorf("%+v", r)
	}
	Begin(Origin{Notebook: "a.ipynb", Cell: "b"})
	Add(4)
	for range 2 {
		place.DrawAgain(two, func() { r = Add(5) })
		if r.Cell != "a" || r.Code != "d" || r.Figure != 2 || !reflect.DeepEqual(r.Widgets, two) {
			t.Errorf("%+v", r)
		}
	}
	if r := Add(6); r.Cell != "b" || r.Figure != 2 || r.Widgets != nil || !reflect.DeepEqual(Drawn(), []any{4, 6}) {
		t.Errorf("%+v, %v", r, Drawn())
	}
	if next := Here(); next.Run != place.Run+1 || next.Cell != "b" {
		t.Errorf("%+v after %+v", next, place)
	}
	func() {
		defer func() { _ = recover() }()
		place.DrawAgain(one, func() { panic("in a cell") })
	}()
	if len(Drawn()) != 2 {
		t.Errorf("after a panic: %v", Drawn())
	}
}

// A long description is cut at a word, so that a recipe can hold it.
func TestBrief(t *testing.T) {
	if got := Brief("short"); got != "short" {
		t.Errorf("%q", got)
	}
	for _, long := range []string{strings.Repeat("wörter ", 1000), strings.Repeat("ö", 3000)} {
		got := Brief(long)
		if r := recipe(); len(got) > maxText || len(got) < maxText/2 || !strings.HasSuffix(got, " …") {
			t.Errorf("%d bytes: …%q", len(got), got[len(got)-20:])
		} else if r.Description = got; r.Check() != nil {
			t.Error(r.Check())
		}
	}
	r := recipe()
	if r.Description = "two\nlines"; r.Check() == nil || !strings.Contains(r.Check().Error(), "description") {
		t.Errorf("%v", r.Check())
	}
}
