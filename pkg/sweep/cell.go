package sweep

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/features-are-fate/fate/pkg"
	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/theory"
	"golang.org/x/sync/errgroup"
)

// Cell is a measured cell, as its file and the merged result hold it. It holds no time
// and no machine: the same cell has the same bytes wherever it was measured.
type Cell struct {
	Index   int                              `json:"index"`
	Setting Setting                          `json:"setting"`
	Seed    uint64                           `json:"seed"`
	Trials  int                              `json:"trials"`
	Values  map[theory.Quantity]theory.Value `json:"values,omitempty"`
	End     *experiment.StudentEnd           `json:"end,omitempty"` // of students
}

// cellFile is the file of a cell. Sum is the hash of all else in it.
type cellFile struct {
	Sweep   string `json:"sweep"`
	Version string `json:"version"` // of the code
	Go      string `json:"go"`
	Arch    string `json:"arch"`
	Cell    Cell   `json:"cell"`
	Sum     string `json:"sum"`
}

// quantities are what a cell may have measured.
var quantities = []theory.Quantity{theory.RiskScratch, theory.RiskTuned, theory.RiskLinear, theory.RiskFineTune,
	theory.TLinear, theory.TFineTune, theory.TLinearTuned, theory.ScaleC, theory.FeatureResidual}

// cellPath is the path of a cell in the folder of a sweep.
func cellPath(dir string, cell int) string {
	return filepath.Join(dir, fmt.Sprintf("cell-%07d.json", cell))
}

func (f cellFile) sum() (string, error) {
	f.Sum = ""
	b, err := json.Marshal(f)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
}

// state is what the file of a cell is.
type state int

const (
	done       state = iota
	missing          // it was not measured
	damaged          // it is to be measured again
	another          // of another sweep, code, compiler or architecture
	unreadable       // nobody knows
)

// read reads the file of a cell; err says why it is in another state than done.
func (p *Plan) read(dir string, cell int) (c Cell, s state, err error) {
	path := cellPath(dir, cell)
	b, err := file.Read(path, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c, missing, fmt.Errorf("cell %d is missing", cell)
	case errors.Is(err, fs.ErrPermission):
		return c, unreadable, err
	case err != nil:
		return c, damaged, err
	}
	var f cellFile
	if err := file.Decode(b, &f); err != nil {
		return c, damaged, fmt.Errorf("%s: it is damaged: %w", path, err)
	}
	sum, err := f.sum()
	if err != nil || sum != f.Sum {
		return c, damaged, fmt.Errorf("%s: it is damaged: its checksum is wrong", path)
	}
	for _, v := range []struct{ what, here, there string }{{"sweep", p.Hash, f.Sweep}, {"version", pkg.Source(), f.Version},
		{"Go version", runtime.Version(), f.Go}, {"architecture", runtime.GOARCH, f.Arch}} {
		if v.here != v.there {
			return c, another, fmt.Errorf("%s: its %s is %s, here it is %s", path, v.what, v.there, v.here)
		}
	}
	if f.Cell.Index != cell || f.Cell.Setting != p.Cells[cell] {
		return c, damaged, fmt.Errorf("%s: it is damaged: it holds another cell", path)
	}
	return f.Cell, done, nil
}

// measure measures a cell; ok is false if it was interrupted.
func (p *Plan) measure(cell, workers int) (f *cellFile, ok bool, err error) {
	seed, err := p.seed(cell)
	if err != nil {
		return nil, false, err
	}
	c := Cell{Index: cell, Setting: p.Cells[cell], Seed: seed, Trials: p.Sweep.Trials}
	if p.Sweep.kind() == Students {
		c.Trials = 1
		var end experiment.StudentEnd
		t := c.Setting.Student
		end, ok, err = p.Sweep.at(t).Train(experiment.StudentEnd{Trial: t.Trial, Mu: t.Mu, N: t.N})
		c.End = &end
	} else {
		c.Values, ok, err = p.means(c.Setting.Linear, seed, workers)
	}
	if err != nil || !ok {
		return nil, false, err
	}
	f = &cellFile{Sweep: p.Hash, Version: pkg.Source(), Go: runtime.Version(), Arch: runtime.GOARCH, Cell: c}
	f.Sum, err = f.sum()
	return f, true, err
}

// means measures the risks of linear networks at one setting.
func (p *Plan) means(s theory.Setting, seed uint64, workers int) (values map[theory.Quantity]theory.Value, ok bool, err error) {
	e := p.Sweep.experiment(experiment.Grid{})
	e.Seed, e.Workers = seed, workers
	run := e.RunAt(s)
	if run.Err() != nil || run.Interrupted {
		return nil, false, run.Err()
	}
	values = map[theory.Quantity]theory.Value{}
	for _, q := range quantities {
		if v, err := run.Cells[0].Mean(q); err == nil { // else it was not asked for
			values[q] = v
		}
	}
	return values, true, nil
}

// write writes a value as JSON, whole or not at all: whoever writes the same cell at the
// same time writes the same bytes.
func write(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return file.Write(path, append(b, '\n'))
}

// mark says in the folder that a cell is being measured. It is for people: two shards
// that measure one cell do no harm.
func mark(dir string, cell int) (stop func()) {
	path := running(dir, cell)
	touch := func() { _ = os.WriteFile(path, nil, 0o644) } // what follows would say that the folder cannot be written
	touch()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(stale / 4)
		defer tick.Stop()
		for {
			select {
			case <-end:
				os.Remove(path)
				return
			case <-tick.C:
				touch()
			}
		}
	}()
	return func() { close(end); <-ended }
}

func running(dir string, cell int) string {
	return filepath.Join(dir, fmt.Sprintf(".running-%07d", cell))
}

// stale is after how long without a sign a cell no longer counts as running.
const stale = time.Minute

// Adopt makes a folder that of the sweep: it holds the sweep's file. A folder of another
// sweep is an error.
func (p *Plan) Adopt(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(dir, fileName)
	own, err := json.Marshal(p.Sweep)
	if err != nil {
		return err
	}
	b, err := file.Read(path, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return file.Write(path, append(own, '\n'))
	case err != nil:
		return err
	case bytes.Equal(bytes.TrimSpace(b), own):
		return nil // without listing its cells once more
	}
	there, err := parse(b)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if there.Hash != p.Hash {
		return fmt.Errorf("%s is the folder of another sweep: its hash is %s, that of this one %s", dir, there.Hash, p.Hash)
	}
	return nil
}

// fileName is the file of the sweep in its folder.
const fileName = "sweep.json"

// Open reads the sweep that a folder is of.
func Open(dir string) (*Plan, error) { return Read(filepath.Join(dir, fileName)) }

// Run measures cells that the folder does not hold yet and writes each as it is done. A
// damaged file is measured again; one of another sweep or code is an error. When ctx
// ends the cells in hand are dropped and ctx's error returned. each is called after every
// cell that was measured or found, one at a time. Workers limits the cores, 0 is all: the
// trials of a linear cell use all of them, students are trained on one each.
func (p *Plan) Run(ctx context.Context, dir string, cells []int, workers int, each func(cell int)) error {
	if workers < 0 || workers > MaxCores {
		return fmt.Errorf("workers %d: it must be 0 (all cores) or above, and at most %d", workers, MaxCores)
	}
	if err := p.Adopt(dir); err != nil {
		return err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { experiment.Interrupt(); close(interrupted) })
	defer func() {
		if !stop() {
			<-interrupted // what comes next must not be
		}
	}()
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(1)
	if p.Sweep.kind() == Students {
		if workers == 0 {
			workers = runtime.GOMAXPROCS(0)
		}
		group.SetLimit(workers)
	}
	var one sync.Mutex
	for _, cell := range cells {
		group.Go(func() error {
			if err := inner.Err(); err != nil {
				return err
			}
			if err := p.cell(inner, dir, cell, workers); err != nil {
				return err
			}
			one.Lock()
			defer one.Unlock()
			each(cell)
			return nil
		})
	}
	return group.Wait()
}

// cell measures one cell unless the folder holds it.
func (p *Plan) cell(ctx context.Context, dir string, cell, workers int) error {
	switch _, s, err := p.read(dir, cell); s {
	case done:
		return nil
	case another:
		return fmt.Errorf("%w: use an empty folder", err)
	case unreadable:
		return err
	}
	defer mark(dir, cell)()
	f, ok, err := p.measure(cell, workers)
	switch {
	case err != nil:
		return err
	case !ok && ctx.Err() != nil:
		return ctx.Err()
	case !ok: // as by the kernel
		return errors.New("the sweep was interrupted: the same run goes on from there")
	}
	return write(cellPath(dir, cell), f)
}
