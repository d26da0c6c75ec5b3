package experiment

// origin is how a number was measured, and from which seed. Theory has none.
type origin struct {
	method Method
	seed   uint64
}

// from marks all curves as measured in one way.
func (s Series) from(o origin) Series {
	for i := range s.curves {
		s.curves[i].origin = o
	}
	return s
}

// Origin returns how curve i was measured (law, solve or train) and its seed; "" for
// theory.
func (s Series) Origin(i int) (tier string, seed uint64) {
	o := s.curves[i].origin
	return string(o.method), o.seed
}

// Origin returns how the values were measured (law, solve or train) and their seed.
func (m Map) Origin() (tier string, seed uint64) { return string(m.origin.method), m.origin.seed }

func (r *Run) origin() origin { return origin{r.Experiment.Method, r.Experiment.Seed} }
