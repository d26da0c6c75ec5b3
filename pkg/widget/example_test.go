package widget_test

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/widget"
)

// In a notebook the function returns a figure, and the Interaction is the value of the cell.
func ExampleInteract() {
	it := widget.Interact(func(degrees float64, on bool) interface{} {
		fmt.Printf("sin²θ = %.2f, %v\n", math.Pow(math.Sin(degrees*math.Pi/180), 2), on)
		return nil
	}, widget.Slider("θ", 1, 89).From(30), widget.Switch("with noise"))
	fmt.Println(it.Err())

	it = widget.Interact(func(layers float64) interface{} { return nil }, widget.IntSlider("L", 1, 10))
	fmt.Println(it.Err())
	// Output:
	// sin²θ = 0.25, false
	// <nil>
	// widget.Interact: parameter 1 of the function is float64: it must be int, the value of IntSlider "L"
}

func show(values ...interface{}) interface{} {
	fmt.Println(values...)
	return nil
}

func ExampleSlider() {
	show := func(sigma, theta float64) interface{} { return show(sigma, theta) }
	widget.Interact(show, widget.Slider("σ", 0, 1), widget.Slider("θ", 0, 90).From(45).Step(15))
	fmt.Println(widget.Interact(show, widget.Slider("σ", 0, 1).From(2), widget.Slider("θ", 0, 90)).Err())
	// Output:
	// 0.5 45
	// widget.Interact: Slider "σ".From: σ is 2: it must be a number from 0 to 1
}

func ExampleLogSlider() {
	widget.Interact(func(d float64) interface{} { return show(d) }, widget.LogSlider("d", 10, 1e9))
	// Output: 100000
}

func ExampleIntSlider() {
	widget.Interact(func(layers int) interface{} { return show(layers) }, widget.IntSlider("L", 1, 10).From(3))
	// Output: 3
}

func ExampleChoice() {
	widget.Interact(func(baseline string) interface{} { return show(baseline) }, widget.Choice("baseline", "plain", "tuned").From("tuned"))
	// Output: tuned
}

func ExampleSwitch() {
	widget.Interact(func(noise bool) interface{} { return show(noise) }, widget.Switch("noise").From(true))
	// Output: true
}

func ExampleText() {
	widget.Interact(func(title string) interface{} { return show(title) }, widget.Text("title").From("double descent"))
	// Output: double descent
}

// The count of a button is a seed: each press draws again.
func ExampleButton() {
	widget.Interact(func(seed int) interface{} { return show(seed) }, widget.Button("draw again"))
	// Output: 0
}
