package notebook

import (
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"
)

// capture sends what is written to os.Stdout and os.Stderr to emit, for as long as the
// process lives: a goroutine may print after its cell has ended.
type capture struct {
	emit    func(name, text string)
	token   []byte // a text that no cell prints, by which flush finds its place
	mu      sync.Mutex
	streams [2]stream
}

// stream is a pipe: its end to write to, and a message for each token read from it.
type stream struct {
	w       *os.File
	flushed chan struct{}
}

func newCapture(emit func(name, text string)) (*capture, error) {
	c := &capture{emit: emit, token: []byte("\x1efate " + rand.Text() + "\n")}
	return c, c.restore()
}

// restore makes os.Stdout and os.Stderr the pipes again, since a cell may have set or
// closed them.
func (c *capture) restore() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, name := range []string{"stdout", "stderr"} {
		s := &c.streams[i]
		if s.w != nil {
			if _, err := s.w.Write(nil); err == nil {
				continue
			}
		}
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		*s = stream{w, make(chan struct{}, 1)}
		go c.copy(name, r, s.flushed)
	}
	os.Stdout, os.Stderr = c.streams[0].w, c.streams[1].w
	return nil
}

// flush returns when everything that was printed before has been emitted.
func (c *capture) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.streams {
		if _, err := s.w.Write(c.token); err == nil { // it is short, so nothing gets in between
			<-s.flushed
		}
	}
}

// copy joins text that arrives within a few milliseconds, so that a loop of prints does
// not send a message for each line.
func (c *capture) copy(name string, r io.ReadCloser, flushed chan<- struct{}) {
	defer r.Close()
	defer close(flushed)
	emit := func(text []byte) {
		if len(text) > 0 {
			c.emit(name, string(bytes.ToValidUTF8(text, []byte("�"))))
		}
	}
	buf := make([]byte, 64<<10)
	kept := 0 // bytes at the start of buf whose rest has not been read
	for {
		n, err := r.Read(buf[kept:])
		text, asked := buf[:kept+n], false
		for {
			before, after, found := bytes.Cut(text, c.token)
			if !found {
				break
			}
			asked = true
			emit(before)
			flushed <- struct{}{}
			text = after
		}
		rest := len(text)
		if err == nil {
			rest -= c.begun(text)
		}
		emit(text[:rest])
		kept = copy(buf, text[rest:])
		if err != nil {
			return
		}
		if rest > 0 && !asked {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// begun returns the number of bytes at the end of text that begin a token or a character.
func (c *capture) begun(text []byte) int {
	if i := bytes.LastIndexByte(text, c.token[0]); i >= 0 && bytes.HasPrefix(c.token, text[i:]) {
		return len(text) - i
	}
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if b := text[len(text)-n:]; utf8.RuneStart(b[0]) {
			if utf8.FullRune(b) {
				return 0
			}
			return n
		}
	}
	return 0
}
