package figure

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Every text of a recipe is refused if it holds a terminal escape: a new field cannot be
// forgotten.
func TestEveryTextOfARecipe(t *testing.T) {
	r := recipe()
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	eachLeaf(reflect.ValueOf(&r), "", func(path string, leaf reflect.Value) {
		if leaf.Kind() != reflect.String {
			return
		}
		leaf.SetString("\x1b[2J")
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), "invalid recipe") {
			t.Errorf("%s: %v", path, err)
		}
	})
}

// The edges of what a recipe may hold.
func TestRecipeLimits(t *testing.T) {
	hex := func(n int) string { return strings.Repeat("0", n) }
	names := func(n int) map[string]string {
		out := map[string]string{}
		for i := range n {
			out[fmt.Sprintf("p%d", i)] = "1"
		}
		return out
	}
	rows := func(n int) [][]string { return slices.Repeat([][]string{{"1", "2"}}, n) }
	for i, c := range []struct {
		change func(r *Recipe)
		want   string
	}{
		{func(r *Recipe) {}, ""},
		{func(r *Recipe) { r.Format = 0 }, "fate is"}, {func(r *Recipe) { r.Format = 2 }, "fate is"},
		{func(r *Recipe) { r.Notebook, r.Cell, r.Code = "", "", "" }, ""},
		{func(r *Recipe) { r.Notebook = strings.Repeat("a", 121) + ".ipynb" }, ""}, {func(r *Recipe) { r.Notebook = strings.Repeat("a", 122) + ".ipynb" }, "notebook is"},
		{func(r *Recipe) { r.Cell = strings.Repeat("a", 64) }, ""}, {func(r *Recipe) { r.Cell = strings.Repeat("a", 65) }, "cell is"},
		{func(r *Recipe) { r.Figure = 0 }, "figure is"}, {func(r *Recipe) { r.Figure = 2000 }, ""}, {func(r *Recipe) { r.Figure = 2001 }, "figure is"},
		{func(r *Recipe) { r.Code = hex(64) }, ""}, {func(r *Recipe) { r.Code = hex(15) }, "code is"}, {func(r *Recipe) { r.Code = hex(65) }, "code is"},
		{func(r *Recipe) { r.Data = "" }, "data is"}, {func(r *Recipe) { r.Data = hex(16) }, ""}, {func(r *Recipe) { r.Data = "G" + hex(16) }, "data is"},
		{func(r *Recipe) { r.Parameters = names(2000) }, ""}, {func(r *Recipe) { r.Parameters = names(2001) }, "parameters, widgets or seeds"},
		{func(r *Recipe) { r.Seeds = make([]uint64, 2000) }, ""}, {func(r *Recipe) { r.Seeds = make([]uint64, 2001) }, "parameters, widgets or seeds"},
		{func(r *Recipe) { r.Module = strings.Repeat("a", 120) }, ""}, {func(r *Recipe) { r.Module = strings.Repeat("a", 121) }, "module is"},
		{func(r *Recipe) { r.Version = "" }, "version is"}, {func(r *Recipe) { r.Go = "go;" }, "go is"}, {func(r *Recipe) { r.Arch = "" }, "arch is"},
		{func(r *Recipe) { r.Methods = []string{"law", "solve", "train"} }, ""}, {func(r *Recipe) { r.Methods = []string{"law", ""} }, "tiers is"},
		{func(r *Recipe) { r.Parameters = map[string]string{strings.Repeat("a", 100): ""} }, ""}, {func(r *Recipe) { r.Parameters = map[string]string{strings.Repeat("a", 101): ""} }, "parameters is"},
		{func(r *Recipe) { r.Parameters = map[string]string{"a": strings.Repeat("é", 1000)} }, ""}, {func(r *Recipe) { r.Parameters = map[string]string{"a": strings.Repeat("a", 2001)} }, "parameters.a is"},
		{func(r *Recipe) { r.Parameters = map[string]string{"a": "\xff"} }, "parameters.a is"},
		{func(r *Recipe) { r.Widgets = names(2000) }, ""}, {func(r *Recipe) { r.Widgets = names(2001) }, "parameters, widgets or seeds"},
		{func(r *Recipe) { r.Widgets = map[string]string{"θ [°]": ""} }, ""}, {func(r *Recipe) { r.Widgets = map[string]string{"a\n": "1"} }, "widgets is"}, {func(r *Recipe) { r.Widgets = map[string]string{"a": "\x1b"} }, "widgets is"},
		{func(r *Recipe) { r.Verdict = nil }, ""}, {func(r *Recipe) { r.Verdict.Rows = nil }, "0 of 0"}, {func(r *Recipe) { r.Verdict.Rows, r.Verdict.Agree = nil, 0 }, "0 of 0"},
		{func(r *Recipe) { r.Verdict.Rows = rows(2000) }, ""}, {func(r *Recipe) { r.Verdict.Rows = rows(2001) }, "1 of 2001"},
		{func(r *Recipe) { r.Verdict.Agree = 0 }, ""}, {func(r *Recipe) { r.Verdict.Agree = 2 }, ""}, {func(r *Recipe) { r.Verdict.Agree = 3 }, "3 of 2"}, {func(r *Recipe) { r.Verdict.Agree = -1 }, "-1 of 2"},
		{func(r *Recipe) { r.Verdict.Rows[1] = []string{"x"} }, "row 2 has 1 columns, the heading 2"}, {func(r *Recipe) { r.Verdict.Rows[0] = append(r.Verdict.Rows[0], "x") }, "row 1 has 3 columns"},
	} {
		r := recipe()
		c.change(&r)
		if r.Verdict != nil && len(r.Verdict.Rows) == 0 {
			r.Verdict.Agree = 0
		}
		if err := r.Check(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("case %d: want %q, got %v", i, c.want, err)
		}
	}
	for text, want := range map[string]string{strings.Repeat("a", 58): `"` + strings.Repeat("a", 58) + `"`, strings.Repeat("a", 59): `"` + strings.Repeat("a", 55) + `…"`} {
		if got := brief(text); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// The inconsistencies of data.
func TestDataChecks(t *testing.T) {
	for want, change := range map[string]func(d *Data){
		"":                             func(d *Data) {},
		"no panel":                     func(d *Data) { d.Panels = nil },
		"panel 1: a curve has 2 x, 1 ": func(d *Data) { d.Panels[0].Curves[0].Y = Numbers{1} },
		"2 y and 1 error values":       func(d *Data) { d.Panels[0].Curves[0].Err = Numbers{1} },
		"2 y and 3 error values":       func(d *Data) { d.Panels[0].Curves[0].Err = Numbers{1, 2, 3} },
		"panel 2: a map has 1 rows":    func(d *Data) { d.Panels[1].Grid.Z = d.Panels[1].Grid.Z[:1] },
		"panel 2: a map has a row of ": func(d *Data) { d.Panels[1].Grid.Z[1] = Numbers{1} },
	} {
		d := full()
		change(&d)
		if err := d.check(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// Data are embedded up to 256 KiB compressed, a recipe up to 256 KiB, and data are unpacked up
// to 16 MiB.
func TestSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	of := func(n int) Data {
		x := make(Numbers, n)
		for i := range x {
			x[i] = rng.Float64()
		}
		return Data{Panels: []Panel{{Kind: "a", Curves: []Curve{{X: x, Y: x}}}}}
	}
	low, high := false, false
	for n := 10_000; n <= 18_000 && !high; n += 3000 {
		d := of(n)
		size := len(compress(d.encode()))
		b, err := Embed(picture(t), recipe(), d)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(b)
		if err != nil || (f.Data != nil) != (size <= 262144) || f.Recipe.Data != d.Hash() {
			t.Errorf("data of %d bytes are embedded: %v, %v", size, f.Data != nil, err)
		}
		for _, picture := range [][]byte{pdf(), []byte("<svg></svg>")} { // in base64
			if f.Data == nil || size < 131072 {
				continue
			}
			if b, err = Embed(picture, recipe(), d); err != nil {
				t.Fatal(err)
			}
			if g, err := Parse(b); err != nil || g.Data == nil || g.Data.Hash() != d.Hash() {
				t.Errorf("data of %d bytes in %.5s: %v", size, picture, err)
			}
		}
		low, high = low || f.Data != nil, f.Data == nil
	}
	if !low || !high {
		t.Error("the limit was not reached")
	}
	r := recipe()
	r.Parameters = map[string]string{}
	for i := range 130 {
		r.Parameters[fmt.Sprintf("p%d", i)] = strings.Repeat("a", 2000)
	}
	for over := range 2 {
		r.Parameters["rest"] = ""
		r.Parameters["rest"] = strings.Repeat("b", 262144+over-len(r.encode()))
		for _, picture := range [][]byte{picture(t), pdf(), []byte("<svg></svg>")} {
			b, err := Embed(picture, r, full())
			if err == nil {
				_, err = Parse(b)
			}
			if (err == nil) != (over == 0) || err != nil && !strings.Contains(err.Error(), "262145 bytes: at most 262144") {
				t.Errorf("%.5s, %d bytes too many: %v", picture, over, err)
			}
		}
	}
	for n, ok := range map[int]bool{16 << 20: true, 16<<20 + 1: false} {
		out, err := decompress(compress(make([]byte, n)))
		if (err == nil) != ok || ok && len(out) != n {
			t.Errorf("%d bytes unpack to %d, %v", n, len(out), err)
		}
	}
}

// An error of a file names its path.
func TestRead(t *testing.T) {
	good, err := Embed(picture(t), recipe(), full())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"good.png": good, "bad.png": picture(t), "text.png": []byte("hello")} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := Read(path)
		if name == "good.png" {
			if err != nil || !reflect.DeepEqual(*f.Data, full()) {
				t.Errorf("%+v, %v", f, err)
			}
		} else if err == nil || f != nil || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f, err := Read(filepath.Join(dir, "none.png")); err == nil || f != nil {
		t.Errorf("no file: %v, %v", f, err)
	}
}

// Any text survives the escapes of a PDF, and any bytes those of octal digits.
func TestPDFStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(rapid.StringMatching(`[ -~]{0,40}`).Draw(t, "text"))
		file := fmt.Appendf(nil, "/Key (old)\n/Key \r\n\t (%s) /Other (x)", pdfEscape.ReplaceAll(text, []byte(`\$0`)))
		got, err := pdfString(file, "/Key", 1000)
		if bytes.Contains(text, []byte(`\`)) && regexp.MustCompile(`\\[0-7]{3}`).Match(text) {
			t.Skip("digits after a backslash")
		}
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%q, want %q, %v", got, text, err)
		}
	})
	for text, want := range map[string]string{`(a(b)c)`: "a(b)c", `(\101\(\\\))`: `A(\)`, `(\12)`: "12", `(\1018)`: "A8", `()`: "", `(\777)`: "777", `(\0011)`: "\x011"} {
		if got, err := pdfString([]byte("/K "+text), "/K", 100); err != nil || string(got) != want {
			t.Errorf("%s: %q, want %q, %v", text, got, want, err)
		}
	}
	for _, text := range []string{"(a", `(a\`, "a", "", "((a)", `(\10`} {
		if got, err := pdfString([]byte("/K "+text), "/K", 100); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got, err := pdfString([]byte("nothing"), "/K", 100); err != nil || got != nil {
		t.Errorf("%q, %v", got, err)
	}
	for limit, ok := range map[int]bool{5: true, 4: false} {
		if _, err := pdfString([]byte("/K (abc)"), "/K", limit); (err == nil) != ok {
			t.Errorf("a string of 5 bytes within %d: %v", limit, err)
		}
	}
}

// A PDF by hand, with a document information of two entries.
func pdf() []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n1 0 obj\n<</Type/Catalog /Size 99 /Root 5 0 R /Info 3 0 R>>\nendobj\n")
	info := b.Len()
	b.WriteString("\n7 0 obj\n<</Title (x)\n/Author (y)\n>>\nendobj\n")
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 1\n0000000000 65535 f \n7 1\n%010d 00000 n \ntrailer\n<<\n/Size 8\n/Root 1 0 R\n/Info 7 0 R\n>>\nstartxref\n%d\n%%%%EOF\n", info+1, start)
	return b.Bytes()
}

// The update of a PDF is one that a reader follows: startxref points at its table, the table at
// its object, and Prev at the table before; the old entries stay.
func TestPDFUpdate(t *testing.T) {
	old := pdf()
	b, err := Embed(old, recipe(), full())
	if err != nil {
		t.Fatal(err)
	}
	number := func(pattern string, in []byte) int {
		t.Helper()
		m := regexp.MustCompile(pattern).FindAllSubmatch(in, -1)
		if len(m) == 0 {
			t.Fatalf("no %s", pattern)
		}
		n, err := strconv.Atoi(string(m[len(m)-1][1]))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	xref := number(`startxref\n(\d+)\n%%EOF\n$`, b)
	if !bytes.HasPrefix(b[xref:], []byte("xref\n0 1\n")) || !bytes.HasPrefix(b, old) {
		t.Errorf("startxref points at %q", b[xref:xref+20])
	}
	object := number(`7 1\n(\d{10}) 00000 n `, b[xref:])
	if !bytes.HasPrefix(b[object:], []byte("7 0 obj\n<</Title (x)\n/Author (y)\n/FateRecipe (")) {
		t.Errorf("the table points at %q", b[object:object+40])
	}
	if prev := number(`/Prev (\d+)`, b[xref:]); !bytes.HasPrefix(b[prev:], []byte("xref\n")) || prev != number(`startxref\n(\d+)`, old) {
		t.Errorf("Prev points at %q", b[prev:prev+20])
	}
	if number(`/Size (\d+)`, b[xref:]) != 8 || number(`/Root (\d+) 0 R`, b[xref:]) != 1 || number(`/Info (\d+) 0 R`, b[xref:]) != 7 {
		t.Errorf("the trailer %s", b[xref:])
	}
	if f, err := Parse(b); err != nil || !reflect.DeepEqual(*f.Data, full()) {
		t.Errorf("%+v, %v", f, err)
	}
	for _, part := range []string{"/Size 8", "/Root 1 0 R", "/Info 7 0 R", "startxref", "\n7 0 obj", ">>\nendobj\nxref"} {
		if _, err := Embed(bytes.Replace(old, []byte(part), []byte("-"), 1), recipe(), full()); err == nil || !strings.Contains(err.Error(), "no plain") {
			t.Errorf("without %q: %v", part, err)
		}
	}
}

// A PNG ends at IEND, keeps its other chunks, and is damaged if a length or a checksum is wrong.
func TestPNGChunks(t *testing.T) {
	plain := picture(t)
	more := append(AppendChunk([]byte(pngSignature), "IHDR", plain[16:29]), AppendChunk(nil, "tEXt", []byte("note\x00"), []byte("hello"))...)
	more = append(more, plain[33:]...)
	if !bytes.Equal(plain[8:33], AppendChunk(nil, "IHDR", plain[16:29])) {
		t.Error("a chunk is not that of the encoder")
	}
	b, err := Embed(append(bytes.Clone(more), "after the end"...), recipe(), full())
	if err != nil || !bytes.Contains(b, []byte("note\x00hello")) || bytes.Contains(b, []byte("after the end")) {
		t.Errorf("the note: %v", err)
	}
	list, err := chunks(b)
	var kinds []string
	for _, c := range list {
		kinds = append(kinds, c.kind)
	}
	if want := []string{"IHDR", "tEXt", "zTXt", "tEXt", "IDAT", "IEND"}; err != nil || !slices.Equal(kinds, want) {
		t.Errorf("chunks %v, want %v, %v", kinds, want, err)
	}
	for n := 9; n < len(plain); n++ {
		if _, err := chunks(plain[:n]); err == nil && n != 33 && n != len(plain)-12 {
			t.Errorf("a PNG that is cut after %d bytes is whole", n)
		}
	}
	long := bytes.Clone(plain)
	binary.BigEndian.PutUint32(long[8:], 1<<32-1)
	if _, err := chunks(long); err == nil || !strings.Contains(err.Error(), "longer than the file") {
		t.Errorf("a chunk of 4 GB: %v", err)
	}
	for _, bad := range [][]byte{plain[:8], append(bytes.Clone(plain[:8]), plain[33:]...)} {
		if _, err := chunks(bad); err == nil || !strings.Contains(err.Error(), "no header") {
			t.Errorf("without a header: %v", err)
		}
	}
	// Compressed text of another key, and text of the key of the data, are not the data.
	other := AppendChunk(AppendChunk(bytes.Clone(plain[:33]), "zTXt", []byte("other\x00\x00"), compress([]byte("x"))), "tEXt", []byte(dataKey+"\x00"), []byte("x"))
	if b, err = Embed(append(other, plain[33:]...), recipe(), full()); err != nil {
		t.Fatal(err)
	}
	b = append(b[:len(b)-12], AppendChunk(AppendChunk(nil, "tEXt", []byte(dataKey+"\x00x")), "IEND")...)
	if f, err := Parse(b); err != nil || !reflect.DeepEqual(*f.Data, full()) {
		t.Errorf("beside other text: %v", err)
	}
	// A key without a text is no data, and an empty text is damaged.
	text := AppendChunk(bytes.Clone(plain[:33]), "tEXt", []byte(recipeKey+"\x00"), recipe().encode())
	for content, want := range map[string]string{dataKey: "", dataKey + "\x00": "", dataKey + "\x00\x00": "damaged"} {
		f, err := Parse(append(AppendChunk(bytes.Clone(text), "zTXt", []byte(content)), plain[33:]...))
		if (err == nil) != (want == "") || err == nil && f.Data != nil || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", content, err)
		}
	}
	// A recipe in another kind of chunk is none.
	odd := AppendChunk(bytes.Clone(plain[:33]), "zTXt", []byte(recipeKey+"\x00"), recipe().encode())
	if _, err := Parse(append(odd, plain[33:]...)); err == nil || !strings.Contains(err.Error(), "carries no recipe") {
		t.Errorf("a recipe in zTXt: %v", err)
	}
}

// An SVG is read to 200 levels, and past the metadata no more.
func TestSVGDepth(t *testing.T) {
	data := base64.StdEncoding.EncodeToString(compress(full().encode()))
	r := recipe()
	r.Data = full().Hash()
	r.Parameters, r.Verdict = nil, nil
	meta := fmt.Sprintf("<metadata><recipe xmlns=%q>%s</recipe><data xmlns=%q> %s\n</data></metadata>", svgSpace, strings.ReplaceAll(string(r.encode()), `"`, "&quot;"), svgSpace, data)
	for depth, ok := range map[int]bool{199: true, 200: false} { // and the svg itself
		file := "<svg>" + strings.Repeat("<g>", depth) + strings.Repeat("</g>", depth) + meta + "</svg>"
		if _, err := Parse([]byte(file)); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "more than 200 deep") {
			t.Errorf("%d levels: %v", depth, err)
		}
	}
	if f, err := Parse([]byte("<?xml version=\"1.0\"?>\n<!-- x -->\n<svg>" + meta + "<unfinished")); err != nil || !reflect.DeepEqual(*f.Data, full()) {
		t.Errorf("past the metadata: %v", err)
	}
	for _, file := range []string{"x<svg></svg>", "", "<html/>"} {
		if formatOf([]byte(file)) != nil {
			t.Errorf("%q is a picture", file)
		}
	}
	if f, err := Embed([]byte("<svg a='1'><g/></svg>"), recipe(), full()); err != nil || !bytes.HasPrefix(f, []byte("<svg a='1'>\n<metadata><recipe")) || !bytes.HasSuffix(f, []byte("</metadata>\n<g/></svg>")) {
		t.Errorf("%s, %v", f, err)
	}
}
