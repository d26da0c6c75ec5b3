package figure

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	_ "github.com/features-are-fate/fate/pkg/internal/property"
	"pgregory.net/rapid"
)

// picture is a PNG of one pixel.
func picture(t testing.TB) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// full are data in which every field holds something.
func full() Data {
	return Data{Panels: []Panel{
		{Kind: "slices", Title: "t", X: "x", Y: "y", Z: "z",
			Curves: []Curve{{Role: "points", Label: "l", Method: "solve", X: Numbers{1, 2}, Y: Numbers{3, -4}, Err: Numbers{0.5, 0.25}}}},
		{Kind: "plane", Title: "u", X: "v", Y: "w", Z: "s",
			Curves: []Curve{{Role: "boundary", X: Numbers{1, 2}, Y: Numbers{8, 9}}},
			Grid:   &Grid{Method: "law", X: Numbers{1, 2, 3}, Y: Numbers{4, 5}, Z: []Numbers{{1, 2, 3}, {4, 5, -16}}}},
	}}
}

func recipe() Recipe {
	return Recipe{Format: 1, Notebook: "a.ipynb", Cell: "c", Figure: 1, Code: strings.Repeat("0", 16), Parameters: map[string]string{"pace": "quick é ≥ 🙂 𝒯"}, Widgets: map[string]string{"θ": "45"},
		Methods: []string{"law"}, Seeds: []uint64{1}, Module: "m", Version: "v", Go: "go1", Arch: "amd64", Data: strings.Repeat("a", 64), Description: "A finding.",
		Verdict: &Verdict{Agree: 1, Columns: []string{"a", "b"}, Rows: [][]string{{"1", "2"}, {"3", "4"}}}}
}

// eachLeaf calls f for every text and every number of a value, in whatever depth, with what sets
// it; what was set is set back.
func eachLeaf(v reflect.Value, path string, f func(path string, leaf reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		eachLeaf(v.Elem(), path, f)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachLeaf(v.Field(i), path+"."+v.Type().Field(i).Name, f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachLeaf(v.Index(i), fmt.Sprintf("%s[%d]", path, i), f)
		}
	case reflect.String, reflect.Float64, reflect.Int, reflect.Uint64:
		was := reflect.New(v.Type()).Elem()
		was.Set(v)
		f(path, v)
		v.Set(was)
	}
}

// Every text and every number of the data changes their hash and is a difference, which is
// relative to the largest number of its curve or map; no text may hold control characters. A
// new field cannot be forgotten: it is found by reflection.
func TestEveryFieldOfTheData(t *testing.T) {
	d, same := full(), full()
	eachLeaf(reflect.ValueOf(&d), "", func(path string, leaf reflect.Value) {
		if leaf.Kind() == reflect.String {
			leaf.SetString("other")
			if c := Compare(same, d); !math.IsInf(c.Relative, 1) || c.Where == "" {
				t.Errorf("%s: %+v", path, c)
			}
			if d.Hash() == same.Hash() {
				t.Errorf("%s is not in the hash", path)
			}
			leaf.SetString("\x1b[2J")
			if err := d.check(); err == nil || !strings.Contains(err.Error(), "is not plain text") {
				t.Errorf("%s: a terminal escape: %v", path, err)
			}
			return
		}
		was := leaf.Float()
		leaf.SetFloat(math.Nextafter(was, 1e9))
		if d.Hash() == same.Hash() {
			t.Errorf("%s: the last bit is not in the hash", path)
		}
		leaf.SetFloat(was + 1./1024)
		largest := map[string]float64{"[0].X": 2, "[0].Y": 4, "Err": 0.5, "Grid.X": 3, "Grid.Y": 5, "Grid.Z": 16, "Panels[1].Curves[0].Y": 9}
		want := 0.0
		for suffix, scale := range largest {
			if strings.Contains(path, suffix) {
				want = max(want, 1/(1024*scale))
			}
		}
		if strings.Contains(path, "Panels[1].Curves[0].Y") {
			want = 1. / (1024 * 9)
		}
		c := Compare(same, d)
		if math.Abs(c.Relative-want) > 1e-15 || c.Where == "" {
			t.Errorf("%s: the difference is %v, want %v, %q", path, c.Relative, want, c.Where)
		}
		if back := Compare(d, same); back.Where == "" {
			t.Errorf("%s: there is no difference in the other direction", path)
		}
	})
	if c := Compare(d, same); c != (Difference{}) {
		t.Errorf("equal data: %+v", c)
	}
	for what, change := range map[string]func(d *Data){
		"a panel":      func(d *Data) { d.Panels = d.Panels[:1] },
		"a curve":      func(d *Data) { d.Panels[0].Curves = nil },
		"the map":      func(d *Data) { d.Panels[1].Grid = nil },
		"the errors":   func(d *Data) { d.Panels[0].Curves[0].Err = nil },
		"a row":        func(d *Data) { d.Panels[1].Grid.Z = d.Panels[1].Grid.Z[:1] },
		"an infinity":  func(d *Data) { d.Panels[0].Curves[0].Y[0] = math.Inf(1) },
		"not a number": func(d *Data) { d.Panels[0].Curves[0].Y[0] = math.NaN() },
	} {
		d := full()
		change(&d)
		for _, c := range []Difference{Compare(same, d), Compare(d, same)} {
			if !math.IsInf(c.Relative, 1) || c.Where == "" {
				t.Errorf("%s: %+v", what, c)
			}
		}
	}
	// The worst of several differences is named, wherever it is.
	d = full()
	d.Panels[0].Curves[0].X[1], d.Panels[1].Grid.Z[0][1], d.Panels[1].Curves[0].Y[0] = 2.5, 4, 8.5
	if c := Compare(same, d); c.Relative != 0.25 || c.Where != "panel 1, curve 1 (points l), x of point 2: 2.5, in the file 2" {
		t.Errorf("%+v", c)
	}
	d.Panels[1].Grid.Z[0][1] = 18
	if c := Compare(same, d); c.Relative != 1 || c.Where != "panel 2, the map, row by row, of point 2: 18, in the file 2" {
		t.Errorf("%+v", c)
	}
}

// A difference up to a millionth of the largest number is rounding on another architecture, and
// on the same one none is; infinities and NaN are the same only as themselves.
func TestTolerance(t *testing.T) {
	for _, scale := range []float64{1e-8, 1, 1e8} {
		for relative, allowed := range map[float64]bool{0.9e-6: true, 1.1e-6: false, 1e-5: false, 1e-12: true} {
			a, b := full(), full()
			y := Numbers{0, -scale, math.Inf(1), math.NaN()}
			a.Panels[0].Curves[0] = Curve{X: y, Y: y}
			b.Panels[0].Curves[0] = Curve{X: y, Y: slices.Clone(y)}
			b.Panels[0].Curves[0].Y[0] = relative * scale
			for _, arch := range []string{"amd64", "arm64"} {
				file := &File{Recipe: Recipe{Arch: "amd64", Data: a.Hash()}, Data: &a}
				again := &File{Recipe: Recipe{Arch: arch, Data: b.Hash()}, Data: &b}
				if err := Same(file, again); (err == nil) != (allowed && arch == "arm64") || err != nil && !strings.Contains(err.Error(), "y of point 1") {
					t.Errorf("%v of %v on %s: %v", relative, scale, arch, err)
				}
				again.Recipe.Data = file.Recipe.Data
				if err := Same(file, again); err != nil {
					t.Errorf("the same hash: %v", err)
				}
				for _, f := range []struct{ a, b *File }{{file, &File{Recipe: Recipe{Data: "x"}}}, {&File{Recipe: Recipe{Data: "x"}}, again}} {
					if err := Same(f.a, f.b); err == nil || !strings.Contains(err.Error(), "too large for the file") {
						t.Errorf("without data: %v", err)
					}
				}
			}
		}
	}
	a, b := full(), full()
	b.Panels[0].Title = "other"
	err := Same(&File{Recipe: Recipe{Arch: "a", Data: "1"}, Data: &a}, &File{Recipe: Recipe{Arch: "b", Data: "2"}, Data: &b})
	if err == nil || !strings.HasPrefix(err.Error(), "it differs: panel 1, its labels") {
		t.Error(err)
	}
	zero := compareNumbers("y", Numbers{0, 0}, Numbers{0, 1e-300})
	if !math.IsInf(zero.Relative, 1) {
		t.Errorf("a number where all were 0: %+v", zero)
	}
}

// Every number is in its row and column of the CSV, to its last bit; a standard error only
// where there is one.
func TestEveryNumberIsInTheCSV(t *testing.T) {
	d := full()
	d.Panels[0].Curves[0].Y[1] = math.Nextafter(0.1, 1)
	d.Panels[1].Grid.Z[1][0] = math.Inf(-1)
	var b bytes.Buffer
	if err := d.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"panel", "kind", "label", "method", "x", "y", "stderr", "z"},
		{"1", "points", "l", "solve", "1", "3", "0.5", ""}, {"1", "points", "l", "solve", "2", "0.10000000000000002", "0.25", ""},
		{"2", "boundary", "", "", "1", "8", "", ""}, {"2", "boundary", "", "", "2", "9", "", ""},
		{"2", "map", "s", "law", "1", "4", "", "1"}, {"2", "map", "s", "law", "2", "4", "", "2"}, {"2", "map", "s", "law", "3", "4", "", "3"},
		{"2", "map", "s", "law", "1", "5", "", "-Inf"}, {"2", "map", "s", "law", "2", "5", "", "5"}, {"2", "map", "s", "law", "3", "5", "", "-16"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nwant\n%v", got, want)
	}
}

// Numbers keep every bit in JSON, and nothing else is a number.
func TestNumbersInJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Numbers(rapid.SliceOf(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}))).Draw(t, "numbers"))
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Numbers
		if err := json.Unmarshal(b, &got); err != nil || len(got) != len(want) {
			t.Fatalf("%s: %v, %v", b, got, err)
		}
		for i := range got {
			if math.Float64bits(got[i]) != math.Float64bits(want[i]) && !(math.IsNaN(got[i]) && math.IsNaN(want[i])) {
				t.Errorf("%v, want %v", got[i], want[i])
			}
		}
	})
	for _, text := range []string{`[null]`, `["Inf"]`, `["1"]`, `[true]`, `[[1]]`, `[{}]`, `1`, `[1e999]`, `["+inf"]`} {
		var n Numbers
		if err := json.Unmarshal([]byte(text), &n); err == nil {
			t.Errorf("%s is %v", text, n)
		}
	}
}

// The data and the recipe of a file come back as they were, and the picture can be decoded.
func TestRoundTrip(t *testing.T) {
	b, err := Embed(picture(t), recipe(), full())
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	want := recipe()
	want.Data = full().Hash()
	if !reflect.DeepEqual(*f.Data, full()) || !reflect.DeepEqual(f.Recipe, want) {
		t.Errorf("%+v, want %+v", f.Recipe, want)
	}
	if _, err := png.Decode(bytes.NewReader(b)); err != nil {
		t.Errorf("the picture: %v", err)
	}
}

// Of two equal differences the first is named.
func TestFirstOfEqualDifferences(t *testing.T) {
	if d := compareNumbers("y", Numbers{1, 2, 4}, Numbers{1, 3, 5}); !strings.HasPrefix(d.Where, "y of point 2") {
		t.Errorf("%+v", d)
	}
}
