package plotting

import (
	"image/color"
	"math"
)

// The colours of transfer: red where it loses, white at zero, blue where it wins. The stops
// are those of RdBu of ColorBrewer with a pure white in the middle.
var transferStops = []color.NRGBA{
	{0xB2, 0x18, 0x2B, 255}, {0xD6, 0x60, 0x4D, 255}, {0xF4, 0xA5, 0x82, 255}, {0xFD, 0xDB, 0xC7, 255},
	{0xFF, 0xFF, 0xFF, 255},
	{0xD1, 0xE5, 0xF0, 255}, {0x92, 0xC5, 0xDE, 255}, {0x43, 0x93, 0xC3, 255}, {0x21, 0x66, 0xAC, 255},
}

// transferColor returns the colour of v on the scale [−limit, limit]. Values beyond the
// scale have the colour of its end; NaN is grey.
func transferColor(v, limit float64) color.NRGBA {
	if math.IsNaN(v) {
		return color.NRGBA{0xBB, 0xBB, 0xBB, 255}
	}
	t := (math.Max(-1, math.Min(1, v/limit)) + 1) / 2 * float64(len(transferStops)-1)
	i := min(int(t), len(transferStops)-2)
	f := t - float64(i)
	a, b := transferStops[i], transferStops[i+1]
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*(1-f) + float64(y)*f)) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}
