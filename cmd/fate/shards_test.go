//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Committed notebooks, as they are, come out the same, to the last byte of the executed copy
// and of every figure, from one process, from one shard, from seven in any order, and from a
// shard that was killed again and again. It takes minutes and runs in CI; the script
// store.txt does the same with a small notebook.
func TestNotebooksInShards(t *testing.T) {
	const kills = 6
	if os.Getenv("CI") == "" {
		t.Skip("takes minutes: set CI")
	}
	fate := command(t)
	for _, name := range []string{"04_linear_transfer", "09_relu_networks", "14_your_own_measurement"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			book, err := filepath.Abs("../../notebooks/" + name + ".ipynb")
			if err != nil {
				t.Fatal(err)
			}
			start := func(args ...string) *exec.Cmd {
				cmd := exec.Command(fate, append(append([]string{"run"}, args...), book)...)
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "FATE_CACHE=off")
				return cmd
			}
			run := func(args ...string) string {
				t.Helper()
				out, err := start(args...).CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %v\n%s", args, err, out)
				}
				return string(out)
			}
			began := time.Now()
			run("--out", "plain")
			took := time.Since(began)

			run("--store", "one", "--shard", "1/1")
			for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(7) {
				run("--store", "seven", "--shard", fmt.Sprintf("%d/7", i+1))
			}
			rng, killed := rand.New(rand.NewPCG(3, 4)), 0
			for range kills {
				cmd := start("--store", "killed", "--shard", "1/1")
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				kill := time.AfterFunc(time.Duration(rng.Float64()*float64(took)/2), func() { _ = cmd.Process.Kill() })
				err := cmd.Wait()
				if kill.Stop(); err == nil { // all of it is measured
					break
				}
				killed++
			}
			if killed == 0 {
				t.Error("no shard was killed")
			}
			run("--store", "killed", "--shard", "1/1")
			for _, store := range []string{"one", "seven", "killed"} {
				if text := run("--store", store, "--shard", "2/2"); !strings.Contains(text, " 0 are those of other shards") {
					t.Errorf("%s is not complete: %s", store, text)
				}
				run("--store", store, "--out", "from-"+store)
				same(t, filepath.Join(dir, "plain"), filepath.Join(dir, "from-"+store))
			}
		})
	}
}

// same compares the files of two output folders.
func same(t *testing.T, a, b string) {
	t.Helper()
	files := 0
	for _, pattern := range []string{"*.ipynb", "*/*.png"} {
		paths, err := filepath.Glob(filepath.Join(a, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			files++
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(b, strings.TrimPrefix(path, a)))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s differs in %s: %v", path, b, err)
			}
		}
	}
	if files < 2 {
		t.Errorf("%d files in %s: nothing is compared", files, a)
	}
}
