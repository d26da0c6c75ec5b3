package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

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
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"book":  book,
			"exits": exits,
		},
	})
}

// book FILE CELLFILE...: writes a notebook whose code cells are the files; a
// file named parameters* becomes the parameters cell.
func book(ts *testscript.TestScript, _ bool, args []string) {
	nb := &notebook.Notebook{Minor: 5}
	for i, name := range args[1:] {
		c := notebook.Cell{ID: fmt.Sprint("c", i), Kind: "code", Source: strings.TrimSpace(ts.ReadFile(name))}
		if strings.HasPrefix(name, "parameters") {
			c.Metadata = map[string]any{"tags": []any{"parameters"}}
		}
		nb.Cells = append(nb.Cells, c)
	}
	ts.Check(nb.Write(ts.MkAbs(args[0])))
}

// exits CODE ARGS...: runs fate and wants this exit code, one line of complaint
// and no stack trace.
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
