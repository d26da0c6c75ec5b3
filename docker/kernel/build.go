// Package kernel builds the Jupyter kernel of the project from temporary copies of two
// modules, and installs it or the one that was released with the command. Upstream is not
// modified.
//
// Of gophernotes are: the program and its command line, the connection file, the sockets
// and the heartbeat, and the special commands of cells (%cd, $ls). Of go-zeromq is the
// transport, with bounds on what it reads and waits for. Ours is pkg/kernel, which answers
// the requests, and the process in which cells run, that of pkg/notebook; the files in the
// folder overlay connect them.
package kernel

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg"
	"github.com/features-are-fate/fate/pkg/file"
)

//go:embed overlay
var overlay embed.FS

const (
	upstream = "github.com/gopherdata/gophernotes"
	zmq4     = "github.com/go-zeromq/zmq4"
	gomacro  = "github.com/cosmos72/gomacro"
)

// added maps paths in the copies to our additional files.
var added = map[string]string{
	upstream + "/fate.go": "overlay/fate.go.txt",
	zmq4 + "/fate.go":     "overlay/zmq4.go.txt",
}

// edit replaces one passage in a file of gophernotes v0.7.5, zmq4 v0.17.0 or gomacro.
type edit struct{ file, old, new string }

// edits connect the added files, and make gomacro compile for Windows. Each must match exactly
// once: a version with a different passage stops the build.
var edits = []edit{
	// The upstream loop, which ends at a bad message, is not reached.
	{upstream + "/kernel.go", "	go poll(shell, sockets.ShellSocket.Socket)\n	go poll(stdin, sockets.StdinSocket.Socket)\n	go poll(ctl, sockets.ControlSocket.Socket)\n", "	_ = poll\n"},
	{upstream + "/kernel.go", "	// Start a message receiving loop.\n", "	fateServe(sockets)\n"},
	{upstream + "/kernel.go", "log.Fatalf(\"Error reading heartbeat ping bytes", "log.Printf(\"Error reading heartbeat ping bytes"},
	{upstream + "/kernel.go", "	err = cmd.Wait()\n", "	writersWG.Wait() // Wait closes what is not read yet\n	err = cmd.Wait()\n"},
	// The input of a socket is bounded, and no client blocks another.
	{zmq4 + "/conn.go", "		if size > uint64(maxInt64) {\n			msg.err = errOverflow\n", "		if msg.err = c.fateRefuse(size, msg.Frames); msg.err != nil {\n"},
	{zmq4 + "/conn.go", "		body := make([]byte, size)\n		_, msg.err = io.ReadFull(c.rw, body)\n", "		var come bytes.Buffer // not what is announced\n		_, msg.err = io.CopyN(&come, c.rw, int64(size))\n		body := come.Bytes()\n"},
	{zmq4 + "/conn.go", "		conn.topics[k] = struct{}{}\n", "		if len(conn.topics) < fateTopics && len(k) <= fateTopics {\n			conn.topics[k] = struct{}{}\n		}\n"},
	{zmq4 + "/conn.go", "func (c *Conn) SendMsg(msg Msg) error {\n", "func (c *Conn) fateSend(msg Msg) error {\n"},
	{zmq4 + "/pub.go", "				q.c <- msg\n", "				fateDropped(msg)\n"},
	{zmq4 + "/socket.go", `				//sck.log.Printf("error accepting connection from %q: %+v", sck.ep, err)` + "\n", "				time.Sleep(sck.retry) // too many files are open\n"},
	{zmq4 + "/socket.go", `			zconn, err := Open(conn, sck.sec, sck.typ, sck.id, true, sck.scheduleRmConn)
			if err != nil {
				// FIXME(sbinet): maybe bubble up this error to application code?
				sck.log.Printf("could not open a ZMTP connection with %q: %+v", sck.ep, err)
				continue
			}

			sck.addConn(zconn)
`, "			go sck.fateOpen(conn)\n"},
	// Windows has no syslog, and without this gomacro does not compile there.
	{gomacro + "/imports/log_syslog.go", "\npackage imports\n", "\n//go:build !windows\n\npackage imports\n"},
}

// Build says how the programs of this module are built with the go command, which must be on
// the path.
type Build struct {
	Module   string // folder of a checkout of this module
	OS, Arch string // of the program; "" for those of this machine
	Work     string // a new folder for the copies; "" for a temporary one
	// Release leaves out cgo and the paths of this machine. Otherwise the program is compiled
	// as this one was, so that what its own build compiled is not compiled again.
	Release bool
	Log     io.Writer // gets a line for each stage, and what the go command prints
}

// Kernel writes the kernel to the file out. Only the modules that are edited are copied; all
// others are compiled from where they are.
func (b Build) Kernel(ctx context.Context, out string) error {
	// gomacro starts ten times slower where it finds the sources of Go. Without -s, what cgo
	// links would make the program 15 MB larger.
	return b.compile(ctx, upstream, out, "-buildvcs=false", "-ldflags=-s -X=runtime.defaultGOROOT=")
}

// Command writes the command fate to the file out. It installs the kernel beside it if that
// has this SHA-256.
func (b Build) Command(ctx context.Context, out, kernelSum string) error {
	return b.compile(ctx, "./cmd/fate", out, "-buildvcs=true", "-ldflags=-s -X="+pkg.Module+"/docker/kernel.released="+kernelSum)
}

// Vet runs go vet on all packages, as they are for the system of the build.
func (b Build) Vet(ctx context.Context) error {
	mod, done, err := b.modules(ctx, false)
	if err != nil {
		return err
	}
	defer done()
	return b.run(ctx, b.Log, "vet", "-modfile="+cmp.Or(mod, "go.mod"), "./...")
}

func (b Build) compile(ctx context.Context, path, out string, flags ...string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	mod, done, err := b.modules(ctx, path == upstream)
	if err != nil {
		return err
	}
	defer done()
	if mod != "" {
		flags = append(flags, "-modfile="+mod)
	}
	fmt.Fprintln(b.Log, "kernel: compiling, seconds where fate was compiled and about 2 minutes elsewhere")
	return b.run(ctx, b.Log, slices.Concat([]string{"build"}, flags, []string{"-o", out, path})...)
}

// run runs the go command in the checkout.
func (b Build) run(ctx context.Context, stdout io.Writer, args ...string) error {
	env, trimpath := append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off"), b.Release
	if info, ok := debug.ReadBuildInfo(); ok && !b.Release {
		for _, s := range info.Settings {
			switch s.Key {
			case "CGO_ENABLED":
				env = append(env, "CGO_ENABLED="+s.Value)
			case "-trimpath":
				trimpath = s.Value == "true"
			}
		}
	}
	if b.Release {
		env = append(env, "CGO_ENABLED=0")
	}
	if args[0] != "mod" {
		args = slices.Insert(args, 1, fmt.Sprint("-trimpath=", trimpath))
		env = append(env, "GOOS="+b.os(), "GOARCH="+cmp.Or(b.Arch, os.Getenv("GOARCH"), runtime.GOARCH))
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = b.Module, env, stdout, b.Log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("kernel: go %s: %w", args[0], err)
	}
	return nil
}

func (b Build) os() string { return cmp.Or(b.OS, os.Getenv("GOOS"), runtime.GOOS) }

// modules copies and edits the modules that the kernel, or else the command, needs edited. It
// returns the go.mod that replaces them, "" if there are none; done removes the copies.
func (b Build) modules(ctx context.Context, kernel bool) (mod string, done func(), err error) {
	var paths []string
	if kernel {
		paths = []string{upstream, zmq4}
	}
	if b.os() == "windows" {
		paths = append(paths, gomacro)
	}
	if len(paths) == 0 {
		return "", func() {}, nil
	}
	tmp := b.Work
	if tmp == "" {
		tmp, err = file.TempDir("kernel")
	} else {
		err = os.Mkdir(tmp, 0o700)
	}
	if err != nil {
		return "", nil, err
	}
	done = func() { os.RemoveAll(tmp) }
	defer func() {
		if err != nil {
			done()
		}
	}()
	fmt.Fprintln(b.Log, "kernel: copying", strings.Join(paths, ", "))
	mod = filepath.Join(tmp, "go.mod")
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(b.Module, name))
		if err != nil {
			return "", nil, fmt.Errorf("kernel: %s is not a checkout of this module: %w", b.Module, err)
		}
		if err := os.WriteFile(filepath.Join(tmp, name), data, 0o644); err != nil {
			return "", nil, err
		}
	}
	var downloads bytes.Buffer
	if err := b.run(ctx, &downloads, append([]string{"mod", "download", "-json"}, paths...)...); err != nil {
		return "", nil, err
	}
	for d := json.NewDecoder(&downloads); ; {
		var m struct{ Path, Dir string }
		if err := d.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			return "", nil, fmt.Errorf("kernel: go mod download: %w", err)
		}
		to := filepath.Join(tmp, filepath.FromSlash(m.Path))
		if err := copyTree(m.Dir, to); err != nil {
			return "", nil, err
		}
		// The program keeps this path: in a release it must not depend on the machine.
		if rel, err := filepath.Rel(b.Module, to); b.Release && err == nil {
			to = "./" + filepath.ToSlash(rel)
		}
		if err := b.run(ctx, b.Log, "mod", "edit", "-replace", m.Path+"="+to, mod); err != nil {
			return "", nil, err
		}
	}
	for to, from := range added {
		if !kernel {
			continue
		}
		data, err := overlay.ReadFile(from)
		if err != nil {
			return "", nil, err
		}
		if err := os.WriteFile(filepath.Join(tmp, filepath.FromSlash(to)), data, 0o644); err != nil {
			return "", nil, err
		}
	}
	for _, e := range edits {
		if !slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(e.file, path+"/") }) {
			continue
		}
		if err := e.apply(tmp); err != nil {
			return "", nil, err
		}
	}
	return mod, done, nil
}

func (e edit) apply(dir string) error {
	path := filepath.Join(dir, filepath.FromSlash(e.file))
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(source), e.old); n != 1 {
		return fmt.Errorf("kernel: %s has %q %d times: the edits in docker/kernel/build.go are for another version", e.file, e.old, n)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(source), e.old, e.new, 1)), 0o644)
}

// copyTree copies the files below a folder of the module cache, which are read-only.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o644)
	})
}
