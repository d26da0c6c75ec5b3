//go:build js && wasm

// Command wasm is the program in the page of the explorer: package model for JavaScript.
package main

import (
	"reflect"
	"runtime/debug"
	"strings"
	"syscall/js"
	"unsafe"

	"github.com/features-are-fate/fate/cmd/fate/internal/explore/model"
)

func main() {
	debug.SetGCPercent(400) // a frame makes some MB of garbage
	functions := map[string]func(s model.State, args []js.Value) (any, error){
		"predict":         func(s model.State, a []js.Value) (any, error) { return s.Predict(a[0].Int()) },
		"risks":           func(s model.State, a []js.Value) (any, error) { return s.Risks(a[0].Int(), a[1].Float()) },
		"depths":          func(s model.State, a []js.Value) (any, error) { return s.Depths(a[0].Int()) },
		"gain":            func(s model.State, a []js.Value) (any, error) { return s.Gain(a[0].Int()) },
		"distance":        func(s model.State, a []js.Value) (any, error) { return s.Distances(a[0].Float()), nil },
		"transferability": func(s model.State, _ []js.Value) (any, error) { return s.Transferability() },
		"map": func(s model.State, a []js.Value) (any, error) {
			return s.Map(model.Transfer(a[0].String()), a[1].Int(), a[2].Int(), a[3].Float())
		},
		"boundary": func(s model.State, a []js.Value) (any, error) {
			exact, printed, err := s.Boundary(model.Transfer(a[0].String()), a[1].Float())
			return map[string]any{"exact": toJS(reflect.ValueOf(exact)), "printed": toJS(reflect.ValueOf(printed))}, err
		},
	}
	fate := map[string]any{}
	for name, f := range functions {
		fate[name] = js.FuncOf(func(_ js.Value, args []js.Value) any {
			out, err := f(state(args[0]), args[1:])
			if err != nil {
				return map[string]any{"error": err.Error()}
			}
			if m, ok := out.(map[string]any); ok {
				return m
			}
			return toJS(reflect.ValueOf(out))
		})
	}
	js.Global().Set("fate", fate)
	select {}
}

func state(v js.Value) model.State {
	return model.State{Gamma: v.Get("gamma").Float(), Theta: v.Get("theta").Float(), Sigma: v.Get("sigma").Float(), Depth: v.Get("depth").Int(), D: v.Get("d").Int(),
		Lambda: v.Get("lambda").Float(), Features: v.Get("k").Int(), Source: v.Get("source").Float(), Tuned: v.Get("baseline").String() == "tuned"}
}

// toJS turns floats, slices and structs into values of JavaScript: a field has the name of its
// JSON form, or its own in lower case. encoding/json would add a tenth to the page, and NaN
// and the infinities arrive as they are.
func toJS(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Float64:
		return v.Float()
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return toJS(v.Elem())
	case reflect.Slice:
		if x, ok := v.Interface().([]float64); ok {
			return floats(x)
		}
		out := make([]any, v.Len())
		for i := range out {
			out[i] = toJS(v.Index(i))
		}
		return out
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name := f.Tag.Get("json")
			if name == "" {
				name = strings.ToLower(f.Name)
			}
			out[name] = toJS(v.Field(i))
		}
		return out
	}
	panic("wasm: a value of the kind " + v.Kind().String())
}

func floats(x []float64) js.Value {
	array := js.Global().Get("Float64Array").New(len(x))
	if len(x) > 0 {
		bytes := js.Global().Get("Uint8Array").New(array.Get("buffer"))
		js.CopyBytesToJS(bytes, unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 8*len(x)))
	}
	return array
}
