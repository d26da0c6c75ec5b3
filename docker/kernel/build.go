// Package kernel builds the Jupyter kernel of the project from temporary copies of two
// modules. Upstream is not modified.
//
// Of gophernotes are: the program and its command line, the connection file, the sockets
// and the heartbeat, and the special commands of cells (%cd, $ls). Of go-zeromq is the
// transport, with bounds on what it reads and waits for. Ours is pkg/kernel, which answers
// the requests, and the process in which cells run, that of pkg/notebook; the files in the
// folder overlay connect them.
package kernel

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/features-are-fate/fate/pkg/file"
)

//go:embed overlay
var overlay embed.FS

const (
	upstream = "github.com/gopherdata/gophernotes"
	zmq4     = "github.com/go-zeromq/zmq4"
)

// added maps paths in the copies to our additional files.
var added = map[string]string{
	upstream + "/fate.go": "overlay/fate.go.txt",
	zmq4 + "/fate.go":     "overlay/zmq4.go.txt",
}

// edit replaces one passage in a file of gophernotes v0.7.5 or zmq4 v0.17.0.
type edit struct{ file, old, new string }

// edits connect the added files. Each must match exactly once: a version with a
// different passage stops the build.
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
}

// Build writes the kernel to the file out. module is the folder of a checkout of this
// module; the go command must be on the path. Its output, and a line for each stage, is
// written to log.
//
// Only the two modules that are edited are copied. All others are compiled from where they
// are and as this program was, so that what its own build compiled is not compiled again.
func Build(ctx context.Context, module, out string, log io.Writer) error {
	tmp, err := file.TempDir("kernel")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	env, trimpath := append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off"), "false"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "CGO_ENABLED":
				env = append(env, "CGO_ENABLED="+s.Value)
			case "-trimpath":
				trimpath = s.Value
			}
		}
	}
	run := func(stdout io.Writer, args ...string) error {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = module, stdout, log
		cmd.Env = env
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("kernel: go %s: %w", args[0], err)
		}
		return nil
	}
	fmt.Fprintln(log, "kernel: copying gophernotes and zmq4")
	mod := filepath.Join(tmp, "go.mod")
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return fmt.Errorf("kernel: %s is not a checkout of this module: %w", module, err)
		}
		if err := os.WriteFile(filepath.Join(tmp, name), data, 0o644); err != nil {
			return err
		}
	}
	var downloads bytes.Buffer
	if err := run(&downloads, "mod", "download", "-json", upstream, zmq4); err != nil {
		return err
	}
	for d := json.NewDecoder(&downloads); ; {
		var m struct{ Path, Dir string }
		if err := d.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("kernel: go mod download: %w", err)
		}
		to := filepath.Join(tmp, filepath.FromSlash(m.Path))
		if err := copyTree(m.Dir, to); err != nil {
			return err
		}
		if err := run(log, "mod", "edit", "-replace", m.Path+"="+to, mod); err != nil {
			return err
		}
	}
	for to, from := range added {
		data, err := overlay.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(tmp, filepath.FromSlash(to)), data, 0o644); err != nil {
			return err
		}
	}
	for _, e := range edits {
		if err := e.apply(tmp); err != nil {
			return err
		}
	}
	fmt.Fprintln(log, "kernel: compiling, seconds where fate was compiled and about 2 minutes elsewhere")
	// gomacro starts ten times slower where it finds the sources of Go. Without -s, what cgo
	// links would make the program 15 MB larger.
	return run(log, "build", "-modfile="+mod, "-trimpath="+trimpath, "-ldflags=-s -X=runtime.defaultGOROOT=", "-o", out, upstream)
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
