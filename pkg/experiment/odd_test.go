package experiment

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/features-are-fate/fate/pkg/divergence"
	"github.com/features-are-fate/fate/pkg/theory"
)

// arguments are values for the parameters of the methods of a table, by type.
func arguments(t *Table) map[reflect.Type][]any {
	law := PowerLaw{err: errors.New("no law")}
	return map[reflect.Type][]any{
		reflect.TypeFor[theory.Axis]():                      {Theta, Mu, Alpha, None, theory.Axis("x")},
		reflect.TypeFor[theory.Quantity]():                  {theory.RiskScratch, theory.TLinear, theory.Quantity("x")},
		reflect.TypeFor[theory.Result]():                    {theory.LinearTransferability},
		reflect.TypeFor[string]():                           {"x"},
		reflect.TypeFor[int]():                              {0, 3},
		reflect.TypeFor[float64]():                          {0.0, 0.5},
		reflect.TypeFor[*Table]():                           {t},
		reflect.TypeFor[PowerLaw]():                         {PowerLaw{}, law},
		reflect.TypeFor[divergence.Distance]():              {divergence.KL},
		reflect.TypeFor[func(theory.Setting) bool]():        {func(theory.Setting) bool { return false }, func(theory.Setting) bool { return true }},
		reflect.TypeFor[func(Cell) (theory.Value, error)](): {Constant(1), Coordinate(Theta)},
		reflect.TypeFor[func(Cell) float64]():               {func(Cell) float64 { return 1 }},
	}
}

// No method of a table panics, whatever the table is of and whatever it is asked: of a
// failed one, an empty one, one of another study, an interrupted one.
func TestNoMethodOfATablePanics(t *testing.T) {
	tables := map[string]*Table{
		"failed":  Experiment{}.Run(),
		"unread":  Load("nowhere"),
		"owed":    failed(Students{}, &Owed{}),
		"nothing": {study: Experiment{}},
	}
	for name, study := range studies {
		r := must(t, study(1).Run())
		tables[name] = r
		tables["no cell of "+name] = r.part(func(Cell) bool { return false })
		tables["one cell of "+name] = &Table{Cells: r.Cells[:1], study: r.study, trials: r.trials, origin: r.origin}
		stopped := *r
		stopped.Interrupted = true
		tables["stopped "+name] = &stopped
	}
	for name, table := range tables {
		known := arguments(table)
		v := reflect.ValueOf(table)
		for i := range v.NumMethod() {
			method := v.Type().Method(i).Name
			f := v.Method(i)
			n := f.Type().NumIn()
			options := make([][]reflect.Value, n)
			for j := range n {
				in := f.Type().In(j)
				if f.Type().IsVariadic() && j == n-1 {
					in = in.Elem()
				}
				for _, a := range known[in] {
					options[j] = append(options[j], reflect.ValueOf(a))
				}
				if options[j] == nil {
					t.Fatalf("%s takes a %v, for which the test has no value", method, in)
				}
			}
			calls := [][]reflect.Value{nil}
			for _, o := range options {
				var longer [][]reflect.Value
				for _, c := range calls {
					for _, x := range o {
						longer = append(longer, append(c[:len(c):len(c)], x))
					}
				}
				calls = longer
			}
			for _, args := range calls {
				func() {
					defer func() {
						if p := recover(); p != nil {
							t.Errorf("%s: %s(%v): panic: %v", name, method, args, p)
						}
					}()
					for _, out := range f.Call(args) {
						use(out.Interface())
					}
				}()
			}
		}
	}
}

// use asks a result for what a figure, a cell and a verdict ask.
func use(x any) {
	if s, ok := x.(fmt.Stringer); ok {
		_ = s.String()
	}
	if r, ok := x.(interface{ SimpleRender() map[string]interface{} }); ok {
		r.SimpleRender()
	}
	if c, ok := x.(interface {
		Len() int
		Curve(i int) (string, []float64, []float64, []float64)
		Err() error
	}); ok && c.Err() == nil {
		for i := range c.Len() {
			c.Curve(i)
		}
	}
	if p, ok := x.(Plane); ok && p.Err() == nil {
		p.Values()
		p.Boundary()
	}
}
