package main

import (
	"fmt"
	"path"
	"strings"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/symbols"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/spf13/cobra"
)

func docCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doc [NAME]",
		Short: "Print the documentation of a name that a notebook may use, or of a result of the paper",
		Long: `Doc prints the declaration and documentation of a package, or of a name in one. Of a
result of the paper, such as a theorem, it prints the statement, the formula, the notebook
that reproduces it, and the documentation of the code that holds it. Without an argument it
lists the results.`,
		Example: "  fate doc theory\n  fate doc theory.Scale\n  fate doc experiment.Table.Verdict\n  fate doc Theorem 3.9\n  fate doc eq. 15",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				printIndex()
				return nil
			}
			name := strings.Join(args, " ")
			if text, ok := symbols.Doc(name); ok {
				fmt.Fprintln(stdout, text)
				return nil
			}
			found := theory.Find(name)
			if len(found) == 0 {
				return fmt.Errorf("doc: unknown name %q: a name begins with one of the packages %s, and fate doc lists the results of the paper", name, strings.Join(engine.Linked(), ", "))
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
