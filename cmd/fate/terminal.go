package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// screen is an output for people. Its text may be untrusted, so control characters, which
// could move the cursor or hide text, are escaped as in a Go string. It keeps the first
// error, so that a full disk is reported.
type screen struct {
	mu  sync.Mutex
	to  io.Writer
	err error
}

var stdout, stderr = &screen{to: os.Stdout}, &screen{to: os.Stderr}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := io.WriteString(s.to, printable(string(b)))
	if err != nil && s.err == nil {
		s.err = err
	}
	return len(b), err
}

// painted writes text that may have colours and in which all else is printable.
type painted struct{ *screen }

func (p painted) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.to.Write(b)
	if err != nil && p.err == nil {
		p.err = err
	}
	return len(b), err
}

// printable escapes control characters and invalid bytes as in a Go string, except line
// ends and tabs.
func printable(s string) string {
	var out strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			out.WriteString(`\x` + strconv.FormatUint(uint64(s[i]), 16))
		case r == '\n' || r == '\t' || unicode.IsGraphic(r):
			out.WriteRune(r)
		default:
			q := strconv.QuoteRuneToASCII(r)
			out.WriteString(q[1 : len(q)-1])
		}
	}
	return out.String()
}
