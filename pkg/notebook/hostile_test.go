package notebook

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// hostile are notebooks that try to do harm, a file a notebook, cells parted by lines of
// dashes. HOME stands for a folder that is not theirs, PORT for a port that listens.
func hostile(t *testing.T, home, port string) map[string]*Notebook {
	t.Helper()
	files, err := filepath.Glob("testdata/hostile/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d notebooks, %v", len(files), err)
	}
	out := map[string]*Notebook{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("HOME", home, "PORT", port).Replace(string(b))
		nb := &Notebook{Minor: 5}
		for i, source := range strings.Split(text, "\n----\n") {
			nb.Cells = append(nb.Cells, Cell{ID: fmt.Sprint("c", i), Kind: "code", Source: source})
		}
		out[strings.TrimSuffix(filepath.Base(f), ".txt")] = nb
	}
	return out
}

// The first layer alone: every hostile notebook is refused by what it names.
func TestHostileNotebooksAreRefused(t *testing.T) {
	for name, nb := range hostile(t, "/home/x", "1") {
		if found := Judge(nb); len(found) == 0 {
			t.Errorf("%s: nothing is found in it", name)
		} else {
			t.Logf("%s: %s", name, found[0])
		}
	}
}

// The second layer alone: the same notebooks run in a confined worker, and do no harm.
func TestHostileNotebooksAreConfined(t *testing.T) {
	if err := CanConfine(); err != nil {
		t.Skip(err)
	}
	harm(t, true)
}

// Unconfined they do harm, or the test above would test nothing.
func TestHostileNotebooksDoHarmUnconfined(t *testing.T) { harm(t, false) }

func harm(t *testing.T, confined bool) {
	for _, engine := range []string{Gomacro, Yaegi} {
		t.Setenv("FATE_TEST_SECRET", "in the environment")
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var calls atomic.Int32
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				calls.Add(1)
				c.Close()
			}
		}()
		_, port, _ := strings.Cut(l.Addr().String(), ":")
		did := 0
		for name := range hostile(t, "", "") {
			home := t.TempDir()
			nb := hostile(t, home, port)[name]
			if strings.HasPrefix(name, "evaluator") && engine == Yaegi { // of the other one
				continue
			}
			secret := filepath.Join(home, "secret")
			if err := os.WriteFile(secret, []byte("private"), 0o600); err != nil {
				t.Fatal(err)
			}
			calls.Store(0)
			_, _ = Run(t.Context(), nb, Options{Engine: engine, Dir: t.TempDir(), Name: "x.ipynb", Confine: confined})
			var harms []string
			if info, err := os.Stat(secret); err != nil || info.Mode().Perm() != 0o600 || info.Size() != 7 {
				harms = append(harms, "the secret file was changed")
			}
			if left, err := os.ReadDir(home); err != nil || len(left) != 1 {
				harms = append(harms, "a file was written or removed")
			}
			if calls.Load() > 0 {
				harms = append(harms, "the network was reached")
			}
			b, err := nb.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"private", "in the environment", "harm done"} {
				if strings.Contains(outputs(nb), word) {
					harms = append(harms, "the output shows "+word)
				}
			}
			if len(harms) > 0 {
				did++
			} else if !confined && engine == Gomacro && !strings.HasPrefix(name, "evaluator") { // which are gone
				t.Errorf("%s does no harm, and so tests nothing:\n%s", name, b)
			}
			if confined && len(harms) > 0 {
				t.Errorf("%s, %s: %s\n%s", engine, name, strings.Join(harms, ", "), b)
			}
		}
		if !confined && did < 12 {
			t.Errorf("%s: only %d notebooks do harm", engine, did)
		}
		t.Logf("%s: %d do harm", engine, did)
	}
}

// The evaluators and macros of gomacro are in no engine, for trusted code either.
func TestNoEvaluators(t *testing.T) {
	e := newGomacro(func(any) error { return nil })
	for _, name := range evaluators {
		if _, err := e.eval(name); err == nil || !strings.Contains(err.Error(), "undefined") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := e.eval("~quote{1}"); err == nil {
		t.Error("macros are there")
	}
	nodes := func() (err any) {
		defer func() { err = recover() }()
		e.ir.Comp.ParseBytes([]byte("~quote{1}"))
		return nil
	}
	if nodes() == nil { // whatever stands before the parser
		t.Error("the parser of the interpreter knows macros")
	}
}

func outputs(nb *Notebook) string {
	var out strings.Builder
	for _, c := range nb.Cells {
		for _, o := range c.Outputs {
			fmt.Fprintln(&out, o.Text, o.Data["text/plain"])
		}
	}
	return out.String()
}
