package diagnose

// View is a set of curves for a figure: plotting draws their errors as bands.
type View struct {
	y      string
	x      []float64
	labels []string
	values [][]float64
	errors [][]float64
	points bool
}

// Len returns the number of curves.
func (v *View) Len() int { return len(v.labels) }

// Curve returns the label, the coordinates and the standard errors of a curve.
func (v *View) Curve(i int) (label string, x, y, stderr []float64) {
	return v.labels[i], v.x, v.values[i], v.errors[i]
}

// Err returns nil: a result has curves.
func (v *View) Err() error { return nil }

// Measured reports whether a curve is drawn as points.
func (v *View) Measured(int) bool { return v.points }

// Banded reports that lines have bands, of 95 %.
func (v *View) Banded() bool { return true }

// Titles returns the titles of the axes.
func (v *View) Titles() (x, y string) { return `labels $n$`, v.y }

func (v *View) add(label string, values, errors []float64) {
	v.labels, v.values, v.errors = append(v.labels, label), append(v.values, values), append(v.errors, errors)
}

func (r *Result) view(y string) *View {
	v := &View{y: y, points: r.measured}
	for i := range r.N {
		v.x = append(v.x, r.labels(i))
	}
	return v
}

// Risks returns the curves of the arms against the number of labels, for plotting.Slices.
func (r *Result) Risks() *View {
	v := r.view(`$\mathcal{R}/\mathrm{Var}\,y$`)
	for _, a := range r.Arms {
		v.add(a.Name, a.Risk, a.SE)
	}
	return v
}

// Transferability returns T against the number of labels, for plotting.Slices.
func (r *Result) Transferability() *View {
	v := r.view(`$\mathcal{T}/\mathrm{Var}\,y$`)
	v.add("features", r.T, r.SE)
	return v
}
