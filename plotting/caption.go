package plotting

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Caption gives the figure a caption, one or two sentences that say what is found in it, and
// returns the figure. Mathematics stands between dollar signs, as in a label. The caption is
// the beginning of the description in the file and in a notebook.
func (f *Figure) Caption(text string) *Figure {
	f.caption = strings.TrimSpace(text)
	if f.err == nil {
		_, f.err = parse(f.caption)
	}
	return f // and no copy: the notebook has this one among those that its cell drew
}

// heading returns the titles of the panels as plain text.
func (f *Figure) heading() string {
	var titles []string
	for _, p := range f.panels {
		t := plain(p.title)
		if t == "" && p.bar != nil {
			t = plain(p.bar.label)
		} else if t == "" {
			t = plain(p.y.label) + " against " + plain(p.x.label)
		}
		if !slices.Contains(titles, t) {
			titles = append(titles, t)
		}
	}
	return oneLine(strings.Join(titles, "; "))
}

// Description returns the caption, what each panel shows, and how it was measured: the number
// of trials, the dimension, the method and the error bars. It is plain text, for readers who
// do not see the figure.
func (f *Figure) Description() string {
	var parts []string
	if f.caption != "" {
		parts = append(parts, plain(f.caption))
	}
	bars := false
	var facts []string
	for i, p := range f.panels {
		text := p.describe()
		if len(f.panels) > 1 {
			text = fmt.Sprintf("(%c) %s", 'a'+i%26, text)
		}
		parts = append(parts, text)
		for _, fact := range p.facts() {
			if !slices.Contains(facts, fact) {
				facts = append(facts, fact)
			}
		}
		bars = bars || slices.ContainsFunc(p.entries, func(e entry) bool { return e.bar })
	}
	if len(facts) > 0 {
		parts = append(parts, "Measured: "+strings.Join(facts, "; ")+".")
	}
	if bars {
		parts = append(parts, "Bars are one standard error.")
	}
	return oneLine(strings.Join(parts, " "))
}

// oneLine returns a text without line breaks and characters that are not printed.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// describe returns one sentence about a panel.
func (p *panel) describe() string {
	var b strings.Builder
	if p.title != "" {
		b.WriteString(plain(p.title) + ": ")
	}
	if p.bar != nil {
		fmt.Fprintf(&b, "%s over %s and %s, in colours from %.4g to %.4g", plain(p.bar.label), plain(p.x.label), plain(p.y.label), p.bar.low, p.bar.high)
	} else {
		fmt.Fprintf(&b, "%s against %s", plain(p.y.label), plain(p.x.label))
	}
	var names, guides []string
	for _, e := range p.entries {
		if !e.bar {
			names = append(names, plain(e.label))
		}
	}
	for _, c := range p.data.Curves {
		if c.Role == "guide" && c.Label != "" {
			guides = append(guides, plain(c.Label))
		}
	}
	if len(names) > 0 {
		b.WriteString("; " + strings.Join(names, ", "))
	}
	if len(guides) > 0 {
		b.WriteString("; for comparison " + strings.Join(guides, ", "))
	}
	b.WriteByte('.')
	return b.String()
}

// facts returns how the numbers of a panel were measured.
func (p *panel) facts() []string {
	out := slices.Clone(p.noted)
	for _, c := range p.curves {
		if c.facts != "" && c.role == "points" {
			out = append(out, c.facts)
		}
	}
	return out
}
