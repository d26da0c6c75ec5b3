package sweep

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What a path holds stays one word of the script.
func TestSlurmQuotes(t *testing.T) {
	s := Slurm{Fate: `/opt/it's $(here)/fate`, Dir: "/data/x", File: "/data/x/sweep.json", Shards: 3, Cores: 1, Memory: "1G", Time: 26*time.Hour + 5*time.Second}
	var array, merge bytes.Buffer
	if err := s.Write(plan(t, small).Job(), &array, &merge); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(array.String(), "--time=26:00:05\n") || strings.Contains(array.String(), "1-3%") {
		t.Error(array.String())
	}
	script := strings.Replace(array.String(), "exec ", "printf '%s\\n' ", 1)
	out, err := exec.Command("bash", "-c", script).Output()
	if err != nil {
		t.Skip("no bash: ", err)
	}
	if first, _, _ := strings.Cut(string(out), "\n"); first != s.Fate {
		t.Errorf("the shell reads %q", first)
	}
}
