package experiment

import "github.com/features-are-fate/fate/pkg/theory"

// folded replaces the trials of a complete cell whose trials can be drawn again: what planes
// and verdicts ask for is kept, and the rest is drawn when it is asked for.
type folded struct {
	trials      int
	means, wins map[theory.Quantity]theory.Value
	draw        func() map[theory.Quantity][]float64
}

// A table of the law with more cells and more trials than these is folded: it is there for
// planes. One of few cells is there for distributions, which need the trials again and again.
const (
	unfoldedCells  = 64
	unfoldedTrials = 1 << 18
)

// open makes the columns of the cell, if it has none.
func (c *Cell) open(trials int) {
	if c.values != nil || c.folded != nil {
		return
	}
	c.values, c.done, c.left = map[theory.Quantity][]float64{}, make([]bool, trials), trials
	for _, q := range c.quantities {
		c.values[q] = make([]float64, trials)
	}
}

// fold drops the trials of a complete cell, which draw makes again.
func (c *Cell) fold(draw func() map[theory.Quantity][]float64) {
	f := &folded{trials: len(c.done), draw: draw, means: map[theory.Quantity]theory.Value{}, wins: map[theory.Quantity]theory.Value{}}
	for _, q := range append([]theory.Quantity{theory.TLinear, theory.TFineTune}, c.quantities...) {
		mean, err := c.Mean(q)
		wins, err2 := c.Wins(q)
		if err == nil && err2 == nil {
			f.means[q], f.wins[q] = mean, wins
		}
	}
	c.values, c.done, c.folded = nil, nil, f
}

// trialsOf returns the trials of the cell by quantity.
func (c Cell) trialsOf() map[theory.Quantity][]float64 {
	if c.folded != nil {
		return c.folded.draw()
	}
	return c.values
}
