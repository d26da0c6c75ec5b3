package main

import (
	"fmt"
	"path"
	"strings"
	"text/tabwriter"

	"github.com/features-are-fate/fate/pkg/symbols"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/spf13/cobra"
)

func docCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doc [NAME]",
		Short: "Print the documentation of a name that a notebook may use, or of a result of the paper",
		Long: `Doc prints the declaration and documentation of a package, or of a name in one, and the
names that belong to it: those of a package, or the constants, constructors and methods of a
type. Of a result of the paper, such as a theorem, it prints the statement, the formula, the
notebook that reproduces it, and the documentation of the code that holds it. Without an
argument it lists the packages and the results.`,
		Example: "  fate doc theory\n  fate doc theory.Scale\n  fate doc experiment.Table.Verdict\n  fate doc strings.Builder\n  fate doc Theorem 3.9\n  fate doc eq. 15",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				printPackages()
				printIndex()
				return nil
			}
			name := strings.Join(args, " ")
			if full, e, ok := symbols.Find(name); ok {
				fmt.Fprintln(stdout, e)
				printMembers(full)
				return nil
			}
			found := theory.Find(name)
			if len(found) == 0 {
				return unknown(name)
			}
			for i, e := range found {
				if i > 0 {
					fmt.Fprintln(stdout)
				}
				if err := printEntry(e); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// unknown is the error of a name that has no documentation.
func unknown(name string) error {
	mean := ""
	if near := symbols.Nearest(name); len(near) > 0 {
		mean = "; did you mean " + strings.Join(near, ", or ") + "?"
	}
	return fmt.Errorf("doc: unknown name %q%s (fate doc lists the packages and the results of the paper)", name, mean)
}

func printPackages() {
	linked, standard := symbols.Packages()
	for i, paths := range [][]string{linked, standard} {
		fmt.Fprintln(stdout, []string{"Packages that a cell can import", "The standard library"}[i])
		fmt.Fprintln(stdout)
		w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
		for _, p := range paths {
			if _, e, ok := symbols.Find(p); ok {
				fmt.Fprintf(w, "    %s\t%s\n", p, synopsis(e))
			}
		}
		w.Flush()
		fmt.Fprintln(stdout)
	}
	fmt.Fprint(stdout, "The results of the paper\n\n")
}

// synopsis returns the first sentence of a documentation, in one line of a terminal.
func synopsis(e symbols.Entry) string {
	const most = 100
	text := []rune(e.Synopsis())
	if len(text) <= most {
		return string(text)
	}
	return string(text[:most-1]) + "…"
}

// printMembers prints the names that belong to a package or a type, in groups.
func printMembers(full string) {
	names, entries := symbols.Members(full)
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, kind := range []string{"const", "var", "func", "type"} {
		first := true
		for i, name := range names {
			if !strings.HasPrefix(entries[i].Decl, kind+" ") {
				continue
			}
			if first {
				fmt.Fprintln(w)
			}
			first = false
			fmt.Fprintf(w, "%s %s\t%s\n", kind, name, synopsis(entries[i]))
		}
	}
	w.Flush()
}

// title is the name of a result with what belongs to it.
func title(e theory.Entry) string { return strings.Join(append([]string{e.Name}, e.Also...), ", ") }

func printIndex() {
	for _, e := range theory.All() {
		fmt.Fprintf(stdout, "%s (%s)\n%s\n", title(e), path.Join("notebooks", e.Notebook), indent(e.Statement))
	}
}

func printEntry(e theory.Entry) error {
	fmt.Fprintf(stdout, "%s\n\n%s\n\n%s\n\nNotebook: %s\n", title(e), e.Statement, indent(e.Formula), path.Join("notebooks", e.Notebook))
	for _, name := range e.Code {
		text, ok := symbols.Doc(name)
		if !ok {
			return fmt.Errorf("doc: %s has no documentation", name)
		}
		text, _, _ = strings.Cut(text, "\n\nNotebook") // it is named above
		fmt.Fprintf(stdout, "\n%s\n\n%s\n", name, indent(text))
	}
	return nil
}

// indent moves the lines of a text to the right.
func indent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "    " + line
		}
	}
	return strings.Join(lines, "\n")
}
