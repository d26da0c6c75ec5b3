package sweep

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// A pod of a sweep has no rights that it does not use: it is admitted where the restricted
// Pod Security Standard is enforced.
func TestKubernetesConfines(t *testing.T) {
	var out bytes.Buffer
	k := Kubernetes{Image: "fate", Claim: "data", Folder: "x", Shards: 3, Cores: 1, Memory: "1Gi", Time: time.Hour}
	if err := k.Write(plan(t, small).Job(), &out); err != nil {
		t.Fatal(err)
	}
	var list any
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	// at follows keys and indices.
	at := func(v any, path ...any) any {
		for _, p := range path {
			switch p := p.(type) {
			case string:
				v = v.(map[string]any)[p]
			case int:
				v = v.([]any)[p]
			}
		}
		return v
	}
	type m = map[string]any
	pod := at(list, "items", 1, "spec", "template", "spec")
	container := at(pod, "containers", 0)
	for _, c := range []struct{ got, want any }{
		{len(at(pod, "containers").([]any)), 1},
		{at(pod, "automountServiceAccountToken"), false},
		{at(pod, "securityContext"), m{"runAsNonRoot": true, "runAsUser": 1000., "runAsGroup": 1000., "fsGroup": 1000.,
			"fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": m{"type": "RuntimeDefault"}}},
		{at(container, "securityContext"), m{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
			"capabilities": m{"drop": []any{"ALL"}}}},
		{at(container, "volumeMounts", 2), m{"name": "tmp", "mountPath": "/tmp"}},
		{at(container, "imagePullPolicy"), "IfNotPresent"},
		{at(pod, "volumes", 2), m{"name": "tmp", "emptyDir": m{"sizeLimit": "1Gi"}}},
		{at(list, "items", 1, "spec", "podFailurePolicy"), m{"rules": []any{m{"action": "Ignore", "onPodConditions": []any{m{"type": "DisruptionTarget", "status": "True"}}}}}},
		{at(pod, "hostNetwork"), nil}, {at(pod, "hostPID"), nil}, {at(pod, "hostIPC"), nil},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%v, not %v", c.got, c.want)
		}
	}
}
