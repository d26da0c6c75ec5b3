// Package display shows values in a notebook. The last value of a cell is shown by itself,
// and so is a value that is given to Display; the functions of this package say how:
//
//	Display(display.Markdown("The risk is **0.3**."))
//	display.Table(run)
//
// A value shows itself if it has a method HTML, SVG, PNG, JPEG, PDF, Markdown, Latex, JSON,
// JavaScript, SimpleRender or Render, or String. Matrices, vectors, structs, maps and errors
// are shown as tables or text, plots of gonum and images as pictures: see [Auto]. Cells have
// this package without an import, or import it as "display". The names that gophernotes has
// are the same here.
package display

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// MIMEMap maps MIME types, such as "text/html", to data.
type MIMEMap = map[string]interface{}

// Data is the form in which a notebook shows a value: the same value as data of one or more
// MIME types, of which the front end shows the richest that it can.
type Data = struct {
	Data      MIMEMap
	Metadata  MIMEMap
	Transient MIMEMap
}

// The MIME types of the functions of this package.
const (
	MIMETypeHTML       = "text/html"
	MIMETypeJavaScript = "application/javascript"
	MIMETypeJPEG       = "image/jpeg"
	MIMETypeJSON       = "application/json"
	MIMETypeLatex      = "text/latex"
	MIMETypeMarkdown   = "text/markdown"
	MIMETypePNG        = "image/png"
	MIMETypePDF        = "application/pdf"
	MIMETypeSVG        = "image/svg+xml"
	MIMETypeText       = "text/plain"
)

// A value with one of these methods shows itself.
type (
	// Renderer is a value with data of any MIME types, and their metadata.
	Renderer interface{ Render() Data }
	// SimpleRenderer is a value with data of any MIME types.
	SimpleRenderer interface{ SimpleRender() MIMEMap }
	// Stringer is a value that is shown as text.
	Stringer interface{ String() string }
	// Errorer is an error, which is shown as text.
	Errorer interface{ Error() string }
	// HTMLer is a value that is shown as HTML.
	HTMLer interface{ HTML() string }
	// SVGer is a value that is shown as an SVG picture.
	SVGer interface{ SVG() string }
	// PNGer is a value that is shown as a PNG picture.
	PNGer interface{ PNG() []byte }
	// JPEGer is a value that is shown as a JPEG picture.
	JPEGer interface{ JPEG() []byte }
	// PDFer is a value that is shown as a PDF document.
	PDFer interface{ PDF() []byte }
	// Markdowner is a value that is shown as Markdown.
	Markdowner interface{ Markdown() string }
	// Latexer is a value that is shown as LaTeX.
	Latexer interface{ Latex() string }
	// JSONer is a value that is shown as a tree of JSON.
	JSONer interface{ JSON() map[string]interface{} }
	// JavaScripter is a value that is shown by a script, in front ends that run it.
	JavaScripter interface{ JavaScript() string }
)

// MakeData returns data of one MIME type.
func MakeData(mimeType string, data interface{}) Data {
	return Data{Data: MIMEMap{mimeType: data}}
}

// MakeData3 returns data of one MIME type, and the text for front ends that cannot show it.
func MakeData3(mimeType string, plaintext string, data interface{}) Data {
	return Data{Data: MIMEMap{mimeType: data, MIMETypeText: plaintext}}
}

// MIME returns data of several MIME types with their metadata, which may be nil.
func MIME(data, metadata MIMEMap) Data { return Data{Data: data, Metadata: metadata} }

// Any returns data as the given MIME type; if that is "", a value is shown as by [Auto], and
// the type of bytes and of what a reader has is found from their first bytes.
func Any(mimeType string, data interface{}) Data {
	var content []byte
	switch v := data.(type) {
	case []byte:
		content = v
	case io.Reader:
		var err error
		if content, err = io.ReadAll(v); err != nil {
			return failed(err)
		}
	default:
		if mimeType == "" {
			return Auto(data)
		}
		return MakeData(mimeType, data)
	}
	if mimeType == "" {
		mimeType, _, _ = strings.Cut(http.DetectContentType(content), ";")
	}
	if strings.HasPrefix(mimeType, "text/") {
		return MakeData(mimeType, string(content))
	}
	return MakeData(mimeType, content)
}

// File returns the content of a file as the given MIME type; if that is "", the type is found
// from the first bytes.
func File(mimeType string, path string) Data {
	content, err := os.ReadFile(path)
	if err != nil {
		return failed(err)
	}
	return Any(mimeType, bytes.NewReader(content))
}

// HTML shows HTML. JupyterLab removes scripts and most styles from it.
func HTML(html string) Data { return MakeData(MIMETypeHTML, html) }

// JavaScript runs a script in front ends that allow it. JupyterLab does not.
func JavaScript(javascript string) Data { return MakeData(MIMETypeJavaScript, javascript) }

// JPEG shows a picture.
func JPEG(jpeg []byte) Data { return MakeData(MIMETypeJPEG, jpeg) }

// JSON shows a tree that can be folded.
func JSON(json map[string]interface{}) Data { return MakeData(MIMETypeJSON, json) }

// Latex shows a formula in the line. Dollars around it may be left out.
func Latex(latex string) Data { return MakeData(MIMETypeLatex, "$"+strings.Trim(latex, "$")+"$") }

// Markdown shows Markdown, with formulas between dollars.
func Markdown(markdown string) Data { return MakeData(MIMETypeMarkdown, markdown) }

// Math shows a formula in a line of its own. Dollars around it may be left out.
func Math(latex string) Data { return MakeData(MIMETypeLatex, "$$"+strings.Trim(latex, "$")+"$$") }

// PDF shows a document.
func PDF(pdf []byte) Data { return MakeData(MIMETypePDF, pdf) }

// PNG shows a picture.
func PNG(png []byte) Data { return MakeData(MIMETypePNG, png) }

// SVG shows a picture.
func SVG(svg string) Data { return MakeData(MIMETypeSVG, svg) }

// failed returns data that carry an error. No front end sees the key.
func failed(err error) Data { return Data{Transient: MIMEMap{"error": fmt.Errorf("display: %w", err)}} }

// Err returns the error for which d shows nothing, such as that of a missing file, or nil.
func Err(d Data) error {
	err, _ := d.Transient["error"].(error)
	return err
}
