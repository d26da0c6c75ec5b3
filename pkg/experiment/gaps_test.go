package experiment

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
)

// The fits of a break-even angle have the weights of the measured means, theory's too.
func TestBreakEvenIsWeightedByHand(t *testing.T) {
	const q = theory.TLinear
	angles := alongTheta(0.4, 0.9, 1.4, 2)
	means, errs, exact := []float64{1.2, 0.5, 0.3, -0.9}, []float64{0.1, 0.5, 0.2, 0.05}, []float64{1, 0.7, -0.1, -0.6}
	r := aTable(q, angles, func(i int) []float64 { return []float64{means[i] - errs[i], means[i] + errs[i]} })
	row := r.BreakEven(predicts(q, func(s theory.Setting) theory.Value {
		for i, a := range angles {
			if a == s {
				return theory.Value{Value: exact[i]}
			}
		}
		return theory.Value{}
	})).Rows[0]
	falling := r.BreakEven(predicts(q, func(s theory.Setting) theory.Value {
		return theory.Value{Value: 0.2 - math.Cos(s.Theta)/2, StdErr: 0.01}
	})).Rows[0]
	if want := 0.02 / math.Sqrt(1-0.16) * 180 / math.Pi; !near(falling.Theory.StdErr, want) { // |slope| is ½
		t.Errorf("a falling line has the error %v, want %v", falling.Theory.StdErr, want)
	}
	zero := func(y []float64) float64 { // from the normal equations of the weighted fit
		var w, wx, wxx, wy, wxy float64
		for i, a := range angles {
			x, weight := math.Cos(a.Theta), 1/(errs[i]*errs[i])
			w, wx, wxx, wy, wxy = w+weight, wx+weight*x, wxx+weight*x*x, wy+weight*y[i], wxy+weight*x*y[i]
		}
		return -(wy*wxx - wx*wxy) / (w*wxy - wx*wy)
	}
	for what, c := range map[string][2]float64{"measured": {row.Measured.Value, zero(means)}, "exact": {row.Theory.Value, zero(exact)}} {
		if want := math.Acos(c[1]) * 180 / math.Pi; math.Abs(c[0]-want) > 1e-9 {
			t.Errorf("%s: %v°, by hand %v°", what, c[0], want)
		}
	}
}

// Studies with keys do not wait for other shards.
func TestPlansRunInAShard(t *testing.T) {
	shard := trial.Shard{Index: 1, Of: 1}
	store, err := trial.OpenFolder(t.TempDir(), shard)
	if err != nil {
		t.Fatal(err)
	}
	session.Change(func(o *session.Options) { o.Store, o.Shard = store, shard })
	t.Cleanup(func() {
		session.Change(func(o *session.Options) { o.Store, o.Shard = nil, trial.Shard{} })
		store.Close()
	})
	e := Experiment{Method: Law, Trials: 3, Grid: Grid{D: 6, Gamma: []float64{0.5}}}
	if err := e.Run().Err(); err != nil {
		t.Error(err)
	}
	m := ownMeasure()
	m.Key = "k"
	if err := m.Run().Err(); err != nil {
		t.Error(err)
	}
	session.TakeDone()
}

// A record that cannot be written is an error, although the students are trained.
func TestRecordsOfNoFolder(t *testing.T) {
	p, err := PlanOf(Students{D: 2, Teacher: 2, Width: 6, Mu: []float64{0.5}, N: []int{4}, Trials: 2, Seed: 1}.defaults())
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.newRecord()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if table, err := p.complete(r, filepath.Join(file, "r.json")); err == nil || table == nil || len(r.Missing) != 0 {
		t.Errorf("%v, %d units are missing", err, len(r.Missing))
	}
}

// Each list that a study needs is asked for.
func TestStudiesRefuseEmptyLists(t *testing.T) {
	for i, err := range []error{
		Pretraining{D: 4, Depth: []int{2}, Trials: 1}.Run().Err(), Pretraining{D: 4, Alpha: []float64{0.1}, Trials: 1}.Run().Err(),
		Transports{D: []int{2}, N: 4, Trials: 2}.Run().Err(), Transports{Theta: []float64{0}, N: 4, Trials: 2}.Run().Err(),
	} {
		if err == nil || !strings.Contains(err.Error(), "at least one value each") {
			t.Errorf("study %d: %v", i, err)
		}
	}
}

// Independent cells that differ in any field, even in ridge alone, have their own seed.
func TestIndependentCellsHaveTheirOwnSeeds(t *testing.T) {
	e := Experiment{Method: Solve, Trials: 2, Seed: 1, Procedures: []Procedure{Scratch}}
	s := theory.Setting{N: 5, D: 9, Theta: 0.3, Sigma: 0.2, Depth: 2}
	seed := func(s theory.Setting) uint64 {
		p, err := e.alone(s)
		if err != nil {
			t.Fatal(err)
		}
		return reflect.ValueOf(p.work.Key(0, 0)).FieldByName("Seed").Uint()
	}
	was, v := seed(s), reflect.ValueOf(s)
	for i := range v.NumField() {
		for _, x := range bumped(v.Field(i)) {
			c := reflect.New(v.Type()).Elem()
			c.Set(v)
			c.Field(i).Set(x)
			if seed(c.Interface().(theory.Setting)) == was {
				t.Errorf("%s = %v has the same seed", v.Type().Field(i).Name, x)
			}
		}
	}
	e.Seed = 2
	if seed(s) == was {
		t.Error("another seed gives the cell the same seed")
	}
}
