// Package jupyter starts installed Jupyter kernels and runs cells in them by the Jupyter
// messaging protocol (5.4). It also decodes and checks messages for the kernel of this
// project.
//
//	c, err := jupyter.Start(jupyter.Options{Kernel: "fate"})
//	if err != nil {
//		return err
//	}
//	defer c.Stop()
//	show := func(o ipynb.Output) { fmt.Println(o.Data["text/plain"]) }
//	failed := c.Run("", "1 + 1", show, func(trial.Progress) {})
package jupyter

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
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/process"
	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/features-are-fate/fate/pkg/widget"
	"github.com/go-zeromq/zmq4"
)

// Client is the client of a kernel that it started. It sends requests on the shell and
// control channels and receives the outputs of cells on the iopub channel.
type Client struct {
	cmd            *exec.Cmd
	kill           func() // ends the process and those that its cells started
	stderr         bytes.Buffer
	ports          []int         // of shell, iopub, stdin, control, heartbeat
	exited         chan struct{} // closed when the process has ended
	cause          error         // of its end
	dir            string        // of the connection file
	key            []byte
	session        string
	cell           string // id of the running cell
	cancel         context.CancelFunc
	shell, control zmq4.Socket
	iopub          zmq4.Socket
	messages       chan message
}

// message is a message from the kernel.
type message struct {
	Message
	channel string
}

// startTimeout bounds the time from the start of the process to its first reply.
const startTimeout = 30 * time.Second

// Options of a kernel. Kernel is the name under which it is installed, Dir its working
// directory, Notebook the file name of the notebook, and Env what is added to the
// environment of this process.
type Options struct {
	Kernel, Dir, Notebook string
	Env                   []string
}

// Start starts an installed kernel and returns when it answers.
func Start(o Options) (*Client, error) {
	argv, err := command(o.Kernel)
	if err != nil {
		return nil, err
	}
	c := &Client{exited: make(chan struct{}), messages: make(chan message, 64)}
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
	c.cmd.Env = append(append(os.Environ(), o.Env...), sessionVariable+"="+o.Notebook)
	c.cmd.Stderr = &c.stderr
	c.cmd.WaitDelay = time.Second // processes that a cell started may hold stderr open
	if c.kill, err = process.Start(c.cmd); err != nil {
		os.RemoveAll(c.dir)
		return nil, err
	}
	go func() {
		c.cause = c.cmd.Wait()
		close(c.exited)
	}()
	if err := c.connect(); err != nil {
		c.Stop()
		return nil, err
	}
	os.RemoveAll(c.dir) // the kernel has read it, and nobody removes it if this process is killed
	return c, nil
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

// connect opens the channels and waits until the kernel has answered on both shell and
// iopub, since a subscription takes effect with a delay.
func (c *Client) connect() error {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.shell = zmq4.NewDealer(ctx, zmq4.WithID(zmq4.SocketIdentity(c.session)))
	c.control = zmq4.NewDealer(ctx, zmq4.WithID(zmq4.SocketIdentity(c.session)))
	c.iopub = zmq4.NewSub(ctx)
	deadline := time.After(startTimeout)
	for i, s := range []zmq4.Socket{c.shell, c.iopub, nil, c.control} {
		if s == nil {
			continue
		}
		address := fmt.Sprintf("127.0.0.1:%d", c.ports[i])
		for { // until the kernel listens
			if conn, err := net.Dial("tcp", address); err == nil {
				conn.Close()
				break
			}
			select {
			case <-c.exited:
				return errors.New(c.dead())
			case <-deadline:
				return fmt.Errorf("the kernel does not listen after %v", startTimeout)
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
				return fmt.Errorf("the kernel does not answer after %v", startTimeout)
			}
		}
	}
	return nil
}

func (c *Client) receive(s zmq4.Socket, channel string) {
	for {
		raw, err := s.Recv()
		if err != nil {
			return
		}
		if m, err := Decode(raw.Frames, c.key); err == nil {
			c.messages <- message{m, channel}
		}
	}
}

func (c *Client) send(s zmq4.Socket, kind string, content any) (id string, err error) {
	m := Message{Metadata: map[string]any{"cellId": c.cell}, Header: newHeader(kind, c.session, "fate")}
	if m.Content, err = json.Marshal(content); err != nil {
		return "", err
	}
	frames, err := m.Encode(c.key)
	if err != nil {
		return "", err
	}
	return m.Header.ID, s.SendMulti(zmq4.NewMsgFrom(frames...))
}

// Stop ends the kernel and the processes that its cells started.
func (c *Client) Stop() {
	c.kill()
	<-c.exited
	if c.cancel != nil {
		c.cancel()
	}
	os.RemoveAll(c.dir)
}

func (c *Client) dead() string { return "the kernel died: " + process.Cause(&c.stderr, c.cause) }

// Interrupt interrupts the running cell.
func (c *Client) Interrupt() { c.cmd.Process.Signal(os.Interrupt) }

// Kill ends the kernel at once. It still must be stopped.
func (c *Client) Kill() { c.kill() }

// Run runs a cell until the kernel is idle again. It calls show with each output and
// progress with the state of the experiments, and returns the error of the cell as an
// output, or nil. id is that of the cell, or empty.
func (c *Client) Run(id, code string, show func(ipynb.Output), progress func(trial.Progress)) (failed *ipynb.Output) {
	c.cell = id
	request, err := c.send(c.shell, "execute_request", map[string]any{"code": code, "silent": false, "store_history": true,
		"user_expressions": map[string]any{}, "allow_stdin": false, "stop_on_error": true})
	if err != nil {
		return ipynb.ErrorOutput("dead kernel", err.Error())
	}
	for {
		select {
		case m := <-c.messages:
			if m.channel != "iopub" || m.Parent.ID != request {
				continue
			}
			r, idle := m.reply()
			switch {
			case r.failed != nil:
				failed = r.failed
			case r.output != nil:
				show(*r.output)
			case r.progress != nil:
				progress(*r.progress)
			}
			if idle {
				return failed
			}
		case <-c.exited:
			return ipynb.ErrorOutput("crash", c.dead())
		}
	}
}

// reply is what a message of the iopub channel says of the running cell.
type reply struct {
	output, failed *ipynb.Output
	progress       *trial.Progress
}

// reply decodes a message of the iopub channel; idle means that the cell has ended.
func (m message) reply() (r reply, idle bool) {
	var content struct {
		State     string         `json:"execution_state"`
		Name      string         `json:"name"`
		Text      string         `json:"text"`
		Metadata  map[string]any `json:"metadata"`
		Transient struct {
			ID string `json:"display_id"`
		} `json:"transient"`
		EName  string `json:"ename"`
		EValue string `json:"evalue"`
		Wait   bool   `json:"wait"`
	}
	if json.Unmarshal(m.Content, &content) != nil {
		return r, false
	}
	switch m.Header.Type {
	case "status":
		return r, content.State == "idle"
	case "stream":
		r.output = &ipynb.Output{Kind: "stream", Name: content.Name, Text: content.Text}
	case "error":
		reason, _, _ := strings.Cut(strings.TrimSpace(content.EValue), "\n")
		r.failed = ipynb.ErrorOutput(content.EName, reason)
	case ipynb.ClearKind:
		r.output = ipynb.ClearOutput(content.Wait)
	case "display_data", "update_display_data", "execute_result":
		var shown ipynb.Output
		if json.Unmarshal(m.Content, &shown) != nil {
			return r, false
		}
		if strings.HasPrefix(content.Transient.ID, ProgressID) {
			var p trial.Progress
			text, _ := shown.Data["text/plain"].(string)
			if n, _ := fmt.Sscanf(text, "%d %%  %d of %d", new(int), &p.Done, &p.Total); n == 3 {
				r.progress = &p
			}
			return r, false
		}
		delete(shown.Data, widget.ViewType) // which ends with the kernel, as the comms do
		if m.Header.Type != "update_display_data" {
			r.output = &ipynb.Output{Kind: m.Header.Type, Data: shown.Data, Metadata: content.Metadata}
		}
	}
	return r, false
}

// ProgressID is the prefix of the display id of a progress line, which is not an output
// of the cell.
const ProgressID = "fate-progress-"
