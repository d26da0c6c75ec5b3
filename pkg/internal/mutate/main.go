// Command mutate measures what the tests can find. It plants one error at a time in a
// package, runs the package's own tests, and reports the share of errors that they find.
//
//	go run ./pkg/internal/mutate                     # the scientific errors, all packages
//	go run ./pkg/internal/mutate -operators 100 theory  # and 100 changed operators and constants
//
// The scientific errors are in errors, the survivors that are accepted in accepted, each with
// its reason, in one file a package. The sources are not touched: go test reads each error through an
// overlay.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/features-are-fate/fate/pkg/file"
)

// packages are those whose numbers the paper is judged by.
var packages = []string{"theory", "linear", "relu", "divergence", "task", "verdict", "trial", "experiment", "figure", "sweep", "score", "diagnose"}

// A mutant is one error in one file.
type mutant struct {
	file     string // relative to the root, with slashes
	from, to string // the line or lines that change
	source   []byte // of the whole file
}

func (m mutant) String() string { return fmt.Sprintf("%s\n-%s\n+%s\n", m.file, m.from, m.to) }

type tally struct{ planted, killed, accepted int }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run() error {
	operators := flag.Int("operators", 0, "also change so many operators and constants a package, drawn at random; -1 for all")
	scientific := flag.Bool("scientific", true, "plant the errors of the folder errors")
	seed := flag.Uint64("seed", 1, "seed of the random choice")
	jobs := flag.Int("jobs", runtime.NumCPU(), "errors that are tried at the same time")
	table := flag.String("table", "", "write the rows into the table of this file, between its marks")
	only := flag.String("only", "", "only errors whose file or line contains this text")
	flag.Parse()
	names := flag.Args()
	if len(names) == 0 {
		names = packages
	}
	for _, name := range names {
		if !slices.Contains(packages, name) {
			return fmt.Errorf("%s: it must be one of %s", name, strings.Join(packages, ", "))
		}
	}
	if *jobs < 1 {
		return fmt.Errorf("-jobs %d: it must be at least 1", *jobs)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	results := map[string]*tally{}
	for _, name := range names {
		var ms []mutant
		var err error
		if *scientific {
			if ms, err = planted(name); err != nil {
				return err
			}
		}
		accepted, err := readErrors("accepted", name)
		if err != nil {
			return err
		}
		changed, err := operatorMutants(name)
		if err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(*seed, 0))
		rng.Shuffle(len(changed), func(i, j int) { changed[i], changed[j] = changed[j], changed[i] })
		if *operators >= 0 {
			changed = changed[:min(*operators, len(changed))]
		}
		ms = append(ms, changed...)
		ms = slices.DeleteFunc(ms, func(m mutant) bool { return !strings.Contains(m.String(), *only) })
		t, err := try(ctx, name, ms, accepted, *jobs)
		if err != nil {
			return err
		}
		results[name] = t
	}
	fmt.Print("\n", markdown(results))
	if *table != "" {
		return insert(*table, results)
	}
	return nil
}

// try runs the tests of one package with each of the errors.
func try(ctx context.Context, name string, ms []mutant, accepted []change, jobs int) (*tally, error) {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if out, err := exec.CommandContext(ctx, "go", "test", "-vet=off", "./pkg/"+name).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the tests of %s fail without an error:\n%s", name, out)
	}
	t := &tally{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan int)
	for range jobs {
		wg.Go(func() {
			for i := range next {
				killed, ok := dies(ctx, dir, name, i, ms[i])
				mu.Lock()
				if ok {
					t.planted++
					switch {
					case killed:
						t.killed++
					case isAccepted(ms[i], accepted):
						t.accepted++
					default:
						fmt.Printf("SURVIVES %s\n", ms[i])
					}
				}
				mu.Unlock()
			}
		})
	}
	for i := range ms {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, errors.New("interrupted: nothing was written")
	}
	fmt.Printf("%s: %d of %d killed, %d accepted\n", name, t.killed, t.planted, t.accepted)
	return t, nil
}

// dies reports whether a test fails with the error in place. ok is false if the error does
// not compile.
func dies(ctx context.Context, dir, name string, i int, m mutant) (killed, ok bool) {
	root, err := os.Getwd()
	if err != nil {
		return false, false
	}
	source, overlay := filepath.Join(dir, fmt.Sprintf("%d.go", i)), filepath.Join(dir, fmt.Sprintf("%d.json", i))
	text, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, filepath.FromSlash(m.file)): source}})
	if err = errors.Join(err, os.WriteFile(source, m.source, 0o600), os.WriteFile(overlay, text, 0o600)); err != nil {
		return false, false
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-vet=off", "-count=1", "-failfast", "-timeout=120s", "-overlay="+overlay, "./pkg/"+name)
	cmd.Env = append(os.Environ(), "FATE_MUTANT=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false, true
	}
	return true, !strings.Contains(string(out), "[build failed]") && !strings.Contains(string(out), "[setup failed]")
}

func markdown(results map[string]*tally) string {
	var b strings.Builder
	b.WriteString("| package | errors planted | found by its own tests | accepted survivors | share found |\n|---|---|---|---|---|\n")
	var sum tally
	row := func(name string, t tally) {
		share := "–"
		if t.planted > 0 {
			share = fmt.Sprintf("%.0f %%", 100*float64(t.killed)/float64(t.planted))
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %s |\n", name, t.planted, t.killed, t.accepted, share)
	}
	for _, name := range packages {
		if t := results[name]; t != nil {
			sum.planted, sum.killed, sum.accepted = sum.planted+t.planted, sum.killed+t.killed, sum.accepted+t.accepted
			row("`"+name+"`", *t)
		}
	}
	row("all", sum)
	return b.String()
}

const begin, end = "<!-- mutate -->\n", "<!-- /mutate -->\n"

// insert writes the rows of results into the table between the marks, and keeps the rows of
// other packages.
func insert(path string, results map[string]*tally) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no marks %q and %q", path, begin, end)
	}
	all := maps.Clone(results)
	for line := range strings.Lines(old) {
		for _, name := range packages {
			var t tally
			if n, _ := fmt.Sscanf(line, "| `"+name+"` | %d | %d | %d", &t.planted, &t.killed, &t.accepted); n == 3 && all[name] == nil {
				all[name] = &t
			}
		}
	}
	return file.Write(path, []byte(before+begin+markdown(all)+end+after))
}
