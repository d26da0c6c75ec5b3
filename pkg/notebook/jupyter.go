package notebook

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/go-zeromq/zmq4"
)

// kernelClient speaks the Jupyter messaging protocol (5.0) with a kernel that
// it started: shell and control for requests, iopub for what a cell shows.
type kernelClient struct {
	cmd            *exec.Cmd
	end            func() // ends it and what its cells started
	stderr         bytes.Buffer
	ports          []int         // shell, iopub, stdin, control, heartbeat
	exited         chan struct{} // closed when the process is gone
	cause          error
	dir            string // of the connection file
	key            []byte
	session        string
	cell           string // id of the one that runs
	cancel         context.CancelFunc
	shell, control zmq4.Socket
	iopub          zmq4.Socket
	messages       chan message
}

// message is one that the kernel sent.
type message struct {
	Message
	channel string
}

// kernelStart bounds the time from the start of the process to its first reply.
const kernelStart = 30 * time.Second

func startKernel(o Options) (*kernelClient, error) {
	argv, err := kernelCommand(o.Kernel)
	if err != nil {
		return nil, err
	}
	c := &kernelClient{exited: make(chan struct{}), messages: make(chan message, 64)}
	if c.dir, err = file.TempDir("connection"); err != nil {
		return nil, err
	}
	c.key, c.session = []byte(randomID()), randomID()
	if c.ports, err = freePorts(5); err != nil {
		return nil, err
	}
	ports := c.ports
	info, err := json.Marshal(map[string]any{"transport": "tcp", "ip": "127.0.0.1", "key": string(c.key), "signature_scheme": "hmac-sha256",
		"shell_port": ports[0], "iopub_port": ports[1], "stdin_port": ports[2], "control_port": ports[3], "hb_port": ports[4]})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(c.dir, "connection.json")
	if err := os.WriteFile(file, info, 0o600); err != nil {
		return nil, err
	}
	for i, a := range argv {
		argv[i] = strings.ReplaceAll(a, "{connection_file}", file)
	}
	c.cmd = exec.Command(argv[0], argv[1:]...)
	c.cmd.Dir = o.Dir
	c.cmd.Env = append(os.Environ(), cacheVariable+"="+o.cache(), sessionVariable+"="+o.Name)
	c.cmd.Stderr = &c.stderr
	c.cmd.WaitDelay = time.Second // what a cell started may hold the pipe of stderr
	if c.end, err = startChild(c.cmd); err != nil {
		os.RemoveAll(c.dir)
		return nil, err
	}
	go func() {
		c.cause = c.cmd.Wait()
		close(c.exited)
	}()
	if err := c.connect(); err != nil {
		c.stop()
		return nil, err
	}
	os.RemoveAll(c.dir) // the kernel has read it; nothing stays if we are killed
	return c, nil
}

// kernelCommand returns the command line of an installed kernel, by name.
func kernelCommand(name string) ([]string, error) {
	for _, dir := range KernelDirs() {
		data, err := os.ReadFile(filepath.Join(dir, name, "kernel.json"))
		if err != nil {
			continue
		}
		var spec struct {
			Argv []string `json:"argv"`
		}
		if err := json.Unmarshal(data, &spec); err != nil || len(spec.Argv) == 0 {
			return nil, fmt.Errorf("%s is damaged: install the kernel again", filepath.Join(dir, name, "kernel.json"))
		}
		return spec.Argv, nil
	}
	return nil, fmt.Errorf("no Jupyter kernel %q is installed: run fate kernel install", name)
}

// HasKernel reports whether a kernel of this name is installed.
func HasKernel(name string) bool {
	_, err := kernelCommand(name)
	return err == nil
}

func freePorts(n int) ([]int, error) {
	var out []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out, nil
}

func randomID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// connect opens the channels and waits until the kernel has answered on both
// shell and iopub: a subscription takes a moment to arrive.
func (c *kernelClient) connect() error {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.shell = zmq4.NewDealer(ctx, zmq4.WithID(zmq4.SocketIdentity(c.session)))
	c.control = zmq4.NewDealer(ctx, zmq4.WithID(zmq4.SocketIdentity(c.session)))
	c.iopub = zmq4.NewSub(ctx)
	deadline := time.After(kernelStart)
	for i, s := range []zmq4.Socket{c.shell, c.iopub, nil, c.control} {
		if s == nil {
			continue
		}
		address := fmt.Sprintf("127.0.0.1:%d", c.ports[i])
		for { // the kernel binds when it is ready
			if conn, err := net.Dial("tcp", address); err == nil {
				conn.Close()
				break
			}
			select {
			case <-c.exited:
				return errors.New(c.dead())
			case <-deadline:
				return fmt.Errorf("the kernel does not listen after %v", kernelStart)
			case <-time.After(5 * time.Millisecond):
			}
		}
		if err := s.Dial("tcp://" + address); err != nil {
			return err
		}
	}
	if err := c.iopub.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		return err
	}
	go c.receive(c.shell, "shell")
	go c.receive(c.iopub, "iopub")
	go c.receive(c.control, "control")
	var shell, iopub bool
	for !shell || !iopub {
		if _, err := c.send(c.shell, "kernel_info_request", map[string]any{}); err != nil {
			return err
		}
		again := time.After(50 * time.Millisecond)
	wait:
		for {
			select {
			case m := <-c.messages:
				shell, iopub = shell || m.channel == "shell", iopub || m.channel == "iopub"
				if shell && iopub {
					break wait
				}
			case <-again:
				break wait
			case <-c.exited:
				return errors.New(c.dead())
			case <-deadline:
				return fmt.Errorf("the kernel does not answer after %v", kernelStart)
			}
		}
	}
	return nil
}

func (c *kernelClient) receive(s zmq4.Socket, channel string) {
	for {
		raw, err := s.Recv()
		if err != nil {
			return
		}
		if m, err := DecodeMessage(raw.Frames, c.key); err == nil {
			c.messages <- message{m, channel}
		}
	}
}

func (c *kernelClient) send(s zmq4.Socket, kind string, content any) (id string, err error) {
	m := Message{Metadata: map[string]any{"cellId": c.cell}}
	m.Header = Header{ID: randomID(), Type: kind, Session: c.session, Username: "fate", Date: time.Now().UTC().Format(time.RFC3339Nano), Version: "5.0"}
	if m.Content, err = json.Marshal(content); err != nil {
		return "", err
	}
	frames, err := m.encode(c.key)
	if err != nil {
		return "", err
	}
	return m.Header.ID, s.SendMulti(zmq4.NewMsgFrom(frames...))
}

func (c *kernelClient) stop() {
	c.end()
	<-c.exited
	if c.cancel != nil {
		c.cancel()
	}
	os.RemoveAll(c.dir)
}

func (c *kernelClient) dead() string { return "the kernel died: " + causeOf(&c.stderr, c.cause) }

func (c *kernelClient) interrupt() { c.cmd.Process.Signal(os.Interrupt) }

func (c *kernelClient) kill() { c.end() }

func (c *kernelClient) at(o figure.Origin) { c.cell = o.Cell }

// run sends a cell and turns what the kernel publishes into replies, until it is
// idle again.
func (c *kernelClient) run(code string, replies chan<- reply) {
	id, err := c.send(c.shell, "execute_request", map[string]any{"code": code, "silent": false, "store_history": true,
		"user_expressions": map[string]any{}, "allow_stdin": false, "stop_on_error": true})
	if err != nil {
		replies <- reply{Done: true, Error: errorOutput("dead kernel", err.Error())}
		return
	}
	var failed *Output
	for {
		select {
		case m := <-c.messages:
			if m.channel != "iopub" || m.Parent.ID != id {
				continue
			}
			r, idle := m.reply()
			if r.Error != nil {
				failed = r.Error
			} else if r.Output != nil || r.Progress != nil {
				replies <- r
			}
			if idle {
				replies <- reply{Done: true, Error: failed}
				return
			}
		case <-c.exited:
			replies <- reply{Done: true, Error: errorOutput("crash", c.dead())}
			return
		}
	}
}

// reply translates a message of the iopub channel.
func (m message) reply() (r reply, idle bool) {
	var content struct {
		State     string                     `json:"execution_state"`
		Name      string                     `json:"name"`
		Text      string                     `json:"text"`
		Data      map[string]json.RawMessage `json:"data"`
		Metadata  map[string]any             `json:"metadata"`
		Transient struct {
			ID string `json:"display_id"`
		} `json:"transient"`
		EValue string `json:"evalue"`
	}
	if json.Unmarshal(m.Content, &content) != nil {
		return r, false
	}
	switch m.Header.Type {
	case "status":
		return r, content.State == "idle"
	case "stream":
		r.Output = &Output{Kind: "stream", Name: content.Name, Text: content.Text}
	case "error":
		// Our kernel puts the kind of error before the first colon.
		name, text, ok := strings.Cut(firstLine(content.EValue), ": ")
		if !ok || !slices.Contains(errorNames, name) {
			name, text = "error", firstLine(content.EValue)
		}
		r.Error = errorOutput(name, text)
	case "display_data", "update_display_data", "execute_result":
		data, err := bundle(content.Data)
		if err != nil {
			return r, false
		}
		if strings.HasPrefix(content.Transient.ID, ProgressID) {
			var p experiment.Progress
			text, _ := data["text/plain"].(string)
			if n, _ := fmt.Sscanf(text, "%d %%  %d of %d", new(int), &p.Done, &p.Total); n == 3 {
				r.Progress = &p
			}
			return r, false
		}
		if m.Header.Type != "update_display_data" {
			r.Output = &Output{Kind: m.Header.Type, Data: data, Metadata: content.Metadata}
		}
	}
	return r, false
}

// errorNames are the kinds of error of a cell.
var errorNames = []string{"syntax error", "import error", "compile error", "panic", "interrupted"}
