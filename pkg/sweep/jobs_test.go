package sweep

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/trial"
	"pgregory.net/rapid"

	_ "github.com/features-are-fate/fate/pkg/internal/property"
)

// The commands of a sweep and of a notebook are those that fate reads.
func TestJobs(t *testing.T) {
	p := plan(t, small)
	job := p.Job()
	if job.Hash != p.Hash || job.File != "sweep.json" || !bytes.Equal(job.Content, p.file) {
		t.Errorf("%+v", job)
	}
	check := func(got []string, want string) {
		t.Helper()
		if strings.Join(got, " ") != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	check(job.Run("/data", "x.json", 7, 3), "sweep run --shards 7 --workers 3 --out /data x.json")
	check(job.Merge("/data", "x.json"), "sweep merge /data")
	set := []string{"pace=paper", "seed=2"}
	job = NotebookJob("04.ipynb", []byte("{}"), set)
	check(job.Run("/data", "/c/04.ipynb", 7, 3), "run --store /data --shards 7 --set pace=paper --set seed=2 /c/04.ipynb")
	check(job.Merge("/data", "/c/04.ipynb"), "run --store /data --out /data/out --set pace=paper --set seed=2 /c/04.ipynb")
	if job.File != "04.ipynb" || string(job.Content) != "{}" || len(job.Hash) != 32 {
		t.Errorf("%+v", job)
	}
	seen := map[string]bool{}
	for _, content := range []string{"{}", "{ }"} {
		for _, set := range [][]string{nil, {"pace=paper"}, {"pace=paper", "seed=2"}, {"seed=2", "pace=paper"}, {"pace=paper seed=2"}} {
			seen[NotebookJob("04.ipynb", []byte(content), set).Hash] = true
		}
	}
	if len(seen) != 10 {
		t.Errorf("%d hashes of 10 jobs", len(seen))
	}
}

// limit is a value of a field at or beyond the edge of what is allowed: want is in the error, or
// "" if it is allowed.
type limit[S any] struct {
	change func(s *S)
	want   string
}

func TestSlurmLimits(t *testing.T) {
	for i, l := range []limit[Slurm]{
		{func(s *Slurm) {}, ""},
		{func(s *Slurm) { s.Shards = 1 }, ""}, {func(s *Slurm) { s.Shards = 0 }, "shards 0"}, {func(s *Slurm) { s.Shards = -1 }, "shards -1"},
		{func(s *Slurm) { s.Shards = trial.MaxShards }, ""}, {func(s *Slurm) { s.Shards = trial.MaxShards + 1 }, "shards 1000001"},
		{func(s *Slurm) { s.Cores = 1 }, ""}, {func(s *Slurm) { s.Cores = 0 }, "cores 0"},
		{func(s *Slurm) { s.Cores = 10_000 }, ""}, {func(s *Slurm) { s.Cores = 10_001 }, "cores 10001"},
		{func(s *Slurm) { s.Throttle = 1 }, ""}, {func(s *Slurm) { s.Throttle = -1 }, "throttle -1"},
		{func(s *Slurm) { s.Throttle = trial.MaxShards }, ""}, {func(s *Slurm) { s.Throttle = trial.MaxShards + 1 }, "throttle 1000001"},
		{func(s *Slurm) { s.Time = 2 * time.Minute }, ""}, {func(s *Slurm) { s.Time = 2*time.Minute - 1 }, "at least 2m0s"},
		{func(s *Slurm) { s.Time = 100_000 * time.Hour }, ""}, {func(s *Slurm) { s.Time = 100_000*time.Hour + 1 }, "at most 100000h"},
		{func(s *Slurm) { s.Memory = "512M" }, ""}, {func(s *Slurm) { s.Memory = "4 G" }, "memory"}, {func(s *Slurm) { s.Memory = "0G" }, "memory"}, {func(s *Slurm) { s.Memory = "" }, "memory"},
		{func(s *Slurm) { s.Dir = "/a b" }, "folder"}, {func(s *Slurm) { s.Dir = "/a%b" }, "folder"}, {func(s *Slurm) { s.Dir = "/a\nb" }, "folder"}, {func(s *Slurm) { s.Dir = `/a\b` }, "folder"}, {func(s *Slurm) { s.Dir = "/a\tb" }, "folder"},
	} {
		s := Slurm{Fate: "fate", Dir: "/data/x", File: "/data/x/sweep.json", Shards: 3, Cores: 2, Memory: "4G", Time: time.Hour}
		l.change(&s)
		var array, merge bytes.Buffer
		err := s.Write(plan(t, small).Job(), &array, &merge)
		if (err == nil) != (l.want == "") || err != nil && (!strings.Contains(err.Error(), l.want) || array.Len()+merge.Len() > 0) {
			t.Errorf("case %d: want %q, got %v", i, l.want, err)
		}
	}
}

// The two scripts, word for word.
func TestSlurmScripts(t *testing.T) {
	s := Slurm{Fate: "/opt/fate", Dir: "/data/x", File: "/data/a b.json", Shards: 30, Throttle: 4, Cores: 8, Memory: "4G", Time: 90*time.Minute + 7*time.Second}
	var array, merge bytes.Buffer
	if err := s.Write(plan(t, small).Job(), &array, &merge); err != nil {
		t.Fatal(err)
	}
	want := `#!/bin/bash
#SBATCH --job-name=fate-sweep
#SBATCH --array=1-30%4
#SBATCH --cpus-per-task=8
#SBATCH --mem=4G
#SBATCH --time=01:30:07
#SBATCH --signal=B:TERM@60
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=/data/x/shard-%a.log

# Shard $SLURM_ARRAY_TASK_ID of 30. Finished units are not measured again: submit the
# array, or some of its indices, until all are done.
export GOMAXPROCS=8
exec /opt/fate sweep run --shards 30 --workers 8 --out /data/x '/data/a b.json'
`
	if array.String() != want {
		t.Errorf("%s\nwant\n%s", array.String(), want)
	}
	want = `#!/bin/bash
#SBATCH --job-name=fate-merge
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --time=01:30:07
#SBATCH --output=/data/x/merge.log

exec /opt/fate sweep merge /data/x
`
	if merge.String() != want {
		t.Errorf("%s\nwant\n%s", merge.String(), want)
	}
}

// The shell reads any text as the one word that was quoted, and a clock is read back as its
// duration.
func TestQuoteAndClock(t *testing.T) {
	words := []string{"plain", "", "a b", "it's", `"$(x)"`, "a\nb", "''", `\`, "é", "-n", "a;b", "~", "*", "a=b/c.d_e-1", "A", "{a,b}", "#a", "!a"}
	var script strings.Builder
	for _, w := range words {
		fmt.Fprintf(&script, "printf '%%s\\0' %s\n", quote(w))
	}
	out, err := exec.Command("bash", "-c", script.String()).Output()
	if err != nil {
		t.Skip("no bash: ", err)
	}
	if got := strings.Split(string(out), "\x00"); !slices.Equal(got[:len(got)-1], words) {
		t.Errorf("%q, want %q", got, words)
	}
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.IntRange(0, 400_000_000).Draw(t, "seconds")
		var h, m, s int
		text := clock(time.Duration(seconds)*time.Second + 999*time.Millisecond)
		if _, err := fmt.Sscanf(text, "%d:%d:%d", &h, &m, &s); err != nil || m > 59 || s > 59 || 3600*h+60*m+s != seconds || len(text) < 8 {
			t.Errorf("%d seconds are %s, %v", seconds, text, err)
		}
	})
}

// A list of indices is read back as them, and none of its ranges touch.
func TestListIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chosen := rapid.SliceOfDistinct(rapid.IntRange(1, 30), func(i int) int { return i }).Draw(t, "indices")
		slices.Sort(chosen)
		var back []int
		last := -1
		list, exact := List(chosen)
		if !exact {
			t.Fatalf("%v: %s", chosen, list)
		}
		for part := range strings.SplitSeq(list, ",") {
			if part == "" && len(chosen) == 0 {
				continue
			}
			from, to, isRange := strings.Cut(part, "-")
			a, errA := strconv.Atoi(from)
			b := a
			var errB error
			if isRange {
				b, errB = strconv.Atoi(to)
			}
			if errA != nil || errB != nil || isRange && b <= a || a <= last+1 && last > 0 {
				t.Fatalf("%v: %q after %d", chosen, part, last)
			}
			for i := a; i <= b; i++ {
				back = append(back, i)
			}
			last = b
		}
		if !slices.Equal(back, chosen) {
			t.Errorf("%v is read back as %v", chosen, back)
		}
	})
}

func TestKubernetesLimits(t *testing.T) {
	for i, l := range []limit[Kubernetes]{
		{func(k *Kubernetes) {}, ""},
		{func(k *Kubernetes) { k.Shards = 0 }, "shards 0"}, {func(k *Kubernetes) { k.Cores = 0 }, "cores 0"},
		{func(k *Kubernetes) { k.Parallel = 1 }, ""}, {func(k *Kubernetes) { k.Parallel = -1 }, "parallel -1"},
		{func(k *Kubernetes) { k.Parallel = trial.MaxShards }, ""}, {func(k *Kubernetes) { k.Parallel = trial.MaxShards + 1 }, "parallel 1000001"},
		{func(k *Kubernetes) { k.Retries = 1000 }, ""}, {func(k *Kubernetes) { k.Retries = 1001 }, "retries 1001"}, {func(k *Kubernetes) { k.Retries = -1 }, "retries -1"},
		{func(k *Kubernetes) { k.Time = time.Minute }, ""}, {func(k *Kubernetes) { k.Time = time.Minute - 1 }, "at least a minute"},
		{func(k *Kubernetes) { k.Time = 100_000 * time.Hour }, ""}, {func(k *Kubernetes) { k.Time = 100_000*time.Hour + 1 }, "at most 100000h"},
		{func(k *Kubernetes) { k.Memory = "4G" }, ""}, {func(k *Kubernetes) { k.Memory = "4" }, "memory"},
		{func(k *Kubernetes) { k.Image = "-x" }, "image"}, {func(k *Kubernetes) { k.Claim = "A" }, "claim"}, {func(k *Kubernetes) { k.Folder = "../x" }, "folder"},
	} {
		k := cluster()
		l.change(&k)
		var out bytes.Buffer
		err := k.Write(plan(t, small).Job(), &out)
		if (err == nil) != (l.want == "") || err != nil && (!strings.Contains(err.Error(), l.want) || out.Len() > 0) {
			t.Errorf("case %d: want %q, got %v", i, l.want, err)
		}
	}
	for size, ok := range map[int]bool{900 << 10: true, 900<<10 + 1: false} {
		err := cluster().Write(NotebookJob("a.ipynb", make([]byte, size), nil), &bytes.Buffer{})
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "a ConfigMap takes at most 921600") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func cluster() Kubernetes {
	return Kubernetes{Image: "registry/fate:1", Claim: "data", Folder: "x", Shards: 5, Parallel: 2, Cores: 3, Memory: "4Gi", Time: time.Hour, Retries: 6}
}

// The Job has the numbers of its limits, and its pods find the file and the folder.
func TestKubernetesJob(t *testing.T) {
	job := plan(t, small).Job()
	for parallel, want := range map[int]float64{0: 5, 2: 2, 5: 5, 9: 5} {
		k := cluster()
		k.Parallel = parallel
		var out bytes.Buffer
		if err := k.Write(job, &out); err != nil {
			t.Fatal(err)
		}
		type container struct {
			Image        string
			Command      []string
			Env          []map[string]string
			Resources    map[string]map[string]string
			VolumeMounts []map[string]any
		}
		var list struct {
			Kind  string
			Items []struct {
				Kind     string
				Metadata struct {
					Name   string
					Labels map[string]string
				}
				Data map[string]string
				Spec struct {
					CompletionMode                                                   string
					Completions, Parallelism, BackoffLimitPerIndex, MaxFailedIndexes float64
					Template                                                         struct {
						Spec struct {
							RestartPolicy                                        string
							ActiveDeadlineSeconds, TerminationGracePeriodSeconds float64
							Containers                                           []container
							Volumes                                              []map[string]any
						}
					}
				}
			}
		}
		if err := json.Unmarshal(out.Bytes(), &list); err != nil || list.Kind != "List" || len(list.Items) != 2 {
			t.Fatal(list, err)
		}
		config, batch := list.Items[0], list.Items[1]
		name := "fate-sweep-" + job.Hash[:8]
		spec, pod := batch.Spec, batch.Spec.Template.Spec
		c := pod.Containers[0]
		size := map[string]string{"cpu": "3", "memory": "4Gi"}
		for _, c := range []struct{ got, want any }{
			{config.Kind, "ConfigMap"}, {batch.Kind, "Job"}, {config.Metadata.Name, name}, {batch.Metadata.Name, name},
			{batch.Metadata.Labels["fate/sweep"], job.Hash}, {config.Data, map[string]string{"sweep.json": string(job.Content)}},
			{spec.CompletionMode, "Indexed"}, {spec.Completions, 5.}, {spec.Parallelism, want}, {spec.BackoffLimitPerIndex, 6.}, {spec.MaxFailedIndexes, 5.},
			{pod.RestartPolicy, "Never"}, {pod.ActiveDeadlineSeconds, 3600.}, {pod.TerminationGracePeriodSeconds, 60.},
			{c.Image, k.Image}, {c.Env, []map[string]string{{"name": "GOMAXPROCS", "value": "3"}}},
			{c.Resources, map[string]map[string]string{"requests": size, "limits": size}},
			{strings.Join(c.Command, " "), "fate sweep run --shards 5 --workers 3 --out /sweep/x /config/sweep.json"},
			{c.VolumeMounts[:2], []map[string]any{{"name": "sweep", "mountPath": "/sweep"}, {"name": "config", "mountPath": "/config", "readOnly": true}}},
			{pod.Volumes[:2], []map[string]any{{"name": "sweep", "persistentVolumeClaim": map[string]any{"claimName": "data"}}, {"name": "config", "configMap": map[string]any{"name": name}}}},
		} {
			if !reflect.DeepEqual(c.got, c.want) {
				t.Errorf("parallel %d: %v, want %v", parallel, c.got, c.want)
			}
		}
	}
}
