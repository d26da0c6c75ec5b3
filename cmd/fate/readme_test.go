package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/cmd/fate/internal/readme"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/spf13/cobra"
)

// The README lists every notebook, with the verdict that is committed in it.
func TestReadmeIsCurrent(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := readme.Update(b, "../../notebooks")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, want) {
		t.Error("the table of notebooks is not current: run go generate ./cmd/fate/internal/readme")
	}
}

const repository = "../.."

// pages returns the Markdown files of the repository, and the Markdown cells of its
// notebooks, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(repository, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (rel == "out" || rel != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir():
		case filepath.Ext(path) == ".md":
			b, err := os.ReadFile(path)
			out[rel] = string(b)
			return err
		case filepath.Ext(path) == ".ipynb":
			nb, err := ipynb.Read(path)
			if err != nil {
				return err
			}
			for _, c := range nb.Cells {
				if c.Kind == "markdown" {
					out[rel] += c.Source + "\n\n"
				}
			}
		}
		return nil
	})
	if err != nil || len(out) < 20 {
		t.Fatalf("%d pages: %v", len(out), err)
	}
	return out
}

var (
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	notSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the fragments that GitHub gives the headings of a page.
func anchors(page string) map[string]bool {
	out := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(page, -1) {
		out[strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return out
}

// The target of every relative link exists, and so does the heading that it names.
func TestLinks(t *testing.T) {
	all, links := pages(t), 0
	for name, page := range all {
		for _, m := range link.FindAllStringSubmatch(page, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			links++
			to, fragment, _ := strings.Cut(m[1], "#")
			target := filepath.Join(filepath.Dir(name), filepath.FromSlash(to))
			if to == "" {
				target = name
			}
			if _, err := os.Stat(filepath.Join(repository, target)); err != nil || !filepath.IsLocal(target) {
				t.Errorf("%s links to %s, which does not exist", name, m[1])
			} else if fragment != "" && !anchors(all[target])[fragment] {
				t.Errorf("%s links to %s: %s has no such heading", name, m[1], target)
			}
		}
	}
	if links < 60 {
		t.Errorf("only %d links were found", links)
	}
}

var (
	fenced = regexp.MustCompile("(?s)```.*?```")
	quoted = regexp.MustCompile("`([^`\n]+)`")
	ours   = regexp.MustCompile(`^(?:go run \./cmd/fate|\./fate|fate)(?: |$)(.*)`)
)

// commands returns the calls of fate on a page: the lines of its blocks of code, and the
// calls quoted in a sentence, which may lack their arguments.
func commands(page string) (lines, phrases []string) {
	var text strings.Builder
	take := func(block string) {
		for line := range strings.Lines(block) {
			for _, part := range strings.Split(line, "&&") {
				part, _, _ = strings.Cut(part, " #")
				part, _, _ = strings.Cut(part, "|")
				if m := ours.FindStringSubmatch(strings.TrimSpace(part)); m != nil {
					lines = append(lines, m[1])
				}
			}
		}
	}
	for _, block := range fenced.FindAllString(page, -1) {
		take(block)
	}
	for line := range strings.Lines(fenced.ReplaceAllString(page, "")) {
		if strings.HasPrefix(line, "    ") {
			take(line)
		} else {
			text.WriteString(line)
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(text.String(), -1) {
		if m := ours.FindStringSubmatch(m[1]); m != nil {
			phrases = append(phrases, m[1])
		}
	}
	return lines, phrases
}

// parseCall reports whether a call of fate names a command, its flags and, if whole, its
// arguments.
func parseCall(call string, whole bool) error {
	cmd, rest, err := rootCommand().Find(strings.Fields(call))
	if err != nil {
		return err
	}
	if slices.Contains(rest, "-h") {
		return nil
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if cmd.HasSubCommands() && len(cmd.Flags().Args()) > 0 {
		return fmt.Errorf("no command %q", cmd.Flags().Args()[0])
	}
	if whole {
		if err := cmd.ValidateRequiredFlags(); err != nil {
			return err
		}
		return cmd.ValidateArgs(cmd.Flags().Args())
	}
	return nil
}

var flagLine = regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z-]+)`)

// Every call of fate on a page, and every flag that a page names, exists.
func TestCommandsOfThePages(t *testing.T) {
	// Flags of other commands.
	known := map[string]bool{"--python": true, "--stand-ins": true}
	var collect func(*cobra.Command)
	collect = func(c *cobra.Command) {
		for _, m := range flagLine.FindAllStringSubmatch(c.LocalFlags().FlagUsages(), -1) {
			known[m[1]] = true
		}
		for _, sub := range c.Commands() {
			collect(sub)
		}
	}
	collect(rootCommand())
	calls := 0
	for name, page := range pages(t) {
		lines, phrases := commands(page)
		calls += len(lines) + len(phrases)
		for _, c := range lines {
			if err := parseCall(c, true); err != nil {
				t.Errorf("%s: fate %s: %v", name, c, err)
			}
		}
		for _, c := range phrases {
			if err := parseCall(c, false); err != nil {
				t.Errorf("%s: fate %s: %v", name, c, err)
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
			if flag, _, _ := strings.Cut(strings.Fields(m[1] + " .")[0], "="); strings.HasPrefix(flag, "--") && !known[flag] {
				t.Errorf("%s: no command has the flag %s", name, flag)
			}
		}
	}
	if calls < 60 {
		t.Errorf("only %d calls were found", calls)
	}
}

// The experiment of the README runs, as cells of a notebook, and its verdict agrees.
func TestReadmeExperiment(t *testing.T) {
	page := pages(t)["README.md"]
	nb := &ipynb.Notebook{Minor: 5}
	for i, m := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(page, -1) {
		nb.Cells = append(nb.Cells, ipynb.Cell{ID: fmt.Sprint("c", i), Kind: "code", Source: strings.TrimSpace(m[1])})
	}
	path := filepath.Join(t.TempDir(), "book.ipynb")
	if err := nb.Write(path); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	if code := run([]string{"run", "--no-cache", "--out", out, path}); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	executed, err := ipynb.Read(filepath.Join(out, "book.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := ipynb.Verdicts(executed); err != nil || len(rows) == 0 {
		t.Errorf("%d rows of a verdict, %v", len(rows), err)
	}
}
