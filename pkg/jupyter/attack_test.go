package jupyter

import (
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/internal/processtest"
	"github.com/go-zeromq/zmq4"
)

// The bytes of ZMTP 3.0.

func greeting() []byte {
	b := make([]byte, 64)
	b[0], b[9], b[10] = 0xff, 0x7f, 3
	copy(b[12:], "NULL")
	return b
}

func frame(flags byte, body string) []byte {
	return append([]byte{flags, byte(len(body))}, body...)
}

func property(k, v string) string {
	return string(byte(len(k))) + k + string(binary.BigEndian.AppendUint32(nil, uint32(len(v)))) + v
}

func hello(socket string) []byte {
	return slices.Concat(greeting(), frame(4, "\x05READY"+property("Socket-Type", socket)))
}

// announced begins a frame with a size, of which nothing follows.
func announced(size uint64) []byte { return binary.BigEndian.AppendUint64([]byte{2}, size) }

// attacks are bytes that any process may send to a socket of a kernel.
func attacks(socket string) map[string][]byte {
	h := hello(socket)
	ready := func(body string) []byte { return slices.Concat(greeting(), frame(4, body)) }
	after := func(b ...[]byte) []byte { return slices.Concat(h, slices.Concat(b...)) }
	return map[string][]byte{
		"nothing":                        nil,
		"HTTP":                           []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + strings.Repeat("x", 64)),
		"half a greeting":                greeting()[:30],
		"a greeting alone":               greeting(),
		"another mechanism":              slices.Replace(greeting(), 12, 16, []byte("XXXX")...),
		"no READY":                       ready("\x05ERROR"),
		"an empty command":               ready(""),
		"a name longer than its command": ready("\xffREADY"),
		"a key longer than its command":  ready("\x05READY\xff"),
		"a key without a value":          ready("\x05READY\x01K"),
		"a value of 4 GB":                ready("\x05READY\x01K\xff\xff\xff\xffV"),
		"READY that is no command":       slices.Concat(greeting(), frame(0, "\x05READY")),
		"READY of 2^63-1 bytes":          slices.Concat(greeting(), []byte{6}, announced(1<<63 - 1)[1:]),
		"another socket type":            hello("PUSH"),
		"a frame of 2^63-1 bytes":        after(announced(1<<63 - 1)),
		"a frame of 2^64-1 bytes":        after(announced(1<<64 - 1)),
		"a frame of 1 GB":                after(announced(1 << 30)),
		"a frame that does not come":     after(announced(1<<20), []byte("abc")),
		"1000 frames in one message":     after(slices.Repeat(frame(1, "x"), 1000)),
		"20 empty messages":              after(slices.Repeat(frame(0, ""), 20)),
		"20 messages of no kind":         after(slices.Repeat(frame(0, "\x07x"), 20)),
		"20 delimiters":                  after(slices.Repeat(frame(0, "<IDS|MSG>"), 20)),
		"20 commands":                    after(slices.Repeat(frame(4, "\x04PINGab"), 20)),
		"an envelope alone":              after(frame(1, "a"), frame(0, "")),
		"an unknown flag":                after(frame(0xf8, "x")),
	}
}

// No message on any socket ends the kernel, loses a variable, or blocks other clients.
// Each bad message is logged in one line.
func TestKernelSurvivesBadMessages(t *testing.T) {
	needKernel(t)
	c, err := Start(Options{Kernel: kernelName})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	cellIn(c, "x := 41", nil)
	alive := func(after string) {
		t.Helper()
		processtest.Within(t, after, func() {
			if got, failed := cellIn(c, "x", nil); got != "41" || failed != "" {
				t.Errorf("after %s: x is %q (%s), want 41", after, got, failed)
			}
		})
		select {
		case <-c.exited:
			t.Fatalf("after %s: %s", after, c.dead())
		default:
		}
	}
	sockets := map[string]zmq4.Socket{"shell": c.shell, "control": c.control}
	bad := badMessages(c.key)
	delete(bad, "0 frames") // cannot be sent
	for name, s := range sockets {
		for what, frames := range bad {
			if err := s.SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
				t.Fatal(err)
			}
			alive(name + ": " + what)
		}
	}
	for i, socket := range []string{"DEALER", "SUB", "DEALER", "DEALER", "REQ"} {
		for what, b := range attacks(socket) {
			conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", c.ports[i]))
			if err != nil {
				t.Fatalf("after %s: %v", what, err)
			}
			defer conn.Close() // until then the kernel waits for the rest
			_, _ = conn.Write(b)
			alive(fmt.Sprintf("%s on %s", what, []string{"shell", "iopub", "stdin", "control", "heartbeat"}[i]))
		}
	}

	// While all these are connected, a correct client is served.
	heart := zmq4.NewReq(t.Context())
	processtest.Within(t, "the heartbeat", func() {
		if err := heart.Dial(fmt.Sprintf("tcp://127.0.0.1:%d", c.ports[4])); err != nil {
			t.Error(err)
		}
		if err := heart.Send(zmq4.NewMsgString("ping")); err != nil {
			t.Error(err)
		}
		if m, err := heart.Recv(); err != nil || string(m.Bytes()) != "ping" {
			t.Errorf("the heartbeat: %v, %v", m, err)
		}
	})
	other := &Client{key: c.key, session: randomID(), ports: c.ports, exited: c.exited, messages: make(chan message, 64)}
	processtest.Within(t, "a new client", func() {
		if err := other.connect(); err != nil {
			t.Error(err)
		}
		if got, failed := cellIn(other, "x + 1", nil); got != "42" || failed != "" {
			t.Errorf("a new client: x + 1 is %q (%s), want 42", got, failed)
		}
	})
	other.cancel()

	c.Stop()
	log := c.stderr.String()
	for name := range sockets {
		for what := range bad {
			if line := name + ": dropped: "; !slices.ContainsFunc(strings.Split(log, "\n"), func(l string) bool {
				return strings.Contains(l, line) && strings.Contains(l, what)
			}) {
				t.Errorf("%s: %q is not logged", name, what)
			}
		}
	}
	if strings.Contains(log, "goroutine ") {
		t.Errorf("a trace is logged:\n%s", log)
	}
}

// The text that a cell prints is bounded.
func TestKernelBoundsWhatACellPrints(t *testing.T) {
	needKernel(t)
	c, err := Start(Options{Kernel: kernelName})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	processtest.Within(t, "12 MB of text", func() {
		shown, failed := cellIn(c, "import (\n\"fmt\"\n\"strings\"\n)", nil)
		if failed != "" {
			t.Error(shown, failed)
		}
		shown, failed = cellIn(c, "line := strings.Repeat(\"x\", 999)\nfor i := 0; i < 12000; i++ {\n\tfmt.Println(line)\n}", nil)
		if want := fmt.Sprintf("\n%d bytes more are not shown: a cell may print %d\n", 12000000-8<<20, 8<<20); failed != "" || len(shown) != 8<<20+len(want) || !strings.HasSuffix(shown, want) {
			t.Errorf("%d bytes are shown (%s), the last %q, want %q", len(shown), failed, shown[max(0, len(shown)-80):], want)
		}
		if shown, _ = cellIn(c, `fmt.Print("again")`, nil); shown != "again" {
			t.Errorf("the next cell shows %q", shown)
		}
	})
}
