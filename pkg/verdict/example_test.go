package verdict_test

import (
	"fmt"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// A row for a prediction, and one for a bound, in one table.
func ExampleCompare() {
	all := &verdict.Verdict{}
	all = all.And(verdict.Compare("scratch risk", "Theorem 3.6, eq. 8", "n=50 d=100", theory.Value{Value: 0.54}, theory.Value{Value: 0.536, StdErr: 0.006}, 200))
	gain := verdict.Compare("transferability", "this example", "n=50 d=100", theory.Value{}, theory.Value{Value: 0.12, StdErr: 0.01}, 200)
	all = all.And(gain.Above())
	fmt.Print(all)
	fmt.Println(all.Agrees())
	// Output:
	// agrees  result           source              setting     theory   measured         z       limit       trials
	// yes     scratch risk     Theorem 3.6, eq. 8  n=50 d=100  0.54     0.5360 ± 0.0060  -0.67   4.09 (199)  200
	// yes     transferability  this example        n=50 d=100  above 0  0.120 ± 0.010    +12.00  4.09 (199)  200
	// 2 of 2 rows agree: 2 confirming, 0 refuting, 0 trivial
	// true
}
