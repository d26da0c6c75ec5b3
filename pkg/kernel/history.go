package kernel

import (
	"regexp"
	"slices"
	"strings"
)

// history is the inputs of this kernel with the text of their results, the first session.
type history struct{ entries []entry }

type entry struct {
	count  int
	code   string
	result any // a string or nil
}

// session is the number of this session in replies; requests may also call it 0.
const session = 1

func (h *history) add(e entry) { h.entries = append(h.entries, e) }

// find returns what a history_request asks for, as triples.
func (h *history) find(request content) [][3]any {
	number := func(name string, missing int) int {
		if x, ok := request[name].(float64); ok {
			return int(x)
		}
		return missing
	}
	found := slices.Clone(h.entries)
	keep := func(ok func(entry) bool) {
		found = slices.DeleteFunc(found, func(e entry) bool { return !ok(e) })
	}
	switch kind := request["hist_access_type"]; kind {
	case "range":
		if s := number("session", 0); s != 0 && s != session {
			found = nil
		}
		start, stop := number("start", 1), number("stop", len(h.entries)+1)
		keep(func(e entry) bool { return e.count >= start && e.count < stop })
	case "search":
		pattern, _ := request["pattern"].(string)
		glob := regexp.QuoteMeta(pattern)
		glob = strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(glob)
		matches := regexp.MustCompile("(?s)^" + glob + "$") // every quoted text compiles
		keep(func(e entry) bool { return matches.MatchString(e.code) })
		if request["unique"] == true {
			last := map[string]int{}
			for _, e := range found {
				last[e.code] = e.count
			}
			keep(func(e entry) bool { return last[e.code] == e.count })
		}
		fallthrough
	default: // the tail
		if n := number("n", len(found)); n >= 0 && n < len(found) {
			found = found[len(found)-n:]
		}
	}
	out := [][3]any{}
	for _, e := range found {
		var item any = e.code
		if request["output"] == true {
			item = [2]any{e.code, e.result}
		}
		out = append(out, [3]any{session, e.count, item})
	}
	return out
}
