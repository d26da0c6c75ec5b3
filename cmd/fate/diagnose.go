package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/features-are-fate/fate/pkg/diagnose"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/rows"
	"github.com/features-are-fate/fate/plotting"
	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/mat"
)

// diagnosis are the flags of fate diagnose.
type diagnosis struct {
	features, measured           []string
	inputs, labels, source       string
	classes, standardize, asJSON bool
	stratified, scores           bool
	at                           []int
	rows                         int
	seed                         uint64
	figure                       string
}

// defaultRows are used of a larger file. More rows sharpen the answer by the root of their
// number, and cost its cube.
const (
	defaultRows = 1000
	mostRows    = 5000
)

func diagnoseCommand() *cobra.Command {
	var f diagnosis
	cmd := &cobra.Command{
		Use:   "diagnose --features FILE --inputs FILE --labels FILE",
		Short: "Tell from your own features whether transfer wins, and up to how many labels",
		Long: `Diagnose reads pretrained features (N × k), the raw inputs (N × d) and the labels of
a few hundred rows of the target task. It compares ridge regression on the features
with training from scratch (ridge regression on the inputs, and the kernel of the
infinitely wide ReLU network), and says whether transfer wins, loses, or wins up to
some number of labels.

A FILE is a .npy file, an array of an archive (data.npz:phi), or a CSV file with a
header, all of its columns or some (data.csv:price,area). Labels are real numbers; with
--classes one column holds the class of each row. Risks are squared errors over the
variance of the label, also for classes: they are not accuracies.

--json prints one object a label column and feature map, one a line:
  label, map, rows, verdict (wins, loses, crosses, undecided), sentence,
  crossing {n, low, high} (null where there is none, or no bound),
  noise {features, inputs}: the risk that no number of labels removes,
  n, t, t_se: transferability and its standard error at each number of labels,
  arms [{name, risk, se}], warnings.`,
		Example: `  fate diagnose --features phi.npy --inputs x.npy --labels y.npy
  fate diagnose --features data.npz:a --features data.npz:b --inputs data.npz:x \
      --labels data.csv:kind --classes --rows 400 --n 200,400,800,1600`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return within(cmd.Context(), f.run) },
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.features, "features", nil, "`file` of pretrained features; may be repeated, to compare feature maps")
	fl.StringVar(&f.inputs, "inputs", "", "`file` of the inputs")
	fl.StringVar(&f.labels, "labels", "", "`file` of the labels")
	fl.BoolVar(&f.classes, "classes", false, "the labels are classes")
	fl.StringArrayVar(&f.measured, "measured", nil, "CSV `file` (columns n, risk, and se if known) of risks measured from scratch; may be repeated")
	fl.StringVar(&f.source, "source", "", "`file` of the inputs that the features were trained on, of which none may be a row")
	fl.BoolVar(&f.standardize, "standardize", false, "scale each column to variance 1, which changes the answer")
	fl.IntSliceVar(&f.at, "n", nil, "`numbers` of labels, separated by commas (default from N/2 to 4N)")
	fl.IntVar(&f.rows, "rows", 0, fmt.Sprintf("use so many rows, drawn with the seed (default all, and %d of more)", defaultRows))
	fl.BoolVar(&f.stratified, "stratified", false, "draw rows of each class in its share")
	fl.Uint64Var(&f.seed, "seed", 1, "`seed` of the rows drawn and of the standard errors")
	fl.BoolVar(&f.scores, "scores", false, "also print LogME, H-score and others, and what they can say")
	fl.BoolVar(&f.asJSON, "json", false, "print one JSON object a line")
	fl.StringVar(&f.figure, "figure", "", "also draw the curves to this `file` (.png, .svg or .pdf)")
	for _, name := range []string{"features", "inputs", "labels"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // a flag that was just defined
		}
	}
	return cmd
}

func (f diagnosis) run() error {
	if f.stratified && !f.classes {
		return fmt.Errorf("--stratified draws rows by class: give --classes too")
	}
	if f.figure != "" {
		if err := mayReplace(f.figure, "a figure of fate", "--figure", 1<<30, func(old []byte) bool {
			_, err := figure.Parse(old)
			return err == nil
		}); err != nil {
			return err
		}
	}
	data, warnings, err := f.read()
	if err != nil {
		return err
	}
	report, err := diagnose.Compare(data)
	if err != nil {
		return err
	}
	report.Warnings = append(warnings, report.Warnings...)
	if f.figure != "" {
		if err := f.draw(report); err != nil {
			return failure{err}
		}
	}
	if f.scores {
		if err := report.Score(data); err != nil {
			return fmt.Errorf("--scores: %w", err)
		}
	}
	if !f.asJSON {
		_, err := io.WriteString(stdout, report.String())
		return err
	}
	for _, r := range report.Results {
		r.Warnings = append(slices.Clone(report.Warnings), r.Warnings...)
		if err := json.NewEncoder(stdout).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// read reads the rows that are used.
func (f diagnosis) read() (data diagnose.Data, warnings []string, err error) {
	data = diagnose.Data{Classes: f.classes, At: f.at, Standardize: f.standardize, Seed: f.seed}
	labels, err := rows.Open(f.labels)
	if err != nil {
		return data, nil, fmt.Errorf("--labels: %w", err)
	}
	classes, names, err := f.readClasses(labels)
	if err != nil {
		return data, nil, fmt.Errorf("--labels: %w", err)
	}
	use, err := f.choose(labels.Rows, classes)
	if err != nil {
		return data, nil, err
	}
	if len(use) < labels.Rows && f.rows == 0 {
		warnings = append(warnings, fmt.Sprintf("%d of the %d rows are used, drawn with seed %d; --rows takes up to %d", len(use), labels.Rows, f.seed, mostRows))
	}
	of := func(flag, path string) (*mat.Dense, error) {
		a, err := rows.Open(path)
		if err == nil && a.Rows != labels.Rows {
			return nil, fmt.Errorf("--%s has %d rows, --labels has %d", flag, a.Rows, labels.Rows)
		}
		var m *mat.Dense
		if err == nil {
			m, err = a.Dense(use)
		}
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", flag, err)
		}
		return m, nil
	}
	if classes != nil {
		y := mat.NewVecDense(len(use), nil)
		for i, r := range use {
			y.SetVec(i, classes[r])
		}
		data.Labels = y
		if names != nil {
			for _, v := range slices.Compact(slices.Sorted(slices.Values(y.RawVector().Data))) {
				data.Names = append(data.Names, names[int(v)])
			}
		}
	} else {
		if data.Labels, err = of("labels", f.labels); err != nil {
			return data, nil, err
		}
		data.Names = labels.Names
		if _, name, ok := strings.Cut(f.labels, ".npz:"); ok && labels.Cols == 1 {
			data.Names = []string{name}
		}
	}
	if data.Inputs, err = of("inputs", f.inputs); err != nil {
		return data, nil, err
	}
	for _, path := range f.features {
		x, err := of("features", path)
		if err != nil {
			return data, nil, err
		}
		name := filepath.Base(path)
		if _, member, ok := strings.Cut(path, ".npz:"); ok {
			name = member
		}
		data.Maps = append(data.Maps, diagnose.Map{Name: strings.TrimSuffix(name, ".npy"), Features: x})
	}
	if len(f.features) == 1 {
		data.Features, data.Maps = data.Maps[0].Features, nil
	}
	if f.source != "" {
		a, err := rows.Open(f.source)
		if err == nil {
			data.Source, err = a.Dense(nil)
		}
		if err != nil {
			return data, nil, fmt.Errorf("--source: %w", err)
		}
	}
	for _, path := range f.measured {
		m, err := readMeasured(path)
		if err != nil {
			return data, nil, fmt.Errorf("--measured: %w", err)
		}
		data.Measured = append(data.Measured, m)
	}
	return data, warnings, nil
}

// readClasses returns the class of each row of the file and the names of the classes, if the
// labels are classes with names.
func (f diagnosis) readClasses(labels *rows.Array) (classes []float64, names []string, err error) {
	if !f.classes {
		return nil, nil, nil
	}
	if labels.Cols != 1 {
		return nil, nil, fmt.Errorf("it has %d columns: with --classes it must have one", labels.Cols)
	}
	if labels.Names == nil {
		m, err := labels.Dense(nil)
		if err != nil {
			return nil, nil, err
		}
		return mat.Col(nil, 0, m), nil, nil
	}
	text, err := labels.Text()
	if err != nil {
		return nil, nil, err
	}
	names = slices.Compact(slices.Sorted(slices.Values(text)))
	for _, s := range text {
		at, _ := slices.BinarySearch(names, s)
		classes = append(classes, float64(at))
	}
	return classes, names, nil
}

// choose returns the rows that are used, in ascending order.
func (f diagnosis) choose(all int, classes []float64) ([]int, error) {
	count := f.rows
	if count == 0 {
		count = min(all, defaultRows)
	}
	if count < 1 || count > min(all, mostRows) {
		return nil, fmt.Errorf("--rows %d: it must be 1 to %d", f.rows, min(all, mostRows))
	}
	order, _, err := rows.Draw(all, all, f.seed)
	if err != nil {
		return nil, err
	}
	if f.stratified {
		order = byShare(order, classes)
	}
	use := order[:count]
	slices.Sort(use)
	return use, nil
}

// byShare reorders rows so that the first ones have each class in its share.
func byShare(order []int, classes []float64) []int {
	total, seen := map[float64]float64{}, map[float64]float64{}
	for _, c := range classes {
		total[c]++
	}
	place := make([]float64, len(classes))
	for _, r := range order {
		c := classes[r]
		place[r] = (seen[c] + 0.5) / total[c]
		seen[c]++
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(place[a], place[b])
	})
	return order
}

// readMeasured reads a curve with the columns n, risk and perhaps se.
func readMeasured(path string) (m diagnose.Measured, err error) {
	a, err := rows.Open(path)
	if err != nil {
		return m, err
	}
	n, risk, se := slices.Index(a.Names, "n"), slices.Index(a.Names, "risk"), slices.Index(a.Names, "se")
	if n < 0 || risk < 0 {
		return m, fmt.Errorf("%s has the columns %s: want n and risk, and se if known", path, strings.Join(a.Names, ", "))
	}
	x, err := a.Dense(nil)
	if err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	m = diagnose.Measured{Name: strings.TrimSuffix(filepath.Base(path), ".csv"), N: mat.Col(nil, n, x), Risk: mat.Col(nil, risk, x)}
	if se >= 0 {
		m.SE = mat.Col(nil, se, x)
	}
	return m, nil
}

// draw writes the figure. Its recipe names the data by their hashes.
func (f diagnosis) draw(report *diagnose.Report) error {
	parameters := map[string]string{"rows": strconv.Itoa(report.Rows), "seed": strconv.FormatUint(f.seed, 10)}
	for name, paths := range map[string][]string{"features": f.features, "inputs": {f.inputs}, "labels": {f.labels}} {
		var hashes []string
		for _, path := range paths {
			hash, err := hashFile(path)
			if err != nil {
				return err
			}
			hashes = append(hashes, hash)
		}
		parameters[name] = strconv.Quote(strings.Join(hashes, " "))
	}
	figure.Begin(figure.Origin{Parameters: parameters})
	var panels []plotting.Panel
	var found []string
	for _, r := range report.Results {
		gain := plotting.Slices{View: r.Transferability(), LogX: true}
		if c, ok := r.Crossing(); ok {
			gain.Guides = plotting.Vertical(c.N).Named("crossing")
		}
		panels = append(panels, plotting.Slices{Title: r.Title(), View: r.Risks(), LogX: true,
			Guides: plotting.Horizontal(r.Noise.Features).Named("floor of the features")}, gain)
		found = append(found, r.Title()+": "+r.Sentence())
	}
	return plotting.Draw(panels...).Caption(strings.Join(found, " ")).Save(f.figure).Err()
}

// hashFile returns the hash of the file of an array, with the name of the array.
func hashFile(path string) (string, error) {
	name := ""
	for _, ext := range []string{".npz:", ".csv:"} {
		if file, member, ok := strings.Cut(path, ext); ok {
			path, name = file+ext[:4], ":"+member
		}
	}
	r, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]) + name, nil
}
