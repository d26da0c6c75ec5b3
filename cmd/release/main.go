// Command release makes the archives of a release: for each system and processor a static
// fate, its kernel, the licences of all that they contain, and a bill of materials; and one
// file of checksums. From the same commit and the same Go it makes the same bytes.
//
//	go run ./cmd/release            all systems, into out/release
//	go run ./cmd/release linux/amd64
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/features-are-fate/fate/docker/kernel"
)

var targets = []string{"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64"}

// sbom is the tool that writes a bill of materials from what Go notes in a program.
const sbom = "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0"

func main() {
	out := flag.String("o", "out/release", "new `folder` for the archives; an earlier release in it is replaced")
	flag.Parse()
	os.Setenv("CGO_ENABLED", "0") // also for the tool, whose hash is in what it writes
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := release(ctx, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// checksums is the file that ends a release, and by which an earlier one is known.
const checksums = "SHA256SUMS"

func release(ctx context.Context, out string, asked []string) error {
	for _, a := range asked {
		if !slices.Contains(targets, a) {
			return fmt.Errorf("target %q: it must be one of %s", a, strings.Join(targets, ", "))
		}
	}
	if len(asked) == 0 {
		asked = targets
	}
	committed, err := output(ctx, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(committed, 10, 64)
	if err != nil {
		return err
	}
	if err := clear(out); err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	defer os.RemoveAll(filepath.Join(out, work))
	// What is released is the commit. A clone has it without changes, and Go notes its version.
	r := run{source: filepath.Join(out, work, "source"), out: out, time: time.Unix(seconds, 0).UTC()}
	if _, err := output(ctx, "git", "clone", "--quiet", "--shared", ".", r.source); err != nil {
		return err
	}
	var sums strings.Builder
	vetted := map[string]bool{"linux": true} // by .ci/run
	for _, a := range asked {
		system, processor, _ := strings.Cut(a, "/")
		start := time.Now()
		if !vetted[system] {
			if err := r.vet(ctx, system, processor); err != nil {
				return fmt.Errorf("%s: %w", a, err)
			}
			vetted[system] = true
			fmt.Printf("go vet for %s: %.0f s\n", system, time.Since(start).Seconds())
			start = time.Now()
		}
		name, data, err := r.archive(ctx, system, processor)
		if err != nil {
			return fmt.Errorf("%s: %w", a, err)
		}
		if err := os.WriteFile(filepath.Join(out, name), data, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name)
		fmt.Printf("%s: %.0f MB, %.0f s\n", name, float64(len(data))/1e6, time.Since(start).Seconds())
	}
	if err := os.WriteFile(filepath.Join(out, checksums), []byte(sums.String()), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s\nNow run .ci/promises %[2]s and .ci/emulate %[2]s.\n", filepath.Join(out, checksums), out)
	return nil
}

// clear makes an empty folder, in place of an earlier release at most.
func clear(out string) error {
	there, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, e := range there {
		if name := e.Name(); !strings.HasPrefix(name, "fate_") && name != checksums && name != work {
			return fmt.Errorf("%s has %s, which is of no release: choose another folder with -o", out, name)
		}
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(out, work), 0o755)
}

// work is the folder of what is in the making, and of the programs by system.
const work = "work"

type run struct {
	source, out string
	time        time.Time // of all files
}

// build says how the programs are built; the paths in them are the same on every machine.
func (r run) build(system, processor string, log io.Writer) kernel.Build {
	return kernel.Build{Module: r.source, OS: system, Arch: processor, Work: filepath.Join(filepath.Dir(r.source), "modules"), Release: true, Log: log}
}

func (r run) vet(ctx context.Context, system, processor string) error {
	var log bytes.Buffer
	if err := r.build(system, processor, &log).Vet(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, &log)
	}
	return nil
}

// archive builds the programs for a system and packs them with what belongs to them.
func (r run) archive(ctx context.Context, system, processor string) (name string, data []byte, err error) {
	dir := filepath.Join(r.out, work, system+"_"+processor)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", nil, err
	}
	var log bytes.Buffer
	b := r.build(system, processor, &log)
	programs := []string{filepath.Join(dir, kernel.Executable("fate", system)), filepath.Join(dir, kernel.Executable(kernel.Beside, system))}
	if err := b.Kernel(ctx, programs[1]); err != nil {
		return "", nil, fmt.Errorf("%w\n%s", err, &log)
	}
	built, err := os.ReadFile(programs[1])
	if err != nil {
		return "", nil, err
	}
	if err := b.Command(ctx, programs[0], fmt.Sprintf("%x", sha256.Sum256(built))); err != nil {
		return "", nil, fmt.Errorf("%w\n%s", err, &log)
	}
	notices, version, err := r.notices(ctx, programs...)
	if err != nil {
		return "", nil, err
	}
	name = fmt.Sprintf("fate_%s_%s_%s", strings.TrimPrefix(version, "v"), system, processor)
	files := []entry{{name: "NOTICES.txt", data: notices}}
	for _, f := range []string{"README.md", "LICENSE", "CHANGELOG.md"} {
		files = append(files, entry{name: f, path: filepath.Join(r.source, f)})
	}
	for _, p := range programs {
		bom := strings.TrimSuffix(filepath.Base(p), ".exe") + ".cdx.json"
		text, err := output(ctx, "go", "run", "-trimpath", sbom, "bin", "-json", "-std", "-noserial", "-notimestamp", "-version", version, p)
		if err != nil {
			return "", nil, err
		}
		files = append(files, entry{name: filepath.Base(p), path: p, program: true}, entry{name: bom, data: []byte(text + "\n")})
	}
	slices.SortFunc(files, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	data, err = pack(name, files, r.time, system == "windows")
	if system == "windows" {
		return name + ".zip", data, err
	}
	return name + ".tar.gz", data, err
}

// output returns what a program prints, without spaces around it.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, args[0], err, &problems)
	}
	return strings.TrimSpace(string(out)), nil
}
