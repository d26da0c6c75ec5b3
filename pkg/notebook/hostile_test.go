package notebook

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/features-are-fate/fate/pkg/confine"
	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/ipynb"
)

// hostile returns notebooks that try to do harm, one for each file, with cells separated by
// lines of dashes. HOME stands for a folder outside that of the notebook, PORT for an open
// TCP port.
func hostile(t *testing.T, home, port string) map[string]*ipynb.Notebook {
	t.Helper()
	files, err := filepath.Glob("../engine/testdata/hostile/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d notebooks, %v", len(files), err)
	}
	out := map[string]*ipynb.Notebook{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("HOME", home, "PORT", port).Replace(string(b))
		nb := &ipynb.Notebook{Minor: 5}
		for i, source := range strings.Split(text, "\n----\n") {
			nb.Cells = append(nb.Cells, ipynb.Cell{ID: fmt.Sprint("c", i), Kind: "code", Source: source})
		}
		out[strings.TrimSuffix(filepath.Base(f), ".txt")] = nb
	}
	return out
}

// A confined worker prevents harm without the help of [engine.Judge].
func TestHostileNotebooksAreConfined(t *testing.T) {
	if err := confine.Supported(); err != nil {
		t.Skip(err)
	}
	harm(t, true)
}

// Unconfined the notebooks do harm, so that the test above is meaningful.
func TestHostileNotebooksDoHarmUnconfined(t *testing.T) { harm(t, false) }

func harm(t *testing.T, confined bool) {
	for _, eng := range []string{engine.Gomacro, engine.Yaegi} {
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
			if strings.HasPrefix(name, "evaluator") && eng == engine.Yaegi { // of gomacro only
				continue
			}
			secret := filepath.Join(home, "secret")
			if err := os.WriteFile(secret, []byte("private"), 0o600); err != nil {
				t.Fatal(err)
			}
			calls.Store(0)
			_, _ = Run(t.Context(), nb, Options{Engine: eng, Dir: t.TempDir(), Name: "x.ipynb", Confine: confined})
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
			} else if !confined && eng == engine.Gomacro && !strings.HasPrefix(name, "evaluator") { // which are removed from the engine
				t.Errorf("%s does no harm, so that it tests nothing:\n%s", name, b)
			}
			if confined && len(harms) > 0 {
				t.Errorf("%s, %s: %s\n%s", eng, name, strings.Join(harms, ", "), b)
			}
		}
		if !confined && did < 12 {
			t.Errorf("%s: only %d notebooks do harm", eng, did)
		}
		t.Logf("%s: %d do harm", eng, did)
	}
}

func outputs(nb *ipynb.Notebook) string {
	var out strings.Builder
	for _, c := range nb.Cells {
		for _, o := range c.Outputs {
			fmt.Fprintln(&out, o.Text, o.Data["text/plain"])
		}
	}
	return out.String()
}
