package notebook

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/process"
	"github.com/features-are-fate/fate/pkg/trial"
)

// unreadable is the number of a reply whose own one cannot be read.
const unreadable = -1

// maxStderr bounds what is kept of what a worker writes to its stderr: the end.
const maxStderr = 1 << 20

type tail struct{ kept bytes.Buffer }

func (t *tail) Write(b []byte) (int, error) {
	if t.kept.Len() > maxStderr {
		t.kept.Next(maxStderr / 2)
	}
	return t.kept.Write(b)
}

// client is the parent's end of a worker.
type client struct {
	cmd     *exec.Cmd
	end     func() // kills its process group
	in      io.WriteCloser
	replies chan reply
	stderr  tail
	exited  error
	options Options
	next    request // for the next cell, without its code
}

func startWorker(o Options) (*client, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &client{cmd: exec.Command(exe), replies: make(chan reply), options: o}
	c.cmd.Env = append(environment(o.Confine), workerVariable+"="+o.Engine, engine.CacheVariable+"="+o.cache())
	if o.Store != "" {
		c.cmd.Env = append(c.cmd.Env, storeVariable+"="+o.Store)
	}
	if o.shard.Of > 0 {
		c.cmd.Env = append(c.cmd.Env, shardVariable+"="+o.shard.String())
	}
	c.cmd.Dir = o.Dir
	c.cmd.Stderr = &c.stderr
	c.cmd.WaitDelay = time.Second // processes that a cell started may hold stderr open
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if c.end, err = process.Start(c.cmd); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.replies)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, maxMessage)
		for lines.Scan() {
			var r reply
			message, ok := bytes.CutPrefix(lines.Bytes(), mark)
			if !ok {
				continue
			}
			if err := file.CheckNesting(message, ipynb.MaxNesting+nestingAround); err != nil {
				r = reply{Number: unreadable, Done: true, Error: ipynb.ErrorOutput("error", "an output cannot be read: "+err.Error())}
			} else if json.Unmarshal(message, &r) != nil {
				continue
			}
			c.replies <- r
		}
		if err := lines.Err(); err != nil { // such as a line that is too long
			fmt.Fprintf(&c.stderr, "panic: its output cannot be read: %v\n", err)
			c.kill()
		}
		c.exited = c.cmd.Wait()
	}()
	return c, nil
}

// environment returns the environment of a worker. That of a confined one is limited to
// variables that the Go runtime reads.
func environment(confined bool) []string {
	if !confined {
		return os.Environ()
	}
	out := []string{confineVariable + "=on"}
	for _, name := range []string{"GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG", "TZ", "LANG"} {
		if v, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+v)
		}
	}
	return out
}

func (c *client) stop() {
	c.in.Close()
	if c.options.Store != "" { // which the worker closes
		timer := time.AfterFunc(grace, c.kill)
		defer timer.Stop()
		for range c.replies {
		}
	}
	c.kill()
	for range c.replies {
	}
	if c.options.Store != "" { // which a killed worker did not close
		trial.Unmark(c.options.Store, c.cmd.Process.Pid)
	}
}

func (c *client) kill() { c.end() }

func (c *client) send(r request) error { return json.NewEncoder(c.in).Encode(r) }

func (c *client) interrupt() {
	if c.send(request{Interrupt: true}) != nil {
		c.kill()
	}
}

func (c *client) at(o figure.Origin) {
	c.next = request{Number: c.next.Number + 1, Origin: o, Tracked: codeOf(o), Formats: c.options.Formats, Columns: c.options.Columns}
}

// codeOf returns what identifies the code that leads to the figures of an origin, with the
// values of the parameters.
func codeOf(o figure.Origin) string {
	h := sha256.New()
	fmt.Fprintln(h, o.Code)
	for _, name := range slices.Sorted(maps.Keys(o.Parameters)) {
		fmt.Fprintf(h, "%q = %q\n", name, o.Parameters[name])
	}
	for _, label := range slices.Sorted(maps.Keys(o.Widgets)) {
		fmt.Fprintf(h, "under %q = %q\n", label, o.Widgets[label])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (c *client) run(code string, replies chan<- reply) {
	c.next.Code = code
	if err := c.send(c.next); err != nil {
		replies <- reply{Done: true, Error: ipynb.ErrorOutput("crash", err.Error())}
		return
	}
	for r := range c.replies {
		if r.Number != c.next.Number && r.Number != unreadable { // a goroutine of an earlier cell printed
			continue
		}
		replies <- r
		if r.Done {
			return
		}
	}
	replies <- reply{Done: true, Error: ipynb.ErrorOutput("crash", "the process of the notebook died: "+process.Cause(&c.stderr.kept, c.exited))}
}
