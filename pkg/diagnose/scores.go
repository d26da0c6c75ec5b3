package diagnose

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/score"
	"gonum.org/v1/gonum/mat"
)

// scoreNames are the scores of features, and distanceNames the distances of samples.
var (
	scoreNames    = []string{"LogME", "H-score", "N-LEEP", "TransRate"}
	distanceNames = []string{"MMD", "Fréchet", "Sliced Wasserstein-1"}
)

const (
	labelBins   = 4 // into which real labels are cut for scores that need classes
	projections = 200
)

// Score adds LogME, H-score, N-LEEP and TransRate of the features to the results, and, if
// there is a Source, its distances from the inputs. For classes they are those of all classes
// together.
func (r *Report) Score(in Data) error {
	d, err := in.validate()
	if err != nil {
		return err
	}
	labels := make([]float64, d.rows)
	classes := make([]int, d.rows)
	if d.classes {
		labels = mat.Col(nil, 0, in.Labels)
		values := distinct(labels)
		for i, v := range labels {
			classes[i], _ = slices.BinarySearch(values, v)
		}
	}
	for _, res := range r.Results {
		q := slices.Index(d.names, res.Label)
		m := slices.IndexFunc(d.maps, func(f named) bool { return f.name == res.Map })
		if d.classes && q >= 0 {
			continue
		}
		if !d.classes {
			labels = d.labels[q]
			if classes, err = score.Bins(labels, labelBins); err != nil {
				return err
			}
		}
		if res.Scores, err = scoresOf(d.maps[m].x, labels, classes, d.classes, d.seed); err != nil {
			return fmt.Errorf("%s: %w", res.Title(), err)
		}
	}
	if missing(in.Source) {
		return nil
	}
	source := mat.DenseCopyOf(in.Source)
	r.Distances = map[string]float64{}
	for _, of := range []struct {
		name string
		of   func(a, b *mat.Dense) (float64, error)
	}{{"MMD", score.MMD}, {"Fréchet", score.Frechet}, {"Sliced Wasserstein-1", func(a, b *mat.Dense) (float64, error) {
		return score.SlicedWasserstein(a, b, projections, d.seed)
	}}} {
		if r.Distances[of.name], err = of.of(source, d.inputs); err != nil {
			return err
		}
	}
	return nil
}

func scoresOf(x *mat.Dense, labels []float64, classes []int, areClasses bool, seed uint64) (map[string]float64, error) {
	out := map[string]float64{}
	var failed error
	add := func(name string, value float64, err error) {
		out[name], failed = value, errors.Join(failed, err)
	}
	evidence, err := score.LogME(x, labels)
	if areClasses {
		evidence, err = score.LogMEClasses(x, classes)
	}
	add("LogME", evidence, err)
	h, err := score.HScore(x, classes)
	add("H-score", h, err)
	mixture, err := score.NLEEP(x, classes, seed)
	add("N-LEEP", mixture, err)
	rate, err := score.TransRate(x, classes)
	add("TransRate", rate, err)
	return out, failed
}

// writeScores writes the scores with what each can say.
func (r *Report) writeScores(b *strings.Builder) {
	scored := slices.ContainsFunc(r.Results, func(res *Result) bool { return res.Scores != nil })
	if !scored {
		return
	}
	fmt.Fprintf(b, "\nScores, higher is better%8s", "")
	for _, name := range scoreNames {
		fmt.Fprintf(b, "%12s", name)
	}
	b.WriteByte('\n')
	for _, res := range r.Results {
		if res.Scores == nil {
			continue
		}
		fmt.Fprintf(b, "%-32s", short(res.Title(), 31))
		for _, name := range scoreNames {
			fmt.Fprintf(b, "%12.4g", res.Scores[name])
		}
		b.WriteByte('\n')
	}
	names := scoreNames
	if r.Distances != nil {
		names = append(slices.Clone(names), distanceNames...)
		b.WriteString("\nDistances of the inputs from those of the source\n")
		for _, name := range distanceNames {
			fmt.Fprintf(b, "%-32s%12.4g\n", name, r.Distances[name])
		}
	}
	b.WriteString("\n" + fill("None of these says whether to transfer, nor up to how many labels.", 80))
	for _, s := range score.All {
		if slices.Contains(names, s.Name) {
			b.WriteString(fill(s.Name+": "+s.Says, 80))
		}
	}
}
