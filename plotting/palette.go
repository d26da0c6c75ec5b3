package plotting

import (
	"image/color"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The colours of transfer: red where it loses, white at zero, blue where it wins. The blue
// end is much darker than the red one, so that the sign can be read in grey too.
var transferStops = []color.NRGBA{
	{0xE2, 0x5A, 0x3F, 255}, {0xEE, 0x88, 0x6F, 255}, {0xF8, 0xB4, 0x9F, 255}, {0xFD, 0xDB, 0xD0, 255},
	{0xFF, 0xFF, 0xFF, 255},
	{0xB1, 0xD1, 0xE7, 255}, {0x5A, 0x9B, 0xCA, 255}, {0x1E, 0x60, 0xA4, 255}, {0x08, 0x28, 0x5F, 255},
}

// transferColor returns the colour of v on the scale [−limit, limit]. Values beyond the
// scale have the colour of its end; NaN is grey.
func transferColor(v, limit float64) color.NRGBA {
	if math.IsNaN(v) {
		return color.NRGBA{0xBB, 0xBB, 0xBB, 255}
	}
	return between(transferStops, (math.Max(-1, math.Min(1, v/limit))+1)/2)
}

// orderedStops are the colours of curves that are ordered by a parameter, from dark to light
// in equal steps of lightness.
var orderedStops = []color.NRGBA{
	{0x22, 0x10, 0x4C, 255}, {0x3A, 0x39, 0x79, 255}, {0x2F, 0x60, 0x7C, 255}, {0x2B, 0x83, 0x72, 255}, {0x68, 0xA4, 0x4E, 255}, {0xC9, 0xB4, 0x2D, 255},
}

// orderedColor returns the colour at t from 0 to 1.
func orderedColor(t float64) color.NRGBA { return between(orderedStops, t) }

// between returns the colour at t from 0 to 1 along the stops.
func between(stops []color.NRGBA, t float64) color.NRGBA {
	t *= float64(len(stops) - 1)
	i := min(int(t), len(stops)-2)
	f := t - float64(i)
	a, b := stops[i], stops[i+1]
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*(1-f) + float64(y)*f)) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// paint returns the colours of curves with these distinct labels. Three or more labels that
// differ in one number alone, such as those of λ = 0, 0.1 and 1, are in its order.
func paint(labels []string) []color.NRGBA {
	out := make([]color.NRGBA, len(labels))
	families := map[string][]int{}
	value := make([]float64, len(labels))
	for i, l := range labels {
		var family string
		family, value[i] = parameter(l)
		families[family] = append(families[family], i)
	}
	plain := 0
	for i, l := range labels {
		family, _ := parameter(l)
		if members := families[family]; family != "" && len(members) > 2 {
			rank := 0
			for _, m := range members {
				if value[m] < value[i] {
					rank++
				}
			}
			t := float64(rank) / float64(len(members)-1)
			if len(members) < len(labels) { // near black is taken
				t = 0.25 + 0.75*t
			}
			out[i] = orderedColor(t)
			continue
		}
		out[i] = curveColors[plain%len(curveColors)]
		plain++
	}
	return out
}

// valueText is a number or a fraction of π after an equals sign or an underscore.
var valueText = regexp.MustCompile(`(=\s*|_\{?)(-?[0-9]*\.?[0-9]*(?:e[-+]?[0-9]+)?)(\\pi)?(?:/([0-9]+))?`)

// parameter splits a label into its text without its first number, "" if it has none, and
// this number.
func parameter(label string) (family string, value float64) {
	for _, m := range valueText.FindAllStringSubmatchIndex(label, -1) {
		part := func(k int) string { return label[max(0, m[2*k]):max(0, m[2*k+1])] }
		v, err := strconv.ParseFloat(part(2), 64)
		switch {
		case err == nil:
		case part(2) == "" && part(3) != "":
			v = 1
		default:
			continue
		}
		if part(3) != "" {
			v *= math.Pi
		}
		if d, err := strconv.ParseFloat(part(4), 64); err == nil {
			v /= d
		}
		return label[:m[4]] + "#" + label[m[1]:], v
	}
	return "", 0
}

// distinct returns the labels of sets of curves, each once, in their order.
func distinct(sets ...[]one) []string {
	var out []string
	for _, c := range slices.Concat(sets...) {
		if !c.reference() && !slices.Contains(out, c.label) {
			out = append(out, c.label)
		}
	}
	return out
}

// plain returns a label as text without commands: T_lt for \mathcal{T}_{\mathrm{lt}}.
func plain(label string) string {
	parts, err := parse(label)
	if err != nil {
		return label
	}
	var b strings.Builder
	rise := 0.0
	for _, p := range parts {
		switch {
		case p.rise < rise && p.rise < 0:
			b.WriteByte('_')
		case p.rise > rise && p.rise > 0:
			b.WriteByte('^')
		}
		rise = p.rise
		if p.dx > 0.15 && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p.text)
	}
	return b.String()
}
