package plotting

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"flag"
	imagepng "image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot/vg"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// lines is a set of curves.
type lines []struct {
	label     string
	x, y, bar []float64
}

func (l lines) Len() int { return len(l) }
func (l lines) Curve(i int) (string, []float64, []float64, []float64) {
	return l[i].label, l[i].x, l[i].y, l[i].bar
}
func (l lines) Err() error { return nil }

type broken struct{ lines }

func (broken) Err() error { return errors.New("no data today") }

// field is T = cos²θ − γ, whose zero contour is γ = cos²θ.
type field struct{ x, y []float64 }

func (f field) Values() (x, y []float64, z [][]float64) {
	for _, gamma := range f.y {
		var row []float64
		for _, theta := range f.x {
			row = append(row, math.Pow(math.Cos(theta), 2)-gamma)
		}
		z = append(z, row)
	}
	return f.x, f.y, z
}
func (f field) Boundary() (x, y [][]float64) {
	var a, b []float64
	for i := 0; i <= 50; i++ {
		t := math.Pi / 2 * float64(i) / 50
		a, b = append(a, t), append(b, math.Pow(math.Cos(t), 2))
	}
	return [][]float64{a}, [][]float64{b}
}
func (field) Err() error { return nil }

var theta8 = []float64{0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5}

func exampleSlices() Slices {
	return Slices{
		Title: `a slice, $\sigma = 0.2$`, X: `$\gamma = n/d$`, Y: `$\mathcal{T}_{\mathrm{lt}}$`,
		Lines: lines{
			{"$L = 1$", []float64{0.5, 1, 1.5, 2}, []float64{0.5, math.Inf(1), 0.2, -0.1}, nil},
			{"$L = 2$", []float64{0.5, 1, 1.5, 2}, []float64{0.3, 0.1, -0.2, -0.3}, nil},
		},
		Dashed: lines{{"$L = 1$", []float64{0.5, 2}, []float64{0.45, -0.2}, nil}},
		Points: lines{
			{"$L = 1$", []float64{0.5, 1.5, 1.8}, []float64{0.52, 0.18, 9}, []float64{0.05, 0.05, 1}},
			{"$L = 2$", []float64{0.5, 1.5, 1.8}, []float64{0.28, -0.19, math.NaN()}, []float64{0.05, 0.05, 0}},
		},
		LinesLabel: "exact", DashedLabel: "printed", YLow: -0.5, YHigh: 0.8,
	}
}

func exampleDiagram() PhaseDiagram {
	return PhaseDiagram{Title: `$\sigma = 0$`, X: `$\theta$`, Y: `$\gamma$`, Z: `$\mathcal{T}$`, Field: field{theta8, theta8}}
}

// The plotted numbers are the golden file of a figure. Pixels only have to be
// the same twice.
func TestFigureData(t *testing.T) {
	f := Draw(exampleSlices(), exampleDiagram())
	if f.Err() != nil {
		t.Fatal(f.Err())
	}
	file, err := figure.Parse(f.Render().Data["image/png"].([]byte))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(file.Data, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "figure.json")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("the data of the figure changed (go test ./plotting -update accepts that):\n%s", d)
	}
}

// A figure has the exact width of its columns, and its smallest letters stay readable.
func TestColumns(t *testing.T) {
	three := Draw(exampleSlices(), exampleDiagram(), exampleSlices())
	for n, want := range map[int]float64{1: 3.25, 2: 6.75} {
		f := three.Columns(n)
		w, h := f.Size()
		if f.Err() != nil || math.Abs(float64(w/vg.Inch)-want) > 1e-9 {
			t.Errorf("%d columns: %v inches wide, want %v: %v", n, w/vg.Inch, want, f.Err())
		}
		l := f.arrange()
		rows, scale := l.rows, l.scale
		if got := map[int]int{1: 3, 2: 2}[n]; len(rows) != got {
			t.Errorf("%d columns: %d rows, want %d", n, len(rows), got)
		}
		if size := float64(tickSize) * scale; size < 6.5 {
			t.Errorf("%d columns: the smallest letters have %.1f points", n, size)
		}
		png, err := f.PNG()
		if err != nil {
			t.Fatal(err)
		}
		img, err := imagepng.DecodeConfig(bytes.NewReader(png))
		if err != nil || math.Abs(float64(img.Width)-want*dpi) > 1 || math.Abs(float64(img.Height)-float64(h/vg.Inch)*dpi) > 1 {
			t.Errorf("%d columns: %d × %d pixels: %v", n, img.Width, img.Height, err)
		}
		a, err := figure.Parse(png)
		if err != nil {
			t.Fatal(err)
		}
		if a.Data.Hash() != three.data().Hash() {
			t.Errorf("%d columns: other data", n)
		}
	}
	for _, n := range []int{0, 3, -1} {
		if three.Columns(n).Err() == nil {
			t.Errorf("Columns(%d) is no error", n)
		}
	}
	if w, _ := Draw(exampleSlices()).Columns(2).Size(); w != twoColumns {
		t.Errorf("one panel on two columns is %v wide", w)
	}
}

// All letters of a PDF use embedded fonts.
func TestPDFEmbedsItsFonts(t *testing.T) {
	pdf, err := Draw(exampleSlices()).PDF()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range pdfFonts {
		if !bytes.Contains(pdf, []byte("/BaseFont /utf8"+name)) {
			t.Errorf("the font %s is not there", name)
		}
	}
	fonts, files := bytes.Count(pdf, []byte("/Type /FontDescriptor")), bytes.Count(pdf, []byte("/FontFile2"))
	if fonts != 3 || files != fonts {
		t.Errorf("%d fonts, %d of them embedded", fonts, files)
	}
	// Every letter of the labels is written as text, in order within a label.
	_, page, _ := bytes.Cut(pdf, []byte("/Contents"))
	_, page, _ = bytes.Cut(page, []byte("stream\n"))
	r, err := zlib.NewReader(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"a slice, ", "exact", "printed", "T"} {
		var wide []byte
		for _, letter := range []byte(word) {
			wide = append(wide, 0, letter)
		}
		if !bytes.Contains(content, append([]byte("("), wide...)) {
			t.Errorf("%q is not written as text", word)
		}
	}
}

func TestFigureHasTheSameBytesTwice(t *testing.T) {
	for _, ext := range []string{"png", "svg", "pdf"} {
		var files [2][]byte
		for i := range files {
			path := filepath.Join(t.TempDir(), "figure."+ext)
			if err := Draw(exampleSlices(), exampleDiagram()).Save(path).Err(); err != nil {
				t.Fatal(err)
			}
			var err error
			if files[i], err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(files[0], files[1]) {
			t.Errorf("%s: two runs differ", ext)
		}
		if ext == "svg" && bytes.Count(files[0], []byte("<text")) != bytes.Count(files[0], []byte(`fill-opacity="0"`)) {
			t.Error("the SVG shows text, which needs a font that the reader may lack")
		}
	}
}

// An inline figure has twice the resolution of a screen, stored in the file.
func TestPNGSaysItsSize(t *testing.T) {
	f := Draw(exampleDiagram())
	data, err := f.PNG()
	if err != nil {
		t.Fatal(err)
	}
	img, err := imagepng.Decode(bytes.NewReader(data)) // checks the checksums too
	if err != nil {
		t.Fatal(err)
	}
	w, _ := f.Size()
	if got, want := img.Bounds().Dx(), int(math.Round(float64(w)/72*dpi)); got != want {
		t.Errorf("%d pixels wide, want %d", got, want)
	}
	meta := f.Render().Metadata["image/png"].(map[string]interface{})
	if got, want := meta["width"], img.Bounds().Dx()/2; got != want {
		t.Errorf("shown %v wide, want %d", got, want)
	}
}

// Blue is positive transfer, red negative, white zero.
func TestColoursOfTransfer(t *testing.T) {
	plus, minus, zero := transferColor(0.7, 1), transferColor(-0.7, 1), transferColor(0, 1)
	if plus.B <= plus.R || minus.R <= minus.B || zero.R != 255 || zero.G != 255 || zero.B != 255 {
		t.Errorf("+ %v, − %v, 0 %v", plus, minus, zero)
	}
	if transferColor(5, 1) != transferColor(1, 1) || transferColor(-5, 1) != transferColor(-1, 1) {
		t.Error("colours do not saturate")
	}
}

func TestLabels(t *testing.T) {
	p, err := parseLabel(`risk $\mathcal{R}_{\mathrm{sc}}$`)
	if err != nil || len(p) != 3 || p[1].text != "R" || p[1].face != symbol || p[2].text != "sc" || p[2].rise >= 0 || p[2].size >= 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := parseLabel(`$x^2_i$ costs 3\$`); err != nil || p[1].rise <= 0 || p[2].rise >= 0 || !strings.HasSuffix(p[3].text, "3$") {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []string{`$x`, `$\nothing$`, `$x_$`, `$x_{a$`, `$a}$`, `$\mathcal{x}$`, `$\mathrm$`, `$\mathrm{a_b}$`, `$_$`, `$x__y$`, `$\$`, "$" + strings.Repeat("x^{", 50) + "$"} {
		if _, err := parseLabel(bad); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

func FuzzLabel(f *testing.F) {
	f.Add(`$\mathcal{T}_{\mathrm{lt}} = \pi/2$`)
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := parseLabel(s); err == nil {
			if w := textStyle(labelSize).Width(s); math.IsNaN(float64(w)) || w < 0 {
				t.Errorf("width %v", w)
			}
		}
	})
}

func TestTicks(t *testing.T) {
	label := func(lo, hi float64) (out []string) {
		for _, k := range (ticks{}).Ticks(lo, hi) {
			out = append(out, k.Label)
		}
		return out
	}
	if got := strings.Join(label(-1, 1.2), " "); got != "−1.0 −0.5 0.0 0.5 1.0" {
		t.Errorf("ticks of [-1, 1.2]: %s", got)
	}
	if got := strings.Join(label(0, 2000), " "); got != "0 500 1000 1500 2000" {
		t.Errorf("ticks of [0, 2000]: %s", got)
	}
	var angles []string
	for _, k := range (angleTicks{}).Ticks(-math.Pi/4, math.Pi/2) {
		angles = append(angles, k.Label)
	}
	if got := strings.Join(angles, " "); got != `$-\pi/4$ $-\pi/8$ 0 $\pi/8$ $\pi/4$ $3\pi/8$ $\pi/2$` {
		t.Errorf("angle ticks: %s", got)
	}
}

func TestBadInput(t *testing.T) {
	with := func(change func(*Slices)) Panel { s := exampleSlices(); change(&s); return s }
	diagram := func(change func(*PhaseDiagram)) Panel { d := exampleDiagram(); change(&d); return d }
	for want, panel := range map[string]Panel{
		`\nothing`:         with(func(s *Slices) { s.X = `$\nothing$` }),
		"YLow = NaN":       with(func(s *Slices) { s.YLow = math.NaN() }),
		"YLow = 2":         with(func(s *Slices) { s.YLow, s.YHigh = 2, 1 }),
		"no data today":    with(func(s *Slices) { s.Points = broken{} }),
		"has no curve":     Slices{},
		"3 x, 2 y":         with(func(s *Slices) { s.Lines = lines{{"", []float64{1, 2, 3}, []float64{1, 2}, nil}} }),
		"no finite value":  Slices{Lines: lines{{"", []float64{1, 2}, []float64{math.NaN(), math.Inf(1)}, nil}}},
		"above 0":          Slices{LogY: true, Lines: lines{{"", []float64{1, 2}, []float64{-1, 0}, nil}}},
		"Field is nil":     PhaseDiagram{},
		"Limit = -1":       diagram(func(d *PhaseDiagram) { d.Limit = -1 }),
		"1 × 8 values":     diagram(func(d *PhaseDiagram) { d.Field = field{theta8[:1], theta8} }),
		"rising order":     diagram(func(d *PhaseDiagram) { d.Field = field{[]float64{2, 1}, theta8} }),
		"logarithmic axis": with(func(s *Slices) { s.LogY, s.YLow, s.YHigh = true, -1, 1 }),
	} {
		f := Draw(panel)
		if f.Err() == nil || !strings.Contains(f.Err().Error(), want) {
			t.Errorf("want an error with %q, got %v", want, f.Err())
			continue
		}
		if _, err := f.PNG(); err == nil {
			t.Errorf("%s: PNG is no error", want)
		}
		if f.Save("x.png").Err() == nil {
			t.Errorf("%s: Save is no error", want)
		}
	}
	if Draw().Err() == nil {
		t.Error("a figure without panels is no error")
	}
	if err := Draw(exampleDiagram()).Save("figure.jpeg").Err(); err == nil || !strings.Contains(err.Error(), ".jpeg") {
		t.Errorf("want an error about the format, got %v", err)
	}
}

func BenchmarkPNG(b *testing.B) {
	for b.Loop() {
		if _, err := Draw(exampleSlices(), exampleDiagram()).PNG(); err != nil {
			b.Fatal(err)
		}
	}
}
