package engine

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/trial"
)

// CacheVariable is the environment variable that names the folder in which experiments
// keep their trials, or is NoCache.
const (
	CacheVariable = "FATE_CACHE"
	NoCache       = "off"
)

// CacheDir returns the folder that the environment variable names, or by default one in
// the cache folder of the user; "" if the variable is "off" or there is no cache folder.
func CacheDir() string {
	switch dir := os.Getenv(CacheVariable); dir {
	case NoCache:
		return ""
	case "":
		user, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		return filepath.Join(user, "fate")
	default:
		return dir
	}
}

// UseCache makes the experiments of this process keep their trials in [CacheDir]. If it
// cannot be used, it prints why, and experiments repeat their trials.
func UseCache() {
	dir := CacheDir()
	if dir == "" {
		return
	}
	store, err := trial.OpenCache(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	session.Change(func(o *session.Options) { o.Cache = store })
}
