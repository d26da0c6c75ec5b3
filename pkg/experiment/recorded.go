package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"runtime"

	"github.com/features-are-fate/fate/pkg/file"
)

// recorded is the file of a run: what was run, where, and its finished parts.
type recorded struct {
	Recipe Students
	Go     string
	Arch   string
	Parts  []StudentEnd
}

// Recorded returns the run of exactly these students that a file holds, for runs
// that take longer than a reader waits. At the pace "paper" it first trains what the
// file lacks and adds each network as it is done: a run that was interrupted, or
// killed, goes on from there.
func (s Students) Recorded(path string) *StudentsRun {
	s = s.defaults()
	fail := func(err error) *StudentsRun {
		return &StudentsRun{Students: s, err: fmt.Errorf("experiment: the record %s: %w", path, err)}
	}
	if err := s.check(); err != nil {
		return &StudentsRun{Students: s, err: err}
	}
	recipe, err := json.Marshal(s)
	if err != nil {
		return fail(err)
	}
	file := recorded{Recipe: s, Go: runtime.Version(), Arch: runtime.GOARCH}
	switch b, err := read(path); {
	case errors.Is(err, fs.ErrNotExist):
		if s.Pace != "paper" {
			return fail(errors.New(`there is no such file: a run with pace = "paper" makes it`))
		}
	case err != nil:
		return fail(err)
	default:
		if err := json.Unmarshal(b, &file); err != nil {
			return fail(fmt.Errorf("it is damaged: %w", err))
		}
		held, err := json.Marshal(file.Recipe)
		if err != nil {
			return fail(err)
		}
		if !bytes.Equal(held, recipe) {
			return fail(fmt.Errorf(`it holds another run, %s, not %s: move it away and run with pace = "paper"`, held, recipe))
		}
	}
	if missing := len(s.parts()) - len(file.Parts); missing > 0 && s.Pace != "paper" {
		return fail(fmt.Errorf(`%d of %d parts are missing: a run with pace = "paper" goes on with it`, missing, len(s.parts())))
	}
	r := s.complete(file.Parts, func(parts []StudentEnd) error {
		file.Parts = parts
		return writeJSON(path, file)
	})
	if r.err != nil {
		return fail(r.err)
	}
	return r
}

// maxRecord bounds the file of a run, in bytes.
const maxRecord = 256 << 20

func read(path string) ([]byte, error) { return file.Read(path, maxRecord) }

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return file.Write(path, append(b, '\n'))
}
