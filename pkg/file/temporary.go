package file

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Names of temporary files and folders contain the host and the process, so that a later
// process recognises those of a killed one.
//
//	.fate-KIND-HOST-PROCESS-RANDOM

var ownName = regexp.MustCompile(`^\.fate-[a-z]+-([A-Za-z0-9_]*)-([0-9]+)-[0-9a-f]{8}$`)

// own returns a new name for a temporary file or folder of this process.
func own(kind string) string {
	return fmt.Sprintf(".fate-%s-%s-%d-%08x", kind, Host(), os.Getpid(), rand.Uint32())
}

// Host returns the name of this host as the names of files have it: letters, digits and _.
func Host() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, name)
}

// abandoned is the age after which a temporary file of another host counts as abandoned.
const abandoned = 24 * time.Hour

// Clean removes temporary files and folders that killed processes left in a folder. It
// ignores errors: a later call removes the rest.
func Clean(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		m := ownName.FindStringSubmatch(e.Name())
		if m == nil || !(e.IsDir() || e.Type().IsRegular()) {
			continue
		}
		info, err := e.Info()
		if err != nil || !mine(info) {
			continue
		}
		pid, err := strconv.Atoi(m[2])
		if err != nil {
			continue
		}
		if m[1] == Host() && !Alive(pid) || time.Since(info.ModTime()) > abandoned && m[1] != Host() {
			os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

var cleaned sync.Map // folders that this process has cleaned

// cleanOnce calls Clean once per folder: that of a sweep can hold many files.
func cleanOnce(dir string) {
	if _, again := cleaned.LoadOrStore(dir, true); !again {
		Clean(dir)
	}
}

// TempDir creates a folder in the system's temporary folder, after removing those left by
// killed processes. The caller removes it.
func TempDir(kind string) (string, error) {
	Clean(os.TempDir())
	dir := filepath.Join(os.TempDir(), own(kind))
	return dir, os.Mkdir(dir, 0o700)
}
