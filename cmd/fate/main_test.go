package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/notebook"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	notebook.ServeIfWorker()
	testscript.Main(m, map[string]func(){"fate": main})
}

// The scripts show the command line as a user sees it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("FATE_CACHE", "off")
			root, err := filepath.Abs(repository)
			env.Setenv("REPOSITORY", root) // read only
			alone, _, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
			env.Setenv("FATE_ALONE", alone)                          // a path with nothing else
			for _, name := range []string{"GOCACHE", "GOMODCACHE"} { // HOME of a script is empty
				var dir []byte
				if err == nil {
					dir, err = exec.Command("go", "env", name).Output()
				}
				env.Setenv(name, strings.TrimSpace(string(dir)))
			}
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"book":   book,
			"exits":  exits,
			"pack":   pack,
			"unpack": unpackZip,
		},
	})
}

// An interrupt ends what computes for long, also where nothing asks for it meanwhile.
func TestInterruptsEndTheCommand(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	const data = "../../notebooks/data/fashion/fmA.npz:"
	for _, args := range [][]string{
		{"predict", "--n", "250", "--d", "500", "--theta", "45", "--sigma", "0.2"},
		{"diagnose", "--features", data + "phi_cnn_lo", "--inputs", data + "x", "--labels", data + "y_coat", "--rows", "200"},
	} {
		cmd := rootCommand()
		cmd.SetArgs(args)
		if err := cmd.ExecuteContext(ended); err == nil || err.Error() != "interrupted" {
			t.Errorf("fate %s: %v", args[0], err)
		}
	}
}

// book FILE CELLFILE...: writes a notebook whose code cells are the files; a
// file named parameters* becomes the parameters cell.
func book(ts *testscript.TestScript, _ bool, args []string) {
	nb := &ipynb.Notebook{Minor: 5}
	for i, name := range args[1:] {
		c := ipynb.Cell{ID: fmt.Sprint("c", i), Kind: "code", Source: strings.TrimSpace(ts.ReadFile(name))}
		if strings.HasPrefix(name, "parameters") {
			c.Metadata = map[string]any{"tags": []any{"parameters"}}
		}
		nb.Cells = append(nb.Cells, c)
	}
	ts.Check(nb.Write(ts.MkAbs(args[0])))
}

// pack FOLDER FILE: writes a folder as a zip file.
func pack(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	z := zip.NewWriter(f)
	ts.Check(z.AddFS(os.DirFS(ts.MkAbs(args[0]))))
	ts.Check(z.Close())
	ts.Check(f.Close())
}

// unpack FILE FOLDER: the reverse.
func unpackZip(ts *testscript.TestScript, _ bool, args []string) {
	z, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer z.Close()
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), z))
}

// exits CODE ARGS...: runs fate and expects this exit code, one line on standard error
// for a usage error, and no stack trace.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("fate", args[1:]...)
	code := 0
	var exit *exec.ExitError
	if err != nil {
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
	stderr := strings.TrimSpace(ts.ReadFile("stderr"))
	if code == 2 && (stderr == "" || strings.Contains(stderr, "\n")) {
		ts.Fatalf("want one line on standard error, got %q", stderr)
	}
	if all := ts.ReadFile("stdout") + stderr; strings.Contains(all, "goroutine ") {
		ts.Fatalf("there is a stack trace")
	}
}

// A signal ends a command whose work goes on.
func TestWithin(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var failed failure
	if err := within(ctx, func() error { select {} }); !errors.As(err, &failed) || err.Error() != "interrupted" {
		t.Error(err)
	}
	want := errors.New("its own")
	if err := within(t.Context(), func() error { return want }); err != want {
		t.Error(err)
	}
}

// JupyterLab does not start as root without --allow-root, and whoever gets it is told.
func TestLabAsRoot(t *testing.T) {
	var told strings.Builder
	defer func(before *screen) { stderr = before }(stderr)
	stderr = &screen{to: &told}
	if got := strings.Join(labArgs("a", false), " "); got != "lab a" || told.Len() > 0 {
		t.Errorf("%s, told %q", got, told.String())
	}
	if got := strings.Join(labArgs("a", true), " "); got != "lab --allow-root a" || !strings.Contains(told.String(), "root") {
		t.Errorf("%s, told %q", got, told.String())
	}
}

// Sliders need an extension in one of the data folders that jupyter --paths names.
func TestLabSliders(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for jupyter is a shell script")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "jupyter")
	script := fmt.Sprintf("#!/bin/sh\n[ \"$*\" = '--paths --json' ] && echo '{\"data\": [\"/nowhere\", \"%s\"]}'\n", dir)
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if hasSliders(t.Context(), program) {
		t.Error("there is no extension")
	}
	if err := os.MkdirAll(filepath.Join(dir, "labextensions", "@jupyter-widgets", "jupyterlab-manager"), 0o755); err != nil {
		t.Fatal(err)
	}
	if !hasSliders(t.Context(), program) {
		t.Error("there is an extension")
	}
	if !hasSliders(t.Context(), filepath.Join(dir, "none")) {
		t.Error("a jupyter that does not answer is no reason for a message")
	}
}
