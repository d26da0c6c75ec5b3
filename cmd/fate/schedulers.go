package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/sweep"
	"github.com/spf13/cobra"
)

// shardOfTask returns the shard of a task of a Slurm job array, or of a pod of a
// Kubernetes Indexed Job, which counts from 0. The number of shards is not taken from the
// environment, since some indices may be submitted again alone.
func shardOfTask(shards int) (string, error) {
	for _, task := range []struct {
		variable string
		first    int
	}{{"SLURM_ARRAY_TASK_ID", 1}, {"JOB_COMPLETION_INDEX", 0}} {
		text := os.Getenv(task.variable)
		if text == "" {
			continue
		}
		i, err := strconv.Atoi(text)
		if err != nil {
			return "", fmt.Errorf("%s = %q: it must be the index of the shard", task.variable, text)
		}
		return fmt.Sprintf("%d/%d", i-task.first+1, shards), nil
	}
	if shards == 1 {
		return "1/1", nil
	}
	return "", fmt.Errorf("--shards %d without --shard: SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX must be the index of the shard", shards)
}

// isNotebook tells a notebook from the file of a sweep.
func isNotebook(path string) bool { return strings.HasSuffix(path, ".ipynb") }

// jobOf makes a job of a sweep's file, or of a notebook with values for its parameters.
func jobOf(path string, set []string) (sweep.Job, error) {
	if !isNotebook(path) {
		if len(set) > 0 {
			return sweep.Job{}, fmt.Errorf("--set %s: %s is not a notebook", set[0], path)
		}
		p, err := sweep.Read(path)
		if err != nil {
			return sweep.Job{}, err
		}
		return p.Job(), nil
	}
	if _, err := loadJobs([]string{path}, set); err != nil { // a wrong value is known before the job starts
		return sweep.Job{}, err
	}
	nb, err := ipynb.Read(path)
	if err != nil {
		return sweep.Job{}, err
	}
	for i := range nb.Cells {
		nb.Cells[i].Outputs = nil
	}
	b, err := nb.Marshal()
	if err != nil {
		return sweep.Job{}, err
	}
	return sweep.NotebookJob(filepath.Base(path), b, set), nil
}

func setFlag(cmd *cobra.Command, set *[]string) {
	cmd.Flags().StringArrayVar(set, "set", nil, "change a value in the parameters cell of a notebook, as `name=value`; may be repeated")
}

func sweepSlurmCommand() *cobra.Command {
	var s sweep.Slurm
	var submit, estimate bool
	var set []string
	cmd := &cobra.Command{
		Use:   "slurm FILE|NOTEBOOK --shards N --out DIR",
		Short: "Write the sweep as a Slurm job array",
		Long: `Slurm writes the scripts array.sh and merge.sh to the folder of the shards: a job array
with one task per shard, and a job that merges after it; of a notebook, the last job runs
it on what the shards measured and writes to the folder out in the folder. A task is told
to stop a minute before its time limit and discards its unfinished units. Submit the array
again, or the indices of some shards, as often as needed: sbatch --array=3,7 array.sh.

Without --shards there are as many as finish in half of --time by the estimate of fate
sweep plan, if a unit does, and it is an error if a shard would take longer than its
limit. The times of a notebook are not known before it runs.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			job, err := jobOf(args[0], set)
			if err != nil {
				return err
			}
			if s.Dir == "" {
				return errors.New("--out is missing: the folder of the sweep")
			}
			if strings.Contains(s.Fate, "go-build") {
				return errors.New("go run leaves no executable for the nodes: build one (go build -o fate ./cmd/fate) and use that")
			}
			if s.Dir, err = filepath.Abs(s.Dir); err != nil {
				return err
			}
			// A sweep's file is copied into the folder; a notebook may read files beside it.
			if s.File = filepath.Join(s.Dir, job.File); isNotebook(args[0]) {
				if s.File, err = filepath.Abs(args[0]); err != nil {
					return err
				}
			}
			if estimate {
				if err := setShards(cmd, args[0], &s.Shards, s.Cores, s.Time); err != nil {
					return err
				}
			}
			var array, merge bytes.Buffer
			if err := s.Write(job, &array, &merge); err != nil {
				return err
			}
			if err := adopt(args[0], s.Dir); err != nil {
				return failure{err}
			}
			for name, script := range map[string]*bytes.Buffer{"array.sh": &array, "merge.sh": &merge} {
				path := filepath.Join(s.Dir, name)
				err := file.Write(path, script.Bytes())
				if err == nil {
					err = os.Chmod(path, 0o755)
				}
				if err != nil {
					return failure{err}
				}
			}
			if !submit {
				fmt.Fprintf(stdout, "%s and merge.sh: submit them with --submit, or sbatch\n", filepath.Join(s.Dir, "array.sh"))
				return nil
			}
			id, err := sbatch(cmd.Context(), filepath.Join(s.Dir, "array.sh"))
			if err != nil {
				return failure{err}
			}
			after, err := sbatch(cmd.Context(), "--dependency=afterok:"+id, "--kill-on-invalid-dep=yes", filepath.Join(s.Dir, "merge.sh"))
			if err != nil {
				return failure{err}
			}
			fmt.Fprintf(stdout, "array %s, merge %s\n", id, after)
			return nil
		},
	}
	exe, err := os.Executable()
	if err != nil {
		exe = "fate"
	}
	cmd.Flags().IntVar(&s.Shards, "shards", 0, "`number` of shards (by default as many as fit the limit)")
	cmd.Flags().BoolVar(&estimate, "estimate", true, "check by an estimate that a shard fits its limit")
	cmd.Flags().StringVar(&s.Dir, "out", "", "`folder` of the sweep, on a file system that all nodes share")
	cmd.Flags().IntVar(&s.Throttle, "throttle", 0, "`number` of shards that run at a time; 0 is all")
	cmd.Flags().IntVar(&s.Cores, "cores", 1, "`number` of cores of a shard")
	cmd.Flags().StringVar(&s.Memory, "memory", "2G", "`memory` of a shard")
	cmd.Flags().DurationVar(&s.Time, "time", 4*time.Hour, "time `limit` of a shard, and of the merge")
	cmd.Flags().StringVar(&s.Fate, "fate", exe, "`path` of this command on the nodes")
	setFlag(cmd, &set)
	cmd.Flags().BoolVar(&submit, "submit", false, "submit both scripts")
	return cmd
}

// adopt makes a folder that of a sweep; the studies of a notebook are known when they run.
func adopt(path, dir string) error {
	if isNotebook(path) {
		return os.MkdirAll(dir, 0o777)
	}
	p, err := sweep.Read(path)
	if err != nil {
		return err
	}
	return p.Adopt(dir)
}

// sbatch submits a script and returns the id of its job.
func sbatch(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "sbatch", append([]string{"--parsable"}, args...)...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("sbatch: %w: %s", err, strings.ReplaceAll(text, "\n", "; "))
	}
	id, _, _ := strings.Cut(text, ";") // the cluster may follow
	return id, nil
}

func sweepKubernetesCommand() *cobra.Command {
	var k sweep.Kubernetes
	var estimate bool
	var set []string
	cmd := &cobra.Command{
		Use:   "k8s FILE|NOTEBOOK --shards N --claim CLAIM",
		Short: "Print the sweep as a Kubernetes Indexed Job",
		Long: `K8s prints a ConfigMap with the sweep or the notebook and an Indexed Job with one index
per shard, on the project's image (see docker) and a volume that the nodes share:

  fate sweep k8s sweep.json --shards 100 --claim data | kubectl apply -f -

A failed index is retried with its own back-off. Afterwards, run fate sweep status and
fate sweep merge where the volume is mounted.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			job, err := jobOf(args[0], set)
			if err != nil {
				return err
			}
			if estimate {
				if err := setShards(cmd, args[0], &k.Shards, k.Cores, k.Time); err != nil {
					return err
				}
			}
			return k.Write(job, stdout)
		},
	}
	cmd.Flags().IntVar(&k.Shards, "shards", 0, "`number` of shards (by default as many as fit the limit)")
	cmd.Flags().BoolVar(&estimate, "estimate", true, "check by an estimate that a shard fits its limit")
	cmd.Flags().StringVar(&k.Image, "image", "fate", "`image` of the project")
	cmd.Flags().StringVar(&k.Claim, "claim", "", "`name` of the persistent volume claim")
	cmd.Flags().StringVar(&k.Folder, "folder", "sweep", "`folder` of the sweep in the volume")
	cmd.Flags().IntVar(&k.Parallel, "parallel", 0, "`number` of shards that run at a time; 0 is all")
	cmd.Flags().IntVar(&k.Cores, "cores", 1, "`number` of cores of a shard")
	cmd.Flags().StringVar(&k.Memory, "memory", "2Gi", "`memory` of a shard")
	cmd.Flags().DurationVar(&k.Time, "time", 4*time.Hour, "time `limit` of a shard")
	setFlag(cmd, &set)
	cmd.Flags().IntVar(&k.Retries, "retries", 3, "`number` of retries of a failed shard")
	return cmd
}
