// Package figure reads and writes the metadata of a figure file (PNG, SVG or PDF): the
// [Recipe] by which it was made and the [Data] that it shows.
//
// Files are untrusted. [Parse] reads within bounds, checks every field and evaluates
// nothing.
package figure

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/features-are-fate/fate/pkg/file"
)

// Recipe describes how a figure was made. It contains no time, user or folder, so that
// the same run writes the same bytes.
type Recipe struct {
	Format     int               `json:"fate"`               // 1
	Notebook   string            `json:"notebook,omitempty"` // file name, without a folder; "" for a program
	Cell       string            `json:"cell,omitempty"`     // id of the notebook cell
	Figure     int               `json:"figure"`             // index among the figures of the cell, from 1
	Code       string            `json:"code,omitempty"`     // hash of the code up to the cell, without the values of parameters
	Parameters map[string]string `json:"parameters,omitempty"`
	Widgets    map[string]string `json:"widgets,omitempty"` // values of the controls above the figure, by label
	Methods    []string          `json:"tiers"`             // of the measurements: law, solve, train
	Seeds      []uint64          `json:"seeds"`             // seeds of these measurements
	Module     string            `json:"module"`
	Version    string            `json:"version"` // of the module: a hash of its source
	Go         string            `json:"go"`
	Arch       string            `json:"arch"`
	Data       string            `json:"data"` // hash of the plotted data
	// Description says what the figure shows, for readers who do not see it; "" in older files.
	Description string   `json:"description,omitempty"`
	Verdict     *Verdict `json:"verdict,omitempty"`
}

// Verdict is the displayed verdict of the notebook that drew a figure: rows of text under
// Columns, and the number of rows that agree.
type Verdict struct {
	Agree   int        `json:"agree"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// File is the recipe and the data of a figure file. Data is nil if it was too large to
// embed.
type File struct {
	Recipe Recipe
	Data   *Data

	format      *format
	all, packed []byte // the file, and its data compressed
}

// Bounds on an untrusted file.
const (
	maxFile     = 64 << 20  // bytes of a figure file
	maxRecipe   = 256 << 10 // bytes of its recipe
	maxData     = 256 << 10 // bytes of its data, compressed; larger data are not embedded
	maxUnpacked = 16 << 20  // bytes of its data
	maxText     = 2000      // bytes of any string in it
	maxItems    = 2000      // rows of a verdict, parameters, seeds
)

// Methods are the methods of measurement, from cheap to literal.
var Methods = []string{"law", "solve", "train"}

var (
	notebookName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,120}\.ipynb$`)
	cellName     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	hashText     = regexp.MustCompile(`^[0-9a-f]{16,64}$`)
	plainText    = regexp.MustCompile(`^[A-Za-z0-9 ._/:,+-]{1,120}$`)
)

// Check returns an error for the first invalid field.
func (r Recipe) Check() error {
	bad := func(field string, value any, allowed string) error {
		return fmt.Errorf("invalid recipe: %s is %s: it must be %s", field, brief(value), allowed)
	}
	switch {
	case r.Format != 1:
		return bad("fate", r.Format, "1, the only known format")
	case r.Notebook != "" && !notebookName.MatchString(r.Notebook):
		return bad("notebook", r.Notebook, "the name of an .ipynb file, without a folder")
	case r.Cell != "" && !cellName.MatchString(r.Cell):
		return bad("cell", r.Cell, "the id of a notebook cell")
	case r.Figure < 1 || r.Figure > maxItems:
		return bad("figure", r.Figure, "1 or above")
	case r.Code != "" && !hashText.MatchString(r.Code):
		return bad("code", r.Code, "a hash")
	case !hashText.MatchString(r.Data):
		return bad("data", r.Data, "a hash")
	case len(r.Parameters) > maxItems || len(r.Widgets) > maxItems || len(r.Seeds) > maxItems:
		return bad("parameters, widgets or seeds", len(r.Parameters)+len(r.Widgets)+len(r.Seeds), fmt.Sprintf("at most %d", maxItems))
	}
	for _, f := range []struct{ name, value string }{{"module", r.Module}, {"version", r.Version}, {"go", r.Go}, {"arch", r.Arch}} {
		if !plainText.MatchString(f.value) {
			return bad(f.name, f.value, "letters, digits and . _ / : + -")
		}
	}
	if !shown(r.Description) {
		return bad("description", r.Description, fmt.Sprintf("plain text of at most %d bytes", maxText))
	}
	for _, m := range r.Methods {
		if !slices.Contains(Methods, m) {
			return bad("tiers", m, "law, solve or train")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
		if !token.IsIdentifier(name) || len(name) > 100 {
			return bad("parameters", name, "a name")
		}
		if !shown(r.Parameters[name]) {
			return bad("parameters."+name, r.Parameters[name], "a number, a boolean or a plain string")
		}
	}
	for _, label := range slices.Sorted(maps.Keys(r.Widgets)) {
		if !shown(label) || !shown(r.Widgets[label]) {
			return bad("widgets", label+" = "+r.Widgets[label], "plain text")
		}
	}
	return r.Verdict.check()
}

func (v *Verdict) check() error {
	if v == nil {
		return nil
	}
	if len(v.Rows) == 0 || len(v.Rows) > maxItems || v.Agree < 0 || v.Agree > len(v.Rows) {
		return fmt.Errorf("invalid recipe: verdict: %d of %d rows agree", v.Agree, len(v.Rows))
	}
	for i, row := range append([][]string{v.Columns}, v.Rows...) {
		if len(row) != len(v.Columns) {
			return fmt.Errorf("invalid recipe: verdict: row %d has %d columns, the heading %d", i, len(row), len(v.Columns))
		}
		for _, text := range row {
			if !shown(text) {
				return fmt.Errorf("invalid recipe: verdict: row %d holds %s: it must be plain text", i, brief(text))
			}
		}
	}
	return nil
}

// shown reports whether a text is safe to print on a terminal: it contains no control or
// direction characters.
func shown(s string) bool {
	return len(s) <= maxText && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Brief returns the beginning of a text that a recipe can hold, to the end of a word.
func Brief(s string) string {
	if len(s) <= maxText {
		return s
	}
	const rest = " …"
	s = strings.ToValidUTF8(s[:maxText-len(rest)], "")
	if i := strings.LastIndexByte(s, ' '); i > 0 {
		s = s[:i]
	}
	return s + rest
}

// brief formats an untrusted value as one short line.
func brief(v any) string {
	s := fmt.Sprintf("%q", fmt.Sprint(v))
	if len(s) > 60 {
		s = s[:56] + `…"`
	}
	return s
}

// Hash identifies plotted data.
func (d Data) Hash() string {
	sum := sha256.Sum256(d.encode())
	return hex.EncodeToString(sum[:])
}

// encode returns the data as JSON, always the same bytes. It cannot fail: floats are
// numbers or strings.
func (d Data) encode() []byte {
	b, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return b
}

// encode returns a recipe as JSON in ASCII, which every format can hold.
func (r Recipe) encode() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings and integers
	}
	var out bytes.Buffer
	for _, c := range string(b) {
		switch {
		case c < 0x80:
			out.WriteRune(c)
		case c > 0xFFFF:
			c -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xD800+c>>10, 0xDC00+c&0x3FF)
		default:
			fmt.Fprintf(&out, `\u%04x`, c)
		}
	}
	return out.Bytes()
}

// Embed returns a picture (PNG, SVG or PDF) with the recipe and the data embedded, in
// place of earlier ones. It sets the recipe's format and hash. Data of more than 256 KB
// after compression are not embedded.
func Embed(picture []byte, r Recipe, d Data) ([]byte, error) {
	f := formatOf(picture)
	if f == nil {
		return nil, errFormat
	}
	r.Format, r.Data = 1, d.Hash()
	if r.Methods == nil {
		r.Methods = []string{}
	}
	if r.Seeds == nil {
		r.Seeds = []uint64{}
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	data := compress(d.encode())
	if len(data) > maxData {
		data = nil
	}
	return f.sign(picture, r, data)
}

func (f *format) sign(picture []byte, r Recipe, data []byte) ([]byte, error) {
	text := r.encode()
	if len(text) > maxRecipe {
		return nil, fmt.Errorf("the recipe has %d bytes: at most %d can be embedded", len(text), maxRecipe)
	}
	return f.embed(picture, text, data)
}

// WithVerdict returns the file that f was parsed from, with a verdict in its recipe.
func (f *File) WithVerdict(v *Verdict) ([]byte, error) {
	r := f.Recipe
	r.Verdict = v
	if err := r.Check(); err != nil {
		return nil, err
	}
	return f.format.sign(f.all, r, f.packed)
}

// Parse reads the recipe and the data of a figure file. It returns an error for a file
// that is not a PNG, SVG or PDF, for one without a recipe, and for a recipe or data that
// are damaged or that [Embed] would not write.
func Parse(all []byte) (*File, error) {
	f := formatOf(all)
	if f == nil {
		return nil, errFormat
	}
	text, packed, err := f.extract(all)
	switch {
	case err != nil:
		return nil, err
	case text == nil:
		return nil, fmt.Errorf("this %s carries no recipe: it was not drawn by fate, or another program removed it", f.name)
	case len(text) > maxRecipe:
		return nil, fmt.Errorf("the recipe has %d bytes: at most %d are read", len(text), maxRecipe)
	case len(packed) > maxData:
		return nil, fmt.Errorf("the data have %d bytes: at most %d are read", len(packed), maxData)
	}
	out := File{format: f, all: all, packed: packed}
	if err := file.Decode(text, &out.Recipe); err != nil {
		return nil, fmt.Errorf("the recipe is damaged: %w", err)
	}
	if err := out.Recipe.Check(); err != nil {
		return nil, err
	}
	if packed == nil {
		return &out, nil
	}
	raw, err := decompress(packed)
	if err != nil {
		return nil, fmt.Errorf("the data are damaged: %w", err)
	}
	out.Data = new(Data)
	if err := file.Decode(raw, out.Data); err != nil {
		return nil, fmt.Errorf("the data are damaged: %w", err)
	}
	if err := out.Data.check(); err != nil {
		return nil, fmt.Errorf("the data are damaged: %w", err)
	}
	if hash := out.Data.Hash(); hash != out.Recipe.Data {
		return nil, fmt.Errorf("the data are not those of the recipe: their hash is %.16s…, the recipe has %.16s…", hash, out.Recipe.Data)
	}
	return &out, nil
}

// Read parses the file at a path.
func Read(path string) (*File, error) {
	b, err := file.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	f, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}
