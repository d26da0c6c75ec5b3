package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// Job holds the commands that a scheduler runs in shards, for a sweep or for the studies of
// a notebook.
type Job struct {
	Hash    string
	File    string // the name of the file in a ConfigMap
	Content []byte
	// Run returns the arguments of fate that measure one of a number of shards; the
	// scheduler sets its index in the environment. Merge returns those of the command after
	// the last shard.
	Run   func(dir, file string, shards, cores int) []string
	Merge func(dir, file string) []string
}

// Job returns the job of a sweep.
func (p *Plan) Job() Job {
	return Job{Hash: p.Hash, File: fileName, Content: p.file,
		Run: func(dir, file string, shards, cores int) []string {
			return []string{"sweep", "run", "--shards", strconv.Itoa(shards), "--workers", strconv.Itoa(cores), "--out", dir, file}
		},
		Merge: func(dir, _ string) []string { return []string{"sweep", "merge", dir} }}
}

// NotebookJob returns the job of a notebook, given the file without outputs and values of
// its parameters as name=value. The command after the last shard reads the store and writes
// the figures and verdicts.
func NotebookJob(name string, content []byte, set []string) Job {
	var flags []string
	for _, s := range set {
		flags = append(flags, "--set", s)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q\n%s", set, content))
	return Job{Hash: hex.EncodeToString(sum[:])[:32], File: name, Content: content,
		Run: func(dir, file string, shards, _ int) []string {
			return append(append([]string{"run", "--store", dir, "--shards", strconv.Itoa(shards)}, flags...), file)
		},
		Merge: func(dir, file string) []string {
			return append(append([]string{"run", "--store", dir, "--out", dir + "/out"}, flags...), file)
		}}
}
