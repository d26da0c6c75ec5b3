package report

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"

	"github.com/features-are-fate/fate/pkg/figure"
)

// slice is a part of a figure that a phone shows by itself, below the one before it.
type slice struct {
	ID, Alt    string // of the figure, and of the part
	Number, Of int
	Box        string // the viewBox
}

// ink says which pixels of a figure are not paper.
type ink struct {
	size image.Point
	dark []bool
}

func readInk(r io.Reader) (ink, error) {
	src, err := png.Decode(r)
	if err != nil {
		return ink{}, err
	}
	b := src.Bounds()
	out := ink{size: b.Size(), dark: make([]bool, b.Dx()*b.Dy())}
	for y := range out.size.Y {
		for x := range out.size.X {
			out.dark[y*out.size.X+x] = color.GrayModel.Convert(src.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y < 250
		}
	}
	return out, nil
}

// empty reports whether a rectangle holds nothing.
func (k ink) empty(r image.Rectangle) bool {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if k.dark[y*k.size.X+x] {
				return false
			}
		}
	}
	return true
}

// gaps returns the empty intervals of [0, n), from the left.
func gaps(n int, empty func(i int) bool) (out [][2]int) {
	start := -1
	for i := range n + 1 {
		free := i < n && empty(i)
		switch {
		case free && start < 0:
			start = i
		case !free && start >= 0:
			out, start = append(out, [2]int{start, i}), -1
		}
	}
	return out
}

// split cuts a figure of one row of panels between them, and its common legend off below. It
// returns nil where it does not find as many panels as there are.
func (k ink) split(panels int) []image.Rectangle {
	if panels < 2 {
		return nil
	}
	// A panel is framed: in its columns the upper half has no gap.
	half := k.size.Y / 2
	var cuts []int
	frame := k.size.X / panels * 2 / 5
	last, area := 0, 0
	var widest [2]int
	for _, g := range append(gaps(k.size.X, func(x int) bool { return k.empty(image.Rect(x, 0, x+1, half)) }), [2]int{k.size.X, k.size.X}) {
		if g[0]-last > frame { // a panel ends here
			if area++; area > 1 {
				cuts = append(cuts, (widest[0]+widest[1])/2)
			}
			widest = [2]int{}
		}
		if g[1]-g[0] > widest[1]-widest[0] {
			widest = g
		}
		last = g[1]
	}
	if area != panels {
		return nil
	}
	// The legend is what crosses a cut, and what is below that.
	legend := k.size.Y
	for _, g := range gaps(k.size.Y, func(y int) bool { return y >= half && k.empty(image.Rect(0, y, k.size.X, y+1)) }) {
		crossed := false
		for _, x := range cuts {
			crossed = crossed || !k.empty(image.Rect(x-4, g[1], x+4, k.size.Y))
		}
		if crossed {
			legend = (g[0] + g[1]) / 2
		}
	}
	var out []image.Rectangle
	left := 0
	for _, x := range append(cuts, k.size.X) {
		if !k.empty(image.Rect(x, 0, min(x+1, k.size.X), legend)) {
			return nil
		}
		out = append(out, image.Rect(left, 0, x, legend))
		left = x
	}
	if legend < k.size.Y {
		all := gaps(k.size.X, func(x int) bool { return k.empty(image.Rect(x, legend, x+1, k.size.Y)) })
		from, to := 0, k.size.X
		if len(all) > 0 && all[0][0] == 0 {
			from = max(0, all[0][1]-10)
		}
		if n := len(all); n > 0 && all[n-1][1] == k.size.X {
			to = min(k.size.X, all[n-1][0]+10)
		}
		out = append(out, image.Rect(from, legend, to, k.size.Y))
	}
	return out
}

// stack sets the parts of a figure of several panels.
func (p *part) stack(picture io.Reader, d *figure.Data) error {
	k, err := readInk(picture)
	if err != nil {
		return err
	}
	boxes := k.split(len(d.Panels))
	p.Pixels = k.size
	for i, r := range boxes {
		alt := "legend"
		if i < len(d.Panels) {
			alt = panels(&figure.Data{Panels: d.Panels[i : i+1]})
		}
		p.Panels = append(p.Panels, slice{ID: p.ID, Alt: alt, Number: i + 1, Of: len(boxes),
			Box: fmt.Sprintf("%d %d %d %d", r.Min.X, r.Min.Y, r.Dx(), r.Dy())})
	}
	return nil
}
