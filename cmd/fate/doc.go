package main

import (
	"fmt"
	"strings"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/symbols"
	"github.com/spf13/cobra"
)

func docCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "doc NAME",
		Short:   "Print the documentation of a name that a notebook may use",
		Long:    "Doc prints the declaration and documentation of a package, or of a name in one.",
		Example: "  fate doc theory\n  fate doc theory.Scale\n  fate doc experiment.Run.Verdict",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			text, ok := symbols.Doc(args[0])
			if !ok {
				return fmt.Errorf("doc: %q is not known; a name begins with one of the packages %s", args[0], strings.Join(engine.Linked(), ", "))
			}
			fmt.Fprintln(stdout, text)
			return nil
		},
	}
}
