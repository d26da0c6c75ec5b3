// Package kernel builds the Jupyter kernel of the project: gophernotes, with
// all our packages linked in and the manners that it lacks, from a vendored copy
// of this module in a temporary folder. Upstream stays untouched.
package kernel

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed overlay/fate.go.txt
var hook string

const upstream = "github.com/gopherdata/gophernotes"

// edit replaces one place in a file of gophernotes v0.7.5.
type edit struct{ file, old, new string }

// edits connect the added file. Each must match exactly once: a new version of
// gophernotes that moved the place stops the build.
var edits = []edit{
	{"kernel.go", "	ir := interp.New()\n", "	ir := interp.New()\n	fateStart(ir)\n"},
	{"kernel.go", `ir.DeclVar("Display", nil, stubDisplay)`, `ir.DeclVar("Display", nil, fateNoShow)`},
	{"kernel.go", "displayPlace.Set(xreflect.ValueOf(receipt.PublishDisplayData))", "displayPlace.Set(xreflect.ValueOf(fateShow(&receipt)))"},
	{"kernel.go", "displayPlace.Set(xreflect.ValueOf(stubDisplay))", "displayPlace.Set(xreflect.ValueOf(fateNoShow))"},
	{"kernel.go", "	vals, types, executionErr := doEval(ir, outerr, code)\n", "	data, executionErr := fateEval(ir, &receipt, outerr, code)\n"},
	{"kernel.go", "		data := kernel.autoRenderResults(vals, types)\n", ""},
	{"kernel.go", `		content["traceback"] = nil` + "\n", `		content["traceback"] = []string{executionErr.Error()}` + "\n"},
	{"kernel.go", `		log.Println("Unhandled shell message: ", receipt.Msg.Header.MsgType)`, "		fateHandle(receipt)"},
	{"kernel.go", "	ir := kernel.ir\n\n	switch receipt", "	switch receipt"},
	{"kernel.go", "handleCompleteRequest(ir, receipt)", "fateComplete(receipt)"},
	{"kernel.go", `				FileExtension: ".go",` + "\n", `				FileExtension: ".go", MIMEType: "text/x-go", PygmentsLexer: "go", CodeMirrorMode: "go",` + "\n"},
}

// Build writes the kernel to the file out. module is the folder of a checkout of
// this module; the go command must be on the path. What the go command prints
// goes to log.
func Build(ctx context.Context, module, out string, log io.Writer) error {
	tmp, err := os.MkdirTemp("", "fate-kernel-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	for _, part := range []string{"go.mod", "go.sum", "cmd", "docker", "pkg", "plotting"} {
		if err := copyTree(filepath.Join(module, part), filepath.Join(tmp, part)); err != nil {
			return fmt.Errorf("kernel: %s is no checkout of this module: %w", module, err)
		}
	}
	run := func(args ...string) error {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = tmp, log, log
		cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0")
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("kernel: go %s: %w", args[0], err)
		}
		return nil
	}
	if err := run("mod", "vendor"); err != nil {
		return err
	}
	dir := filepath.Join(tmp, "vendor", filepath.FromSlash(upstream))
	if err := os.WriteFile(filepath.Join(dir, "fate.go"), []byte(hook), 0o644); err != nil {
		return err
	}
	for _, e := range edits {
		if err := e.apply(dir); err != nil {
			return err
		}
	}
	return run("build", "-trimpath", "-mod=vendor", "-o", out, upstream)
}

func (e edit) apply(dir string) error {
	path := filepath.Join(dir, e.file)
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(source), e.old); n != 1 {
		return fmt.Errorf("kernel: %s of gophernotes has %q %d times: the edits in docker/kernel/build.go are for another version", e.file, e.old, n)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(source), e.old, e.new, 1)), 0o644)
}

// copyTree copies a file, or the files below a folder.
func copyTree(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, fs.FileMode(0o644))
}
