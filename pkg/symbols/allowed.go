package symbols

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed allowed.txt
var allowedText string

// Allowed is what the code of an untrusted notebook may name: members by the import path
// of their package, and the methods and fields of any value. Excluded are methods that
// stay refused if the notebook declares the same name.
type Allowed struct {
	Members         map[string]map[string]bool
	Names, Excluded map[string]bool
}

// Untrusted returns the list of what untrusted code may name: what computes and draws.
var Untrusted = sync.OnceValue(func() Allowed {
	a := Allowed{map[string]map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for line := range strings.Lines(allowedText) {
		where, name, ok := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case !ok || strings.Contains(name, " "): // the first line
		case where == ".":
			a.Names[name] = true
		case where == "!":
			a.Excluded[name] = true
		default:
			if a.Members[where] == nil {
				a.Members[where] = map[string]bool{}
			}
			a.Members[where][name] = true
		}
	}
	return a
})
