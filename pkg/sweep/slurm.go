package sweep

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/template"
	"time"

	"github.com/features-are-fate/fate/pkg/trial"
)

// Slurm holds the limits of a job array. Fate is the path of the command, Dir that of the
// folder of the shards, and File that of the sweep or notebook, as the nodes see them.
type Slurm struct {
	Fate, Dir string
	File      string
	Shards    int
	Throttle  int // shards that run at a time; 0 is all
	Cores     int // of a shard
	Memory    string
	Time      time.Duration // limit of a shard, and of the merge
}

// Grace is the time, in seconds, from the signal to stop a shard to its time limit.
// Unfinished units are dropped at once, so it can be short.
const Grace = 60

// maxTime is the longest limit of a shard, some ten years.
const maxTime = 100_000 * time.Hour

var slurmMemory = regexp.MustCompile(`^[1-9][0-9]{0,9}[KMGT]?$`)

var slurmFuncs = template.FuncMap{"quote": quote, "clock": clock}

var slurmArray = template.Must(template.New("").Funcs(slurmFuncs).Parse(`#!/bin/bash
#SBATCH --job-name=fate-sweep
#SBATCH --array=1-{{.Shards}}{{if .Throttle}}%{{.Throttle}}{{end}}
#SBATCH --cpus-per-task={{.Cores}}
#SBATCH --mem={{.Memory}}
#SBATCH --time={{clock .Time}}
#SBATCH --signal=B:TERM@{{.Grace}}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output={{.Dir}}/shard-%a.log

# Shard $SLURM_ARRAY_TASK_ID of {{.Shards}}. Finished units are not measured again: submit the
# array, or some of its indices, until all are done.
export GOMAXPROCS={{.Cores}}
exec {{quote .Fate}}{{range .Run}} {{quote .}}{{end}}
`))

var slurmMerge = template.Must(template.New("").Funcs(slurmFuncs).Parse(`#!/bin/bash
#SBATCH --job-name=fate-merge
#SBATCH --cpus-per-task=1
#SBATCH --mem={{.Memory}}
#SBATCH --time={{clock .Time}}
#SBATCH --output={{.Dir}}/merge.log

exec {{quote .Fate}}{{range .Merge}} {{quote .}}{{end}}
`))

// Write writes the script of the array, and that of the job that merges the shards
// afterwards.
func (s Slurm) Write(job Job, array, merge io.Writer) error {
	if err := checkShards(s.Shards, s.Cores); err != nil {
		return err
	}
	switch {
	case s.Throttle < 0 || s.Throttle > trial.MaxShards:
		return fmt.Errorf("throttle %d: it must be 0 (none) or above, and at most %d", s.Throttle, trial.MaxShards)
	case s.Time < 2*Grace*time.Second || s.Time > maxTime:
		return fmt.Errorf("time %v: it must be at least %v, as a shard is told to stop %d s before its end, and at most %v", s.Time, 2*Grace*time.Second, Grace, maxTime)
	case !slurmMemory.MatchString(s.Memory):
		return fmt.Errorf("memory %q: it must be a number with K, M, G or T, as in 4G", s.Memory)
	case strings.ContainsAny(s.Dir, " \t\n%\\"): // a line of #SBATCH has no quotes, and % is a pattern
		return fmt.Errorf("folder %q: it must have no space, %% or backslash", s.Dir)
	}
	data := struct {
		Slurm
		Grace      int
		Run, Merge []string
	}{s, Grace, job.Run(s.Dir, s.File, s.Shards, s.Cores), job.Merge(s.Dir, s.File)}
	if err := slurmArray.Execute(array, data); err != nil {
		return err
	}
	return slurmMerge.Execute(merge, data)
}

// checkShards checks the limits that all schedulers share.
func checkShards(shards, cores int) error {
	switch {
	case shards < 1 || shards > trial.MaxShards:
		return fmt.Errorf("shards %d: there must be at least 1 and at most %d", shards, trial.MaxShards)
	case cores < 1 || cores > MaxCores:
		return fmt.Errorf("cores %d: a shard needs at least 1 and has at most %d", cores, MaxCores)
	}
	return nil
}

// plain matches a word that the shell takes literally.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./=-]+$`)

// quote returns a text as one word of the shell.
func quote(s string) string {
	if plain.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// clock formats a duration for Slurm, as hours:minutes:seconds.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}
