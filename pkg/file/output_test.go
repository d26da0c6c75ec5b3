package file

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// killVariable is the step before which the process of a test is killed.
const killVariable = "FATE_TEST_KILL_BEFORE"

// TestMain is also the process that is killed: it writes a second run to a folder.
func TestMain(m *testing.M) {
	at, err := strconv.Atoi(os.Getenv(killVariable))
	if err != nil {
		os.Exit(m.Run())
	}
	step = func() {
		if at--; at == 0 {
			p, _ := os.FindProcess(os.Getpid())
			p.Kill()
			select {}
		}
	}
	if err := (Output{os.Args[1]}).Put(run(2), "book"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run returns the files of the first or the second run; the second has one figure less.
func run(k int) map[string][]byte {
	text := func(name string) []byte { return bytes.Repeat(fmt.Appendf(nil, "%s of run %d\n", name, k), 100) }
	out := map[string][]byte{"book.ipynb": text("book"), "book/1.png": text("1")}
	if k == 1 {
		out["book/2.png"] = text("2")
	}
	return out
}

func put(t *testing.T, dir string, k int) {
	t.Helper()
	if err := (Output{dir}).Put(run(k), "book"); err != nil {
		t.Fatal(err)
	}
}

// A kill between any two changes on disk damages and loses nothing, and the next run
// succeeds: every file is from one of the runs, and the user's own files are kept.
func TestKillBetweenAnyTwoWrites(t *testing.T) {
	for at := 1; ; at++ {
		dir := t.TempDir()
		put(t, dir, 1)
		mine := filepath.Join(dir, "book", "mine.txt")
		if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], dir)
		cmd.Env = append(os.Environ(), killVariable+"="+strconv.Itoa(at))
		killed := cmd.Run() != nil
		one, two := run(1), run(2)
		for name := range one {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if !bytes.Equal(b, one[name]) && (two[name] == nil || !bytes.Equal(b, two[name])) && !(two[name] == nil && os.IsNotExist(err)) {
				t.Errorf("killed before step %d: %s holds %.20q, %v", at, name, b, err)
			}
		}
		put(t, dir, 2)
		if left := list(t, dir); left != "book/1.png book/mine.txt book.ipynb" {
			t.Errorf("killed before step %d, then run again: %s", at, left)
		}
		if !killed {
			if at < 15 {
				t.Errorf("a run takes %d steps only", at-1)
			}
			return
		}
	}
}

// list returns all files except the manifest and the lock.
func list(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	if err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		rel, _ := filepath.Rel(dir, path)
		if err == nil && !info.IsDir() && rel != manifestFile && rel != lockFile {
			out = append(out, rel)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

// A full disk leaves the outputs of the earlier run intact.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "none", dir).CombinedOutput(); err != nil {
		t.Skipf("no small file system to be had: %v: %s", err, out)
	}
	defer exec.Command("umount", dir).Run()
	put(t, dir, 1)
	big := map[string][]byte{"book.ipynb": make([]byte, 200<<10), "book/1.png": []byte("small")}
	err := (Output{dir}).Put(big, "book")
	if err == nil || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), "book.ipynb") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a full disk: %v", err)
	}
	for name, want := range run(1) {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(b, want) {
			t.Errorf("%s holds %.20q, %v", name, b, err)
		}
	}
	put(t, dir, 2)
	if left := list(t, dir); left != "book/1.png book.ipynb" {
		t.Error(left)
	}
}

// Only unchanged files of a run are replaced or removed.
func TestOutputsOfOthersStay(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(want string) {
		t.Helper()
		before := list(t, dir)
		if err := (Output{dir}).Put(run(1), "book"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
		if err := (Output{dir}).Check([]string{"book.ipynb", "book/1.png"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check: want an error with %q, got %v", want, err)
		}
		if after := list(t, dir); after != before {
			t.Errorf("%s, before %s", after, before)
		}
	}
	write("book.ipynb", "mine")
	refused("book.ipynb was not written by fate")
	os.Remove(filepath.Join(dir, "book.ipynb"))
	put(t, dir, 1)
	write("book/1.png", "edited")
	refused("1.png was changed after fate wrote it")
	os.Remove(filepath.Join(dir, "book/1.png"))
	write("book/2.png", "edited too")
	put(t, dir, 2)
	if b, err := os.ReadFile(filepath.Join(dir, "book/2.png")); err != nil || string(b) != "edited too" {
		t.Errorf("a stale figure that was edited: %q, %v", b, err)
	}
	if err := (Output{dir}).Put(map[string][]byte{"../x": nil}, ""); err == nil {
		t.Error("a file outside the folder is no error")
	}
	// A damaged manifest is refused.
	write(manifestFile, "{")
	refused("damaged manifest")
}

// Temporary files of dead processes are removed; those of others are kept.
func TestClean(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Skip(err)
	}
	dead := strings.Replace(own("write"), fmt.Sprintf("-%d-", os.Getpid()), fmt.Sprintf("-%d-", cmd.Process.Pid), 1)
	other := strings.Replace(dead, "-"+Host()+"-", "-"+Host()+"x-", 1)
	for _, name := range []string{dead, other, own("write"), ".fate-mine", "write"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	Clean(dir)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 4 {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(dir, dead)); err == nil {
		t.Error("the file of a dead process stays")
	}
}
