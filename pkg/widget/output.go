package widget

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	_ "image/jpeg" // for their sizes
	_ "image/png"
	"io"
	"math"
	"os"
	"strings"
	"sync"
)

// maxPrinted bounds the text of one call that is shown.
const maxPrinted = 16 << 10

// capture returns what f prints, up to maxPrinted bytes. If there is no pipe, or f panics,
// the text goes where it went.
func capture(f func()) string {
	r, w, err := os.Pipe()
	if err != nil {
		f()
		return ""
	}
	var text bytes.Buffer
	var reading sync.WaitGroup
	cut := int64(0)
	reading.Go(func() {
		defer r.Close()
		_, _ = io.CopyN(&text, r, maxPrinted)
		cut, _ = io.Copy(io.Discard, r)
	})
	func() {
		stdout, stderr, panicked := os.Stdout, os.Stderr, true
		defer func() {
			os.Stdout, os.Stderr = stdout, stderr
			w.Close()
			reading.Wait()
			if panicked {
				fmt.Print(text.String())
			}
		}()
		os.Stdout, os.Stderr = w, w
		f()
		panicked = false
	}()
	out := strings.ToValidUTF8(text.String(), "�")
	if cut > 0 {
		out += fmt.Sprintf("\n%d bytes more are not shown", cut)
	}
	return out
}

// size returns the attributes of the size of a picture on the screen, or "" if it is not
// known.
func size(mime string, picture []byte) string {
	c, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return ""
	}
	scale := 1.0
	const screen = 96 / 0.0254 // dots per metre of a browser
	// The chunk pHYs of a PNG has its resolution: two numbers and 1 for metres.
	if i := bytes.Index(picture, []byte("pHYs")); mime == "image/png" && i > 0 && len(picture) >= i+13 && picture[i+12] == 1 {
		if dots := binary.BigEndian.Uint32(picture[i+4:]); dots > 0 {
			scale = screen / float64(dots)
		}
	}
	return fmt.Sprintf(` width="%.0f" height="%.0f"`, math.Round(float64(c.Width)*scale), math.Round(float64(c.Height)*scale))
}
