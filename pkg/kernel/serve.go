// Package kernel answers the requests of Jupyter front ends (protocol 5.4). Cells run in a
// child process, the same as that of fate run, so that one which crashes, or ends its
// process, does not take the kernel with it. The program is gophernotes, which opens the
// sockets: see docker/kernel.
package kernel

import (
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/jupyter"
	"github.com/features-are-fate/fate/pkg/process"
	"github.com/go-zeromq/zmq4"
)

// Sockets are the sockets of a kernel that are not the heartbeat, and the key by which
// messages are signed.
type Sockets struct {
	Shell, Control, Stdin, IOPub zmq4.Socket
	Key                          []byte
}

// most is the number of requests that may wait, and of cells whose late output is known
// to be theirs.
const most = 1000

// channel is a socket that several goroutines send on.
type channel struct {
	name   string
	socket zmq4.Socket
	mu     sync.Mutex
}

// request is a request of a front end, and the channel on which it came.
type request struct {
	jupyter.Message
	content map[string]any
	from    *channel
	aborted bool // a cell before it failed
}

// text returns a field of the content; [jupyter.Message.Request] has checked that it is a
// string.
func (r request) text(name string) string {
	s, _ := r.content[name].(string)
	return s
}

func (r request) is(name string) bool {
	b, _ := r.content[name].(bool)
	return b
}

type kernel struct {
	key     []byte
	version string // of gophernotes
	iopub   *channel
	waiting chan request // in order, one at a time
	asides  chan request // answered while a cell runs
	aborted int          // first of the waiting requests: the cells among them do not run
	process child
	outputs outputs
	history history
}

// Serve answers requests until a front end or the end of the parent ends the process.
// version is that of gophernotes.
func Serve(s Sockets, version string) {
	k := &kernel{key: s.Key, version: version, iopub: &channel{name: "iopub", socket: s.IOPub},
		waiting: make(chan request, most), asides: make(chan request, most)}
	k.outputs.cells = map[int]*cell{}
	go func() {
		if _, err := k.live(); err != nil { // a cell will say so
			log.Print(err)
		}
	}()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	go func() {
		for range interrupts {
			k.interrupt()
		}
	}()
	go k.endAlone()
	go k.receive(&channel{name: "shell", socket: s.Shell})
	go k.receive(&channel{name: "control", socket: s.Control})
	go func() { // cells have no input
		for {
			_, _ = s.Stdin.Recv()
		}
	}()
	go func() {
		for r := range k.asides {
			k.answer(r)
		}
	}()
	for r := range k.waiting {
		r.aborted = k.aborted > 0
		k.aborted = max(0, k.aborted-1)
		k.answer(r)
	}
}

// endAlone ends the kernel when Jupyter, its parent, has ended without a word.
func (k *kernel) endAlone() {
	parent := os.Getppid()
	if os.Getenv("JPY_PARENT_PID") != strconv.Itoa(parent) {
		return // another process started it, and may end before Jupyter
	}
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	k.end()
}

// end ends the child, the processes that cells started, and this process.
func (k *kernel) end() {
	k.close()
	process.EndOthers()
	os.Exit(0)
}

// receive reads the requests of a channel. Invalid messages are logged.
func (k *kernel) receive(c *channel) {
	for {
		raw, err := c.socket.Recv()
		if err != nil {
			log.Printf("%s: %v", c.name, err)
			continue
		}
		r := request{from: c}
		if r.Message, err = jupyter.Decode(raw.Frames, k.key); err == nil {
			r.content, err = r.Request()
		}
		if err != nil {
			log.Printf("%s: dropped: %v", c.name, err)
			continue
		}
		switch r.Header.Type {
		case "shutdown_request", "interrupt_request":
			k.answer(r)
		case "kernel_info_request", "complete_request", "inspect_request", "is_complete_request", "comm_info_request":
			k.asides <- r
		case "comm_msg":
			if w := k.current(); w != nil {
				w.Expect(message(r))
			}
			k.waiting <- r
		default:
			k.waiting <- r
		}
	}
}

// answer answers a request, with status busy before and idle after it. A failed reply or a
// panic ends the request, not the kernel.
func (k *kernel) answer(r request) {
	k.status(r, "busy")
	defer func() {
		if p := recover(); p != nil {
			log.Printf("%s: %q", r.Header.Type, fmt.Sprint("panic: ", p))
		}
		k.status(r, "idle")
		// A front end takes the last status for that of the kernel.
		if running, ok := k.running(); ok {
			k.status(running, "busy")
		}
	}()
	cursor, _ := r.content["cursor_pos"].(float64)
	switch r.Header.Type {
	case "kernel_info_request":
		k.reply(r, k.info())
	case "execute_request":
		if r.aborted {
			k.reply(r, content{"status": "aborted"})
			return
		}
		k.execute(r)
	case "comm_open", "comm_msg", "comm_close":
		k.comm(r)
	case "comm_info_request":
		comms := content{}
		for id, target := range k.comms(r.text("target_name")) {
			comms[id] = content{"target_name": target}
		}
		k.reply(r, content{"comms": comms})
	case "is_complete_request":
		status, indent := engine.IsComplete(goOf(r.text("code")))
		k.reply(r, content{"status": status, "indent": indent})
	case "complete_request":
		k.reply(r, k.complete(r.text("code"), int(cursor)))
	case "inspect_request":
		data := k.inspect(r.text("code"), int(cursor))
		k.reply(r, content{"found": len(data) > 0, "data": some(data), "metadata": content{}})
	case "history_request":
		k.reply(r, content{"history": k.history.find(r.content)})
	case "interrupt_request":
		k.interrupt()
		k.reply(r, content{})
	case "shutdown_request":
		k.reply(r, content{"restart": r.is("restart")})
		k.end()
	}
}

func (k *kernel) info() content {
	return content{
		"protocol_version":       jupyter.Version,
		"implementation":         "gophernotes",
		"implementation_version": k.version,
		"banner":                 "Go with the packages of features-are-fate (gophernotes " + k.version + ")",
		"language_info": content{"name": "go", "version": strings.TrimPrefix(runtime.Version(), "go"), "mimetype": "text/x-go",
			"file_extension": ".go", "pygments_lexer": "go", "codemirror_mode": "go"},
		"help_links": []content{{"text": "Go", "url": "https://go.dev/"}, {"text": "gophernotes", "url": "https://github.com/gopherdata/gophernotes"}},
	}
}

// content is an object in a message.
type content = map[string]any

func some(data content) content {
	if data == nil {
		return content{}
	}
	return data
}

// reply replies to a request on its channel; its status is "ok" unless given.
func (k *kernel) reply(r request, c content) {
	if c["status"] == nil {
		c["status"] = "ok"
	}
	k.send(r.from, r, strings.TrimSuffix(r.Header.Type, "_request")+"_reply", c, nil)
}

// publish sends a message about a request to all front ends.
func (k *kernel) publish(r request, kind string, c content, metadata content) {
	r.Identities = [][]byte{[]byte(kind)} // what a front end may subscribe to
	k.send(k.iopub, r, kind, c, metadata)
}

func (k *kernel) status(r request, state string) {
	k.publish(r, "status", content{"execution_state": state}, nil)
}

func (k *kernel) send(to *channel, r request, kind string, c content, metadata content) {
	m, err := r.Answer(kind, c, metadata)
	var frames [][]byte
	if err == nil {
		frames, err = m.Encode(k.key)
	}
	if err == nil {
		to.mu.Lock()
		defer to.mu.Unlock()
		err = to.socket.SendMulti(zmq4.NewMsgFrom(frames...))
	}
	if err != nil {
		log.Printf("%s: %s: %q", to.name, kind, err)
	}
}
