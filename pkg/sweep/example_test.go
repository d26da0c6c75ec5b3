package sweep_test

import (
	"fmt"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/sweep"
	"github.com/features-are-fate/fate/pkg/theory"
)

// A study in three shards, as on three machines, has the numbers of a run in one.
func ExampleInShards() {
	study := experiment.Experiment{
		Method: experiment.Solve, Trials: 20, Seed: 1, Independent: true,
		Grid: experiment.Grid{Dimension: []int{8, 12, 16}, Gamma: []float64{0.5}, Sigma: []float64{0.3}},
	}
	merged, whole := sweep.InShards(3, study), study.Run()
	for i, c := range merged.Cells {
		a, err := c.Mean(theory.RiskScratch)
		b, _ := whole.Cells[i].Mean(theory.RiskScratch)
		fmt.Println(c, a == b, err)
	}
	// Output:
	// n=4 d=8 θ=0° σ=0.3 L=2 true <nil>
	// n=6 d=12 θ=0° σ=0.3 L=2 true <nil>
	// n=8 d=16 θ=0° σ=0.3 L=2 true <nil>
}

// The merged file has the same bytes in one shard and in four.
func ExampleSame() {
	study := experiment.Experiment{Method: experiment.Law, Trials: 10, Seed: 1, Grid: experiment.Grid{D: 8, Gamma: []float64{0.5, 1.5}}}
	fmt.Println(sweep.Same(study, 1, 4))
	// Output:
	// true <nil>
}

// A closure of a notebook has no file: its notebook is run in shards.
func ExampleOf() {
	_, err := sweep.Of(experiment.Measure{
		Name: "nothing", Trials: 2, Grid: experiment.Grid{D: 4, Gamma: []float64{1}},
		Trial: func(experiment.Draw) experiment.Values { return nil },
	})
	fmt.Println(err)
	// Output:
	// sweep: a study of type experiment.Measure calls a function, which no file can hold: run its notebook in shards
}
