package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/symbols"
	"github.com/features-are-fate/fate/pkg/theory"
)

// theorems matches a mention of one or more results, such as "Theorems 3.5 and 3.6".
var theorems = regexp.MustCompile(`(?:Theorem|Lemma|Corollary|Proposition)s?((?:,? (?:and )?[A-Z0-9]\.\d+)+)`)

// link ends the documentation of our names that mention a theorem, or hold a result of the
// paper, with the notebooks that reproduce it.
func link(names map[string]symbols.Entry) {
	const module = "github.com/features-are-fate/fate/"
	for name, entry := range names {
		if !strings.HasPrefix(name, module) || !strings.Contains(name[strings.LastIndex(name, "/"):], ".") {
			continue
		}
		mentioned := []string{}
		for _, m := range theorems.FindAllStringSubmatch(strings.Join(strings.Fields(entry.Doc), " "), -1) {
			for _, word := range strings.Fields(m[1]) {
				mentioned = append(mentioned, strings.Trim(word, ","))
			}
		}
		var found []string
		for _, e := range theory.All() {
			_, number, _ := strings.Cut(e.Name, " ")
			if slices.Contains(mentioned, number) || slices.Contains(e.Code, name[strings.LastIndex(name, "/")+1:]) {
				found = append(found, "notebooks/"+e.Notebook)
			}
		}
		slices.Sort(found)
		if found = slices.Compact(found); len(found) == 0 {
			continue
		}
		label := "Notebook: "
		if len(found) > 1 {
			label = "Notebooks: "
		}
		entry.Doc = strings.TrimSpace(entry.Doc + "\n\n" + label + strings.Join(found, ", "))
		names[name] = entry
	}
}
