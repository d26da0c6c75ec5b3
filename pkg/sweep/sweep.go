// Package sweep measures large studies in shards, on any number of machines. The units of a
// study have a fixed order; shards of them can run anywhere and repeatedly, and the merged
// result always has the same bytes. A sweep is a file; the studies of a notebook run in
// shards without one (see fate run --shard).
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
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/trial"
)

// Plan is the study of a sweep. Hash identifies all that determines its numbers, except the
// code.
type Plan struct {
	*experiment.Plan
	Study experiment.Study
	Name  string
	Hash  string
	file  []byte // the content of the file in the folder of the sweep
}

// MaxCores bounds the cores of a shard.
const MaxCores = 10_000

// maxFile bounds the file of a sweep.
const maxFile = 16 << 20

// Read reads the file of a sweep: a JSON object with the kind of study, "experiment"
// ("linear" if there is none, see experiment.Decode), an optional "name", and the fields of
// the study. An unknown field and a study that cannot be measured are errors.
func Read(path string) (*Plan, error) {
	b, err := file.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	p, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func parse(b []byte) (*Plan, error) {
	var fields map[string]json.RawMessage
	if err := file.Decode(b, &fields); err != nil {
		return nil, fmt.Errorf("not a sweep: %w", err)
	}
	head := map[string]string{"experiment": "linear", "name": ""}
	for name := range head {
		if raw, ok := fields[name]; ok {
			var text string
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, fmt.Errorf("not a sweep: %s: %w", name, err)
			}
			head[name] = text
			delete(fields, name)
		}
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	study, err := experiment.Decode(head["experiment"], rest)
	if err != nil {
		return nil, fmt.Errorf("not a sweep: %w", err)
	}
	p, err := Of(study)
	if err != nil {
		return nil, err
	}
	p.Name = head["name"]
	return p, nil
}

// Of returns the plan of a sweep of the study. A [experiment.Measure] is an error: its
// Trial is a function, and no file can hold it.
func Of(study experiment.Study) (*Plan, error) {
	plan, err := experiment.PlanOf(study)
	if err != nil {
		return nil, err
	}
	kind := experiment.Kind(study)
	if kind == "" {
		return nil, fmt.Errorf("sweep: a study of type %T calls a function, which no file can hold: run its notebook in shards", study)
	}
	b, err := json.Marshal(study)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte(kind+"\n"), b...))
	head := fmt.Sprintf(`{"experiment":%q,`, kind)
	return &Plan{Plan: plan, Study: study, Hash: hex.EncodeToString(sum[:])[:32], file: append([]byte(head), b[1:]...)}, nil
}

// fileName is the file of the sweep in its folder.
const fileName = "sweep.json"

// Adopt makes dir the folder of the sweep: it writes the file of the sweep and lists its
// units. The folder of another sweep is an error.
func (p *Plan) Adopt(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	path := filepath.Join(dir, fileName)
	b := append(bytes.Clone(p.file), '\n')
	err := file.Create(path, b)
	if errors.Is(err, fs.ErrExist) { // perhaps by another machine, a moment ago
		b, err = file.Read(path, maxFile)
	}
	switch {
	case err != nil:
		return err
	case !bytes.Equal(bytes.TrimSpace(b), p.file):
		there, err := parse(b)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if there.Hash != p.Hash {
			return fmt.Errorf("%s is the folder of another sweep: its hash is %s, that of this one %s", dir, there.Hash, p.Hash)
		}
	}
	return trial.Register(dir, p.Work())
}

// Budget is the time of the timings of an estimate.
const Budget = 3 * time.Second

// Open reads the sweep of a folder.
func Open(dir string) (*Plan, error) { return Read(filepath.Join(dir, fileName)) }

// Run measures the units of a shard that are missing in the folder and stores each part at
// once, on a number of cores; 0 means all. When ctx ends, unfinished units are dropped and
// the report is marked as interrupted.
func (p *Plan) Run(ctx context.Context, dir string, shard trial.Shard, workers int) (report trial.Report, err error) {
	if workers < 0 || workers > MaxCores {
		return report, fmt.Errorf("workers %d: it must be 0 (all cores) or above, and at most %d", workers, MaxCores)
	}
	if err := shard.Validate(); err != nil {
		return report, err
	}
	if err := p.Adopt(dir); err != nil {
		return report, err
	}
	store, err := trial.OpenFolder(dir, shard)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	defer context.AfterFunc(ctx, store.Unmark)() // a unit in progress may take long to end
	t, report := p.Plan.Run(ctx, trial.Options{Store: store, Shard: shard, Workers: workers})
	var owed *experiment.Owed
	if err := t.Err(); err != nil && !errors.As(err, &owed) && !report.Interrupted {
		return report, err
	}
	return report, nil
}

// Merge returns the record of the units in a folder. Missing units are an error unless
// partial is set. The record does not depend on the machines, the order and the number of
// the shards.
func (p *Plan) Merge(dir string, partial bool) (*experiment.Record, error) {
	store, err := trial.ReadFolder(dir)
	if err != nil {
		return nil, err
	}
	return p.Record(store, partial)
}

// Shards measures a study in n shards, one after another, in a temporary folder, as a
// cluster would, and returns the bytes of the merged file.
func Shards(n int, study experiment.Study) ([]byte, error) {
	p, err := Of(study)
	if err != nil {
		return nil, err
	}
	dir, err := file.TempDir("sweep")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for i := 1; i <= max(1, n); i++ {
		if err := p.shard(dir, trial.Shard{Index: i, Of: n}); err != nil {
			return nil, err
		}
	}
	r, err := p.Merge(dir, false)
	if err != nil {
		return nil, err
	}
	return r.Encode()
}

// shard measures one shard with the cache, progress and interrupt of the session.
func (p *Plan) shard(dir string, shard trial.Shard) (err error) {
	if err := shard.Validate(); err != nil {
		return err
	}
	store, err := trial.OpenFolder(dir, shard)
	if err != nil {
		return err
	}
	s := session.Begin("shard " + shard.String())
	o := s.Trial(0)
	o.Store, o.Shard = store, shard
	t, report := p.Plan.Run(s.Context, o)
	s.End(trial.Report{}) // what other shards owe comes next, in this process
	err = store.Close()
	var owed *experiment.Owed
	switch {
	case t.Err() != nil && !errors.As(t.Err(), &owed):
		return t.Err()
	case report.Interrupted:
		return errors.New("the sweep was interrupted")
	}
	return err
}

// InShards measures a study in n shards, one after another, and returns the merged table.
// In a process that itself measures a shard it only calls Run of the study.
func InShards(n int, study experiment.Study) *experiment.Table {
	if session.InShard() {
		return study.Run()
	}
	b, err := Shards(n, study)
	return experiment.Parse(b, err)
}

// Same reports whether the merged files of a study in n and in m shards have the same
// bytes.
func Same(study experiment.Study, n, m int) (bool, error) {
	a, err := Shards(n, study)
	if err != nil {
		return false, err
	}
	b, err := Shards(m, study)
	return bytes.Equal(a, b), err
}
