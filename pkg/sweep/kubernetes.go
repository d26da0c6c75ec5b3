package sweep

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/features-are-fate/fate/pkg/trial"
)

// Kubernetes holds the limits of an Indexed Job. Image is that of the project; Claim is a
// volume that all nodes share, and Folder the folder of the sweep in it.
type Kubernetes struct {
	Image, Claim, Folder string
	Shards               int
	Parallel             int // shards that run at a time; 0 is all
	Cores                int // of a shard
	Memory               string
	Time                 time.Duration // limit of a shard
	Retries              int           // of a failed shard; each shard has its own back-off
}

var (
	imageName  = regexp.MustCompile(`^[a-z0-9][A-Za-z0-9._/:@-]{0,250}$`)
	claimName  = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$`)
	folderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,100}$`)
	memorySize = regexp.MustCompile(`^[1-9][0-9]{0,6}[KMGT]i?$`)
)

const maxRetries = 1000

func (k Kubernetes) check() error {
	if err := checkShards(k.Shards, k.Cores); err != nil {
		return err
	}
	switch {
	case k.Parallel < 0 || k.Parallel > trial.MaxShards:
		return fmt.Errorf("parallel %d: it must be 0 (all) or above, and at most %d", k.Parallel, trial.MaxShards)
	case k.Retries < 0 || k.Retries > maxRetries:
		return fmt.Errorf("retries %d: it must be 0 or above, and at most %d", k.Retries, maxRetries)
	case k.Time < time.Minute || k.Time > maxTime:
		return fmt.Errorf("time %v: it must be at least a minute and at most %v", k.Time, maxTime)
	case !memorySize.MatchString(k.Memory):
		return fmt.Errorf("memory %q: it must be a number with Mi or Gi, as in 4Gi", k.Memory)
	case !imageName.MatchString(k.Image):
		return fmt.Errorf("image %q: it must be the name of an image", k.Image)
	case !claimName.MatchString(k.Claim):
		return fmt.Errorf("claim %q: it must be the name of a persistent volume claim", k.Claim)
	case !folderName.MatchString(k.Folder):
		return fmt.Errorf("folder %q: it must be one name of letters, digits, - and _", k.Folder)
	}
	return nil
}

// maxConfig bounds the file of a job: a ConfigMap holds 1 MiB.
const maxConfig = 900 << 10

// Write writes the file of a job, in a ConfigMap, and its Indexed Job as one List in JSON, for
// kubectl apply -f. Each index has its own back-off, in which an eviction does not count, and
// one that fails for good does not stop the others. The shard of a pod is its
// JOB_COMPLETION_INDEX, from 0, plus 1. A pod writes to its volume and to /tmp alone, as the
// user of the image, and keeps the restricted Pod Security Standard.
func (k Kubernetes) Write(job Job, w io.Writer) error {
	if err := k.check(); err != nil {
		return err
	}
	if len(job.Content) > maxConfig {
		return fmt.Errorf("%s has %d bytes: a ConfigMap takes at most %d", job.File, len(job.Content), maxConfig)
	}
	type m = map[string]any
	name := "fate-sweep-" + job.Hash[:8]
	labels := m{"app.kubernetes.io/name": "fate", "fate/sweep": job.Hash}
	size := m{"cpu": strconv.Itoa(k.Cores), "memory": k.Memory}
	parallel := k.Parallel
	if parallel == 0 {
		parallel = k.Shards
	}
	const volume, config, tmp = "/sweep", "/config", "/tmp"
	const user = 1000 // of the image
	pod := m{
		"restartPolicy":                 "Never", // an index that fails gets a new pod
		"activeDeadlineSeconds":         int(k.Time.Seconds()),
		"terminationGracePeriodSeconds": Grace,
		"automountServiceAccountToken":  false, // a sweep asks the cluster nothing
		"securityContext": m{
			"runAsNonRoot": true, "runAsUser": user, "runAsGroup": user,
			"fsGroup": user, "fsGroupChangePolicy": "OnRootMismatch", // else each pod walks through all files
			"seccompProfile": m{"type": "RuntimeDefault"},
		},
		"containers": []m{{
			"name":            "fate",
			"image":           k.Image,
			"imagePullPolicy": "IfNotPresent", // else one without a tag is asked of a registry, although the nodes have it
			"command":         append([]string{"fate"}, job.Run(volume+"/"+k.Folder, config+"/"+job.File, k.Shards, k.Cores)...),
			"env":             []m{{"name": "GOMAXPROCS", "value": strconv.Itoa(k.Cores)}},
			"resources":       m{"requests": size, "limits": size},
			"securityContext": m{
				"allowPrivilegeEscalation": false,
				"readOnlyRootFilesystem":   true,
				"capabilities":             m{"drop": []string{"ALL"}},
			},
			"volumeMounts": []m{{"name": "sweep", "mountPath": volume}, {"name": "config", "mountPath": config, "readOnly": true}, {"name": "tmp", "mountPath": tmp}},
		}},
		"volumes": []m{
			{"name": "sweep", "persistentVolumeClaim": m{"claimName": k.Claim}},
			{"name": "config", "configMap": m{"name": name}},
			{"name": "tmp", "emptyDir": m{"sizeLimit": "1Gi"}},
		},
	}
	list := m{"apiVersion": "v1", "kind": "List", "items": []m{
		{"apiVersion": "v1", "kind": "ConfigMap", "metadata": m{"name": name, "labels": labels}, "data": m{job.File: string(job.Content)}},
		{"apiVersion": "batch/v1", "kind": "Job", "metadata": m{"name": name, "labels": labels}, "spec": m{
			"completionMode":       "Indexed",
			"completions":          k.Shards,
			"parallelism":          min(parallel, k.Shards),
			"backoffLimitPerIndex": k.Retries,
			"maxFailedIndexes":     k.Shards,
			// A pod that is evicted has not failed: a drained node costs no retry.
			"podFailurePolicy": m{"rules": []m{{"action": "Ignore", "onPodConditions": []m{{"type": "DisruptionTarget", "status": "True"}}}}},
			"template":         m{"metadata": m{"labels": labels}, "spec": pod},
		}},
	}}
	b, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
