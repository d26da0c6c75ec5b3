package figure

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"regexp"
	"strconv"
)

// format is a file format in which to embed a recipe (JSON) and data (compressed).
type format struct {
	name    string
	is      func(file []byte) bool
	embed   func(picture, recipe, data []byte) ([]byte, error)
	extract func(file []byte) (recipe, data []byte, err error)
}

var formats = []format{
	{"PNG", func(b []byte) bool { return bytes.HasPrefix(b, []byte(pngSignature)) }, embedPNG, extractPNG},
	{"PDF", func(b []byte) bool { return bytes.HasPrefix(b, []byte("%PDF-")) }, embedPDF, extractPDF},
	{"SVG", isSVG, embedSVG, extractSVG},
}

var errFormat = errors.New("the file is not a PNG, SVG or PDF")

func formatOf(file []byte) *format {
	for i := range formats {
		if formats[i].is(file) {
			return &formats[i]
		}
	}
	return nil
}

// PNG: the recipe is a tEXt chunk and the data a zTXt chunk, after the header.

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	recipeKey    = "fate.recipe"
	dataKey      = "fate.data"
)

// chunk is a chunk of a PNG: its type, its content and all its bytes.
type chunk struct {
	kind         string
	content, all []byte
}

// key returns the keyword of a text chunk and the bytes after it.
func (c chunk) key() (string, []byte) {
	if c.kind != "tEXt" && c.kind != "zTXt" {
		return "", nil
	}
	key, rest, _ := bytes.Cut(c.content, []byte{0})
	return string(key), rest
}

func chunks(file []byte) ([]chunk, error) {
	var out []chunk
	for rest := file[len(pngSignature):]; len(rest) > 0; {
		if len(rest) < 12 {
			return nil, errors.New("the PNG is damaged: it ends within a chunk")
		}
		n := binary.BigEndian.Uint32(rest)
		if uint64(n)+12 > uint64(len(rest)) {
			return nil, fmt.Errorf("the PNG is damaged: a chunk of %d bytes is longer than the file", n)
		}
		c := chunk{string(rest[4:8]), rest[8 : 8+n], rest[:12+n]}
		if crc32.ChecksumIEEE(rest[4:8+n]) != binary.BigEndian.Uint32(rest[8+n:]) {
			return nil, fmt.Errorf("the PNG is damaged: the checksum of its chunk %q is wrong", c.kind)
		}
		out = append(out, c)
		rest = rest[12+n:]
		if c.kind == "IEND" {
			break
		}
	}
	if len(out) == 0 || out[0].kind != "IHDR" {
		return nil, errors.New("the PNG is damaged: it has no header")
	}
	return out, nil
}

// AppendChunk appends a PNG chunk to b.
func AppendChunk(b []byte, kind string, content ...[]byte) []byte {
	all := bytes.Join(content, nil)
	b = binary.BigEndian.AppendUint32(b, uint32(len(all)))
	start := len(b)
	b = append(append(b, kind...), all...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
}

func embedPNG(picture, recipe, data []byte) ([]byte, error) {
	all, err := chunks(picture)
	if err != nil {
		return nil, err
	}
	out := append([]byte(pngSignature), all[0].all...)
	out = AppendChunk(out, "tEXt", []byte(recipeKey+"\x00"), recipe)
	if data != nil {
		out = AppendChunk(out, "zTXt", []byte(dataKey+"\x00\x00"), data)
	}
	for _, c := range all[1:] {
		if key, _ := c.key(); key != recipeKey && key != dataKey {
			out = append(out, c.all...)
		}
	}
	return out, nil
}

func extractPNG(file []byte) (recipe, data []byte, err error) {
	all, err := chunks(file)
	for _, c := range all {
		switch key, rest := c.key(); {
		case key == recipeKey && c.kind == "tEXt":
			recipe = rest
		case key == dataKey && c.kind == "zTXt" && len(rest) > 0:
			data = rest[1:] // after the byte of the compression method
		}
	}
	return recipe, data, err
}

// SVG: both are elements of the metadata, the data in base64.

const svgSpace = "https://github.com/features-are-fate/fate/figure"

func isSVG(b []byte) bool {
	start, _, err := svgRoot(xml.NewDecoder(bytes.NewReader(b)))
	return err == nil && start.Name.Local == "svg"
}

// svgRoot returns the first element and the offset of its content.
func svgRoot(d *xml.Decoder) (xml.StartElement, int64, error) {
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		t, err := d.RawToken()
		if err != nil {
			return xml.StartElement{}, 0, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t, d.InputOffset(), nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 { // not XML: do not search the rest for a tag
				return xml.StartElement{}, 0, errFormat
			}
		}
	}
}

var svgOurs = regexp.MustCompile(`(?s)^\s*<metadata><recipe xmlns="` + regexp.QuoteMeta(svgSpace) + `">[^<]*</recipe>(<data xmlns="[^"]*">[^<]*</data>)?</metadata>\n?`)

func embedSVG(picture, recipe, data []byte) ([]byte, error) {
	_, at, err := svgRoot(xml.NewDecoder(bytes.NewReader(picture)))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Write(picture[:at])
	fmt.Fprintf(&out, "\n<metadata><recipe xmlns=%q>", svgSpace)
	if err := xml.EscapeText(&out, recipe); err != nil {
		return nil, err
	}
	out.WriteString("</recipe>")
	if data != nil {
		fmt.Fprintf(&out, "<data xmlns=%q>%s</data>", svgSpace, base64.StdEncoding.EncodeToString(data))
	}
	out.WriteString("</metadata>\n")
	out.Write(svgOurs.ReplaceAll(picture[at:], nil))
	return out.Bytes(), nil
}

func extractSVG(file []byte) (recipe, data []byte, err error) {
	d := xml.NewDecoder(bytes.NewReader(file))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var in string
	for depth, done := 0, false; !done; {
		t, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("the SVG is damaged: %w", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth > 200 {
				return nil, nil, errors.New("the SVG is nested more than 200 deep")
			}
			if in = ""; t.Name.Space == svgSpace {
				in = t.Name.Local
			}
		case xml.EndElement:
			depth--
			in = ""
			done = depth == 1 && recipe != nil // past the metadata
		case xml.CharData:
			switch in {
			case "recipe":
				recipe = append(recipe, t...)
			case "data":
				data = append(data, t...)
			}
		}
		if len(recipe) > maxRecipe || len(data) > 2*maxData {
			return nil, nil, errors.New("the recipe or the data are larger than fate writes them")
		}
	}
	if data != nil {
		if data, err = base64.StdEncoding.DecodeString(string(bytes.TrimSpace(data))); err != nil {
			return nil, nil, fmt.Errorf("the data are damaged: %w", err)
		}
	}
	return recipe, data, nil
}

// PDF: both are entries of the document information, in an incremental update at the end
// of the file; the data in base64.

const pdfMark = "%fate figure\n"

var (
	pdfStart = regexp.MustCompile(`startxref\s+(\d+)\s+%%EOF\s*$`)
	pdfSize  = regexp.MustCompile(`/Size (\d+)`)
	pdfRoot  = regexp.MustCompile(`/Root \d+ \d+ R`)
	pdfInfo  = regexp.MustCompile(`/Info (\d+) 0 R`)
)

// embedPDF requires a plain cross-reference table, as in our PDFs.
func embedPDF(picture, recipe, data []byte) ([]byte, error) {
	if i := bytes.LastIndex(picture, []byte(pdfMark)); i >= 0 {
		picture = picture[:i]
	}
	trailer := picture[max(0, bytes.LastIndex(picture, []byte("trailer"))):]
	start, size, root := pdfStart.FindSubmatch(picture), pdfSize.FindSubmatch(trailer), pdfRoot.Find(trailer)
	info := pdfInfo.FindSubmatch(trailer)
	if start == nil || size == nil || root == nil || info == nil {
		return nil, errors.New("the PDF has no plain trailer")
	}
	// Existing entries are kept.
	head := fmt.Appendf(nil, "\n%s 0 obj\n<<", info[1])
	at := bytes.Index(picture, head)
	end := bytes.Index(picture[max(at, 0):], []byte(">>\nendobj"))
	if at < 0 || end < 0 {
		return nil, errors.New("the PDF has no plain document information")
	}
	out := bytes.Clone(picture)
	out = append(out, pdfMark...)
	object := len(out)
	out = fmt.Appendf(out, "%s 0 obj\n<<%s/FateRecipe (", info[1], picture[at+len(head):at+end])
	out = append(out, pdfEscape.ReplaceAll(recipe, []byte(`\$0`))...)
	out = append(out, ")\n"...)
	if data != nil {
		out = fmt.Appendf(out, "/FateData (%s)\n", base64.StdEncoding.EncodeToString(data))
	}
	out = append(out, ">>\nendobj\n"...)
	xref := len(out)
	out = fmt.Appendf(out, "xref\n0 1\n0000000000 65535 f \n%s 1\n%010d 00000 n \ntrailer\n<<\n/Size %s\n%s\n/Info %s 0 R\n/Prev %s\n>>\nstartxref\n%d\n%%%%EOF\n",
		info[1], object, size[1], root, info[1], start[1], xref)
	return out, nil
}

var pdfEscape = regexp.MustCompile(`[()\\]`)

func extractPDF(file []byte) (recipe, data []byte, err error) {
	if recipe, err = pdfString(file, "/FateRecipe", maxRecipe*2); err != nil || recipe == nil {
		return nil, nil, err
	}
	if data, err = pdfString(file, "/FateData", maxData*2); err != nil || data == nil {
		return recipe, nil, err
	}
	if data, err = base64.StdEncoding.DecodeString(string(data)); err != nil {
		return nil, nil, fmt.Errorf("the data are damaged: %w", err)
	}
	return recipe, data, nil
}

// pdfString returns the last value of a key, which is a string in parentheses.
func pdfString(file []byte, key string, limit int) ([]byte, error) {
	i := bytes.LastIndex(file, []byte(key))
	if i < 0 {
		return nil, nil
	}
	rest := bytes.TrimLeft(file[i+len(key):], " \r\n\t")
	if len(rest) == 0 || rest[0] != '(' {
		return nil, fmt.Errorf("the PDF is damaged: %s is not a string", key)
	}
	var out []byte
	depth := 0
	for k := 0; k < len(rest) && k < limit; k++ {
		switch c := rest[k]; c {
		case '(':
			if depth++; depth > 1 {
				out = append(out, c)
			}
		case ')':
			if depth--; depth == 0 {
				return out, nil
			}
			out = append(out, c)
		case '\\':
			if k++; k == len(rest) {
				continue
			}
			c = rest[k]
			if octal := rest[k:min(k+3, len(rest))]; len(octal) == 3 {
				if v, err := strconv.ParseUint(string(octal), 8, 8); err == nil {
					c, k = byte(v), k+2
				}
			}
			out = append(out, c)
		default:
			out = append(out, c)
		}
	}
	return nil, fmt.Errorf("the PDF is damaged: the string of %s does not end", key)
}
