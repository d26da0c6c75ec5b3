// Package explore writes the explorer: one HTML page in which the theory moves, with package
// model compiled to WebAssembly.
package explore

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/ascii85"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"text/template"

	"github.com/features-are-fate/fate/cmd/fate/internal/explore/model"
	"github.com/features-are-fate/fate/pkg"
	"github.com/features-are-fate/fate/pkg/file"
)

//go:embed page/index.html
var layout string

//go:embed page/style.css
var style string

//go:embed page/licences.txt
var licences string

//go:embed page/worker.js
var worker string

//go:embed page/pen.js
var pen string

//go:embed page/panels.js
var panels string

//go:embed page/export.js
var export string

//go:embed page/controls.js
var controls string

//go:embed page/app.js
var app string

// Title is in every page.
const Title = "<title>Features are fate: explorer</title>"

// Initial is the state at which the page opens by itself.
var Initial = model.State{Gamma: 0.5, Theta: 45, Sigma: 0.2, Depth: 2, D: 500, Features: 1}

// fields are the names of a state in the page, its address and the flags of the command.
func fields(s model.State) (names []string, values map[string]any) {
	baseline := "plain"
	if s.Tuned {
		baseline = "tuned"
	}
	return []string{"gamma", "theta", "sigma", "depth", "d", "lambda", "k", "source", "baseline"},
		map[string]any{"gamma": s.Gamma, "theta": s.Theta, "sigma": s.Sigma, "depth": s.Depth, "d": s.D, "lambda": s.Lambda, "k": s.Features, "source": s.Source, "baseline": baseline}
}

// Fragment is the state as the part of the page's address after "#".
func Fragment(s model.State) string {
	names, values := fields(s)
	var out []string
	for _, name := range names {
		v := fmt.Sprint(values[name])
		if f, ok := values[name].(float64); ok {
			v = strconv.FormatFloat(f, 'f', -1, 64)
		}
		out = append(out, name+"="+v)
	}
	return strings.Join(out, "&")
}

// Write writes the page, which opens at s. module is the folder of a checkout of this module;
// the go command must be on the path.
func Write(ctx context.Context, w io.Writer, module string, s model.State) error {
	if _, err := s.Setting(); err != nil {
		return err
	}
	program, err := Program(ctx, module)
	if err != nil {
		return err
	}
	support, err := Support(ctx)
	if err != nil {
		return err
	}
	_, initial := fields(s)
	script := strings.Join([]string{colours(worker), pen, panels, export, controls, app}, "\n")
	page := struct {
		Script, ScriptHash, Style, StyleHash, Worker, Program, About, Presets, Initial, Licences string
	}{Script: compact(script), Style: style, Worker: compact(support + "\n" + worker), Program: pack(program), Presets: asJSON(presets()), Initial: asJSON(initial), Licences: licences,
		About: asJSON(map[string]string{"module": pkg.Module, "version": pkg.Source(), "go": runtime.Version()})}
	page.ScriptHash, page.StyleHash = hash(page.Script), hash(page.Style)
	return template.Must(template.New("page").Parse(layout)).Execute(w, page)
}

// Program returns the WebAssembly of package model. It is built here and not committed: the
// go command, which builds fate itself, keeps it in its cache.
func Program(ctx context.Context, module string) ([]byte, error) {
	tmp, err := file.TempDir("explore")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	out := filepath.Join(tmp, "fate.wasm")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, "./cmd/fate/internal/explore/wasm")
	cmd.Dir, cmd.Env = module, append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=-buildvcs=false", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("explore: go build for WebAssembly: %w\n%s", err, text)
	}
	return os.ReadFile(out)
}

// Support returns wasm_exec.js of the Go that builds the program.
func Support(ctx context.Context) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("explore: go env GOROOT: %w", err)
	}
	for _, folder := range []string{"lib", "misc"} { // misc before Go 1.24
		b, e := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), folder, "wasm", "wasm_exec.js"))
		if e == nil {
			return string(b), nil
		}
		err = errors.Join(err, e)
	}
	return "", fmt.Errorf("explore: this Go comes without wasm_exec.js: %w", err)
}

// pack compresses the program and writes it as text: ascii85 is a fifteenth shorter than
// base64, which would pass the page's limit. A "<" would look like a tag to the browser.
func pack(program []byte) string {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(program)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err) // a bytes.Buffer does not fail
	}
	text := make([]byte, ascii85.MaxEncodedLen(packed.Len()))
	text = text[:ascii85.Encode(text, packed.Bytes())]
	return strings.ReplaceAll(string(text), "<", "v")
}

// colours returns the part of the worker that the page shares with it.
func colours(worker string) string {
	_, rest, _ := strings.Cut(worker, "// The colours of transfer")
	rest, _, _ = strings.Cut(rest, "// widest returns")
	return "// The colours of transfer" + rest
}

// compact leaves out indentation and lines that are comments, but not notices.
func compact(script string) string {
	var out strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		notice := strings.Contains(line, "Copyright") || strings.Contains(line, "license")
		if line == "" || strings.HasPrefix(line, "//") && !notice {
			continue
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// asJSON has no "<", so it can stand in a script element.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and finite numbers
	}
	return string(b)
}
