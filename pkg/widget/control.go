package widget

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Control is a control of [Interact]: its label, the values that it can have, and the one
// that it starts with. [Slider], [LogSlider], [IntSlider], [Choice], [Switch], [Text] and
// [Button] make one. A control that is not valid is an error of Interact.
type Control struct {
	label           string
	kind            kind
	low, high, step float64 // of numbers
	options         []string
	value           any // the present one, of the type of the kind
	err             error
}

// kind is what makes a control, and the zero value of its type.
type kind struct {
	name string
	zero any
}

var (
	slider    = kind{"Slider", 0.0}
	logSlider = kind{"LogSlider", 0.0}
	intSlider = kind{"IntSlider", 0}
	choice    = kind{"Choice", ""}
	toggle    = kind{"Switch", false}
	text      = kind{"Text", ""}
	button    = kind{"Button", 0}
)

// maxText bounds a label and, as in the recipe of a figure, the value of a text.
const (
	maxLabel = 100
	maxText  = 500 // letters, of at most four bytes
)

// Slider returns a control of a float64 from low to high. It starts in the middle, with
// about a hundred steps; see From and Step. Both ends must be finite, and low below high.
func Slider(label string, low, high float64) Control {
	c := between(label, slider, low, high)
	c.step = niceStep(high - low)
	c.value = clean(c.low + math.Round((high-low)/2/c.step)*c.step)
	return c
}

// LogSlider returns a control of a float64 from low to high whose logarithm moves evenly,
// by a hundred steps; see Step for other ones. It starts at the geometric mean. low must be
// above 0, and below high.
func LogSlider(label string, low, high float64) Control {
	c := between(label, logSlider, low, high)
	if c.err == nil && low <= 0 {
		c.err = c.bad("low", low, "above 0")
	}
	c.step = niceStep(math.Log10(high) - math.Log10(low))
	c.value = clean(math.Sqrt(low) * math.Sqrt(high))
	return c
}

// IntSlider returns a control of an int from low to high, by steps of 1. It starts in the
// middle. low must be below high.
func IntSlider(label string, low, high int) Control {
	c := between(label, intSlider, float64(low), float64(high))
	c.step, c.value = 1, low+(high-low)/2
	return c
}

// Choice returns a control of a string that is one of the options, at first the first. There
// must be at least two, all different.
func Choice(label string, options ...string) Control {
	c := Control{label: label, kind: choice, options: slices.Clone(options)}
	if len(options) < 2 {
		c.err = c.bad("options", len(options), "two or more")
		return c
	}
	for i, o := range options {
		if slices.Contains(options[:i], o) || o == "" || !printable(o, maxLabel) {
			c.err = c.bad("option", o, fmt.Sprintf("1 to %d printable letters, and different from the others", maxLabel))
		}
	}
	c.value = options[0]
	return c
}

// Switch returns a control of a bool, at first false.
func Switch(label string) Control { return Control{label: label, kind: toggle, value: false} }

// Text returns a control of a string of up to 500 letters, at first empty. The function is
// called when the text is complete, by the key Enter or by leaving the field.
func Text(label string) Control { return Control{label: label, kind: text, value: ""} }

// Button returns a control of an int that counts how often the button was pressed, such as
// for the seed of another draw.
func Button(label string) Control { return Control{label: label, kind: button, value: 0} }

// From returns the control with another first value: a number of a slider, a string of a
// Choice or Text, or a bool of a Switch. It must be one that the control can have.
func (c Control) From(value interface{}) Control {
	v, err := c.accept(value)
	switch {
	case c.err != nil:
	case c.kind == button:
		c.err = fmt.Errorf("%v.From: a button counts from 0", c)
	case err != nil:
		c.err = fmt.Errorf("%v.From: %w", c, err)
	default:
		c.value = v
	}
	return c
}

// Step returns the slider with another step: of the number, or, for a LogSlider, of its
// logarithm to base 10. It must be above 0 and at most the width of the slider, and whole
// for an IntSlider.
func (c Control) Step(size float64) Control {
	width := c.high - c.low
	if c.kind == logSlider {
		width = math.Log10(c.high) - math.Log10(c.low)
	}
	switch {
	case c.err != nil:
	case !c.isNumber() || c.kind == button:
		c.err = fmt.Errorf("%v.Step: only sliders have steps", c)
	case !(size > 0 && size <= width):
		c.err = fmt.Errorf("%v.Step(%v): it must be above 0 and at most %v", c, size, width)
	case c.kind == intSlider && size != math.Trunc(size):
		c.err = fmt.Errorf("%v.Step(%v): it must be a whole number", c, size)
	default:
		c.step = size
	}
	return c
}

func (c Control) String() string { return fmt.Sprintf("%s %q", c.kind.name, c.label) }

func (c Control) bad(field string, value any, allowed string) error {
	return fmt.Errorf("%v: %s is %v: it must be %s", c, field, value, allowed)
}

func (c Control) isNumber() bool { return c.kind.zero != any("") && c.kind.zero != any(false) }

func between(label string, k kind, low, high float64) Control {
	c := Control{label: label, kind: k, low: low, high: high}
	for _, end := range []struct {
		name  string
		value float64
	}{{"low", low}, {"high", high}} {
		if c.err == nil && !(math.Abs(end.value) <= math.MaxFloat64/4) {
			c.err = c.bad(end.name, end.value, "finite")
		}
	}
	if c.err == nil && low >= high {
		c.err = c.bad("low", low, fmt.Sprintf("below high, %v", high))
	}
	return c
}

// niceStep returns a step of 1, 2 or 5 times a power of ten, of which 50 to 125 make the
// width.
func niceStep(width float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(width/50)))
	for _, m := range []float64{5, 2} {
		if m*power <= width/50 {
			return clean(m * power)
		}
	}
	return clean(power)
}

// clean removes what rounding leaves in the last digits of a multiple of a step.
func clean(x float64) float64 {
	out, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 12, 64), 64)
	return out
}

// accept returns the value that the control has for a number, a bool or a string of a
// caller or of a front end, or an error that says what is allowed.
func (c Control) accept(value any) (any, error) {
	refused := func(allowed string) (any, error) {
		return nil, fmt.Errorf("%s is %s: it must be %s", c.label, brief(value), allowed)
	}
	switch c.kind {
	case toggle:
		if v, ok := value.(bool); ok {
			return v, nil
		}
		return refused("true or false")
	case choice:
		if v, ok := value.(string); ok && slices.Contains(c.options, v) {
			return v, nil
		}
		return refused("one of " + strings.Join(c.options, ", "))
	case text:
		if v, ok := value.(string); ok && printable(v, maxText) {
			return v, nil
		}
		return refused(fmt.Sprintf("a text of at most %d printable letters", maxText))
	}
	var x float64
	switch v := value.(type) {
	case int:
		x = float64(v)
	case float64:
		x = v
	default:
		return refused("a number")
	}
	low, high := c.low, c.high
	if c.kind == button {
		high = math.MaxInt32
	}
	if c.kind.zero == any(0) {
		if !(x >= low && x <= high) || x != math.Trunc(x) {
			return refused(fmt.Sprintf("a whole number from %v to %v", low, high))
		}
		return int(x), nil
	}
	// Steps, and powers of ten of them, end next to an end.
	const rounding = 1e-9
	if near := rounding * max(math.Abs(low), math.Abs(high)); !(x >= low-near && x <= high+near) {
		return refused(fmt.Sprintf("a number from %v to %v", low, high))
	}
	return min(max(clean(x), low), high), nil
}

// parse returns the value that the control has for a text of [Control.String].
func (c Control) parse(s string) (any, error) {
	var value any = s
	if c.isNumber() {
		if x, err := strconv.ParseFloat(s, 64); err == nil {
			value = x
		}
	} else if b, err := strconv.ParseBool(s); err == nil && c.kind == toggle {
		value = b
	}
	return c.accept(value)
}

// check returns what is wrong with the control, if anything.
func (c Control) check() error {
	switch {
	case c.kind == kind{}:
		return fmt.Errorf("a control is empty: make it by Slider, LogSlider, IntSlider, Choice, Switch, Text or Button")
	case c.label == "" || !printable(c.label, maxLabel):
		return c.bad("label", brief(c.label), fmt.Sprintf("1 to %d printable letters", maxLabel))
	}
	return c.err
}

func printable(s string, most int) bool {
	return len([]rune(s)) <= most && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// brief formats an untrusted value as one short line.
func brief(v any) string {
	s, isText := v.(string)
	if !isText {
		s = fmt.Sprint(v)
	}
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	if isText {
		return strconv.Quote(s)
	}
	return s
}
