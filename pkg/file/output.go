package file

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
)

// Output is an output folder of runs. Its manifest lists the files that runs wrote, with
// their hashes: only these are replaced or removed, and only while they are unchanged.
// Processes that share the folder take turns.
type Output struct{ Dir string }

const (
	manifestFolder = ".fate"
	manifestFile   = manifestFolder + "/manifest.json"
	lockFile       = manifestFolder + "/lock"
	maxManifest    = 64 << 20
	maxOutput      = 1 << 30 // bytes of a file that is compared with its hash
)

// manifest maps slash-separated relative paths to the hashes that a file may have: two
// while it is being replaced.
type manifest struct {
	Files map[string][]string `json:"files"`
}

// open creates the folder, locks it and reads its manifest.
func (o Output) open() (root *os.Root, m manifest, unlock func(), err error) {
	fail := func(err error) (*os.Root, manifest, func(), error) { return nil, m, nil, err }
	if err := os.MkdirAll(filepath.Join(o.Dir, manifestFolder), 0o755); err != nil {
		return fail(err)
	}
	path := filepath.Join(o.Dir, lockFile)
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() { // opening a pipe would block
		return fail(fmt.Errorf("%s is not a regular file: choose another folder", path))
	}
	lock := flock.New(path)
	if err := lock.Lock(); err != nil {
		return fail(err)
	}
	if root, err = os.OpenRoot(o.Dir); err != nil {
		lock.Close()
		return fail(err)
	}
	unlock = func() { root.Close(); lock.Close() }
	Clean(filepath.Join(o.Dir, manifestFolder))
	m.Files = map[string][]string{}
	path = filepath.Join(o.Dir, manifestFile)
	b, err := Read(path, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return root, m, unlock, nil
	}
	if err == nil {
		err = Decode(b, &m)
	}
	if err != nil {
		unlock()
		return fail(fmt.Errorf("%s: damaged manifest of the files that fate wrote (%w): choose another folder", path, err))
	}
	return root, m, unlock, nil
}

// Check returns an error for the first named file that exists in the folder and was not
// written by a run, or was changed since.
func (o Output) Check(names []string) error {
	if _, err := os.Stat(o.Dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	root, m, unlock, err := o.open()
	if err != nil {
		return err
	}
	defer unlock()
	for _, name := range names {
		if _, err := o.mayReplace(root, m, name); err != nil {
			return err
		}
	}
	return nil
}

// mayReplace returns an error unless a file is absent or unchanged since a run wrote it.
// hash is the hash of the file, or "" if it is absent.
func (o Output) mayReplace(root *os.Root, m manifest, name string) (hash string, err error) {
	full := filepath.Join(o.Dir, filepath.FromSlash(name))
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case info.IsDir():
		return "", fmt.Errorf("%s is a folder: move it away, or choose another output folder", full)
	case info.Mode().IsRegular() && len(m.Files[name]) > 0:
		b, err := Read(full, maxOutput)
		if err != nil {
			return "", err
		}
		if hash = hashOf(b); slices.Contains(m.Files[name], hash) {
			return hash, nil
		}
		return "", fmt.Errorf("%s was changed after fate wrote it: move it away, or choose another output folder", full)
	}
	return "", fmt.Errorf("%s was not written by fate: move it away, or choose another output folder", full)
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Put writes files, keyed by slash-separated relative path. It writes none if one of them
// must not be replaced. Then it removes files of earlier runs below the folder prune that
// are not among the new files; it removes nothing if prune is "".
func (o Output) Put(files map[string][]byte, prune string) error {
	root, m, unlock, err := o.open()
	if err != nil {
		return err
	}
	defer unlock()
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		if !filepath.IsLocal(filepath.FromSlash(name)) || strings.HasPrefix(name, manifestFolder+"/") {
			return fmt.Errorf("%q: an output file must lie in the folder %s", name, o.Dir)
		}
		now, err := o.mayReplace(root, m, name)
		if err != nil {
			return err
		}
		// The manifest comes first, so that after a kill the file still counts as ours.
		hashes := []string{hashOf(files[name])}
		if now != "" && now != hashes[0] {
			hashes = append(hashes, now)
		}
		m.Files[name] = hashes
	}
	if err := m.save(root, o.Dir); err != nil {
		return err
	}
	clean := ""
	for _, name := range names {
		if dir := path.Dir(name); dir != clean {
			clean = dir
			step()
			if err := root.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			Clean(filepath.Join(o.Dir, filepath.FromSlash(dir)))
		}
		if err := writeIn(root, name, files[name], false); err != nil {
			return &fs.PathError{Op: "write", Path: filepath.Join(o.Dir, filepath.FromSlash(name)), Err: err}
		}
		m.Files[name] = m.Files[name][:1]
	}
	for name := range m.Files {
		if _, stays := files[name]; stays || prune == "" || !strings.HasPrefix(name, prune+"/") {
			continue
		}
		switch hash, err := o.mayReplace(root, m, name); {
		case err != nil: // changed by somebody else
		case hash != "":
			step()
			if err := root.Remove(name); err != nil {
				return err
			}
		}
		delete(m.Files, name)
	}
	return m.save(root, o.Dir)
}

// Wrote reports whether a file that a run wrote below the folder prefix still exists,
// unchanged.
func (o Output) Wrote(prefix string) (bool, error) {
	if _, err := os.Stat(filepath.Join(o.Dir, manifestFile)); err != nil {
		return false, nil
	}
	root, m, unlock, err := o.open()
	if err != nil {
		return false, err
	}
	defer unlock()
	for name := range m.Files {
		if strings.HasPrefix(name, prefix+"/") {
			if hash, err := o.mayReplace(root, m, name); err == nil && hash != "" {
				return true, nil
			}
		}
	}
	return false, nil
}

func (m manifest) save(root *os.Root, dir string) error {
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	if err := writeIn(root, manifestFile, append(b, '\n'), false); err != nil {
		return &fs.PathError{Op: "write", Path: filepath.Join(dir, manifestFile), Err: err}
	}
	return nil
}
