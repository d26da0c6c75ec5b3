package predict_test

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/predict"
	"github.com/features-are-fate/fate/pkg/theory"
)

func Example() {
	s := theory.Setting{N: 250, D: 500, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2}
	limit, err := predict.Limit(s)
	if err != nil {
		fmt.Println(err)
		return
	}
	mean, err := predict.Mean(s, 20_000)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("T_lt %.3f in the limit, %.3f at d = 500\n", limit.TLinear, mean.TLinear)
	fmt.Printf("linear transfer loses for %.4f < γ < %.4f\n", limit.GammaNegative[0][0], limit.GammaNegative[0][1])
	fmt.Printf("fine-tuning breaks even at %.2f° and wins on %.0f %% of data sets\n", limit.BreakEvenDeg, 100*mean.PFineTuneWins)
	fmt.Println("medians:", mean.Median != nil)

	_, err = predict.Mean(s, predict.MinDraws-1)
	fmt.Println(err)
	// Output:
	// T_lt 0.040 in the limit, 0.038 at d = 500
	// linear transfer loses for 0.5486 < γ < 0.9114
	// fine-tuning breaks even at 59.57° and wins on 100 % of data sets
	// medians: false
	// predict: draws = 999: it must be at least 1000 and at most 1000000000
}
