package widget

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestInvalidArguments(t *testing.T) {
	one := func(x float64) int { return 0 }
	of := func(c Control) *Interaction { return Interact(one, c) }
	var none func(x float64) int
	for _, c := range []struct {
		it   *Interaction
		want string
	}{
		{Interact(one), "there is no control: it needs one for each parameter of the function"},
		{Interact(nil, Slider("x", 0, 1)), "the first argument is nil: it must be a function"},
		{Interact(3, Slider("x", 0, 1)), "the first argument is int: it must be a function"},
		{Interact(none, Slider("x", 0, 1)), "the first argument is func(float64) int: it must be a function"},
		{Interact(one, Slider("x", 0, 1), Slider("y", 0, 1)), "the function is func(float64) int: it must have 2 parameters, one for each control (x, y)"},
		{Interact(func(x ...float64) int { return 0 }, Slider("x", 0, 1)), "it must have 1 parameters"},
		{of(IntSlider("n", 0, 1)), `parameter 1 of the function is float64: it must be int, the value of IntSlider "n"`},
		{of(Switch("on")), `must be bool, the value of Switch "on"`}, {of(Text("s")), "must be string"}, {of(Choice("s", "a", "b")), "must be string"}, {of(Button("b")), "must be int"},
		{Interact(func(x float64) {}, Slider("x", 0, 1)), "it must return one value, or a value and an error"},
		{Interact(func(x float64) (int, int) { return 0, 0 }, Slider("x", 0, 1)), "it must return one value, or a value and an error"},
		{Interact(func(x, y float64) int { return 0 }, Slider("x", 0, 1), Slider("x", 0, 1)), `Slider "x": label is "x": it must be different from those of the other controls`},
		{of(Control{}), "a control is empty"},
		{of(Slider("", 0, 1)), `label is "": it must be 1 to 100 printable letters`}, {of(Slider("a\n", 0, 1)), "printable"}, {of(Slider(strings.Repeat("θ", 101), 0, 1)), "printable"},
		{of(Slider("x", 2, 1)), `Slider "x": low is 2: it must be below high, 1`}, {of(Slider("x", 1, 1)), "below high"},
		{of(Slider("x", math.NaN(), 1)), "low is NaN: it must be finite"}, {of(Slider("x", 0, math.Inf(1))), "high is +Inf: it must be finite"},
		{of(Slider("x", -math.MaxFloat64, math.MaxFloat64)), "finite"},
		{of(LogSlider("x", 0, 1)), `LogSlider "x": low is 0: it must be above 0`}, {of(LogSlider("x", -1, 1)), "above 0"},
		{of(IntSlider("n", 3, 2)), "low is 3: it must be below high, 2"},
		{of(Choice("s", "a")), "options is 1: it must be two or more"}, {of(Choice("s", "a", "a")), "option is a: it must be"}, {of(Choice("s", "", "a")), "option is"}, {of(Choice("s")), "options is 0"},
		{of(Slider("x", 0, 1).From(2)), `Slider "x".From: x is 2: it must be a number from 0 to 1`}, {of(Slider("x", 0, 1).From("a")), `x is "a": it must be a number`},
		{of(Slider("x", 0, 1).From(math.NaN())), "x is NaN"}, {of(Choice("s", "a", "b").From("c")), `s is "c": it must be one of a, b`}, {of(Button("b").From(3)), "a button counts from 0"},
		{of(Slider("x", 0, 1).Step(0)), `Slider "x".Step(0): it must be above 0 and at most 1`}, {of(Slider("x", 0, 1).Step(2)), "at most 1"}, {of(Slider("x", 0, 1).Step(math.NaN())), "at most 1"},
		{of(LogSlider("x", 1, 100).Step(3)), "at most 2"}, {of(IntSlider("n", 1, 9).Step(1.5)), "whole number"}, {of(Switch("on").Step(1)), "only sliders have steps"}, {of(Button("on").Step(1)), "only sliders have steps"},
		{Interact(func(x float64) (int, error) { return 0, errors.New("of the function") }, Slider("x", 0, 1)), "of the function"},
	} {
		if err := c.it.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestSteps(t *testing.T) {
	for _, c := range []struct {
		c           Control
		step, value float64
	}{
		{Slider("x", 1, 89), 1, 45}, {Slider("x", 0.05, 1), 0.01, 0.53}, {Slider("x", 0, 1), 0.02, 0.5}, {Slider("x", 0, 5e-300), 1e-301, 2.5e-300},
		{Slider("x", -1e9, 1e9), 2e7, 0}, {LogSlider("x", 10, 1e9), 0.1, 1e5}, {LogSlider("x", 1, 1e300), 5, 1e150}, {Slider("x", 0, 1).Step(0.25), 0.25, 0.5},
	} {
		if v := c.c.value.(float64); c.c.err != nil || math.Abs(c.c.step/c.step-1) > 1e-12 || v != c.value {
			t.Errorf("%v: step %v, value %v, want %v", c.c, c.c.step, v, c)
		}
	}
	if c := IntSlider("n", math.MinInt32, math.MaxInt32); c.value != -1 {
		t.Errorf("%v starts at %v", c, c.value)
	}
}
