package verdict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"text/tabwriter"

	"github.com/features-are-fate/fate/pkg/theory"
)

// MIME is the type of the machine-readable rows of a verdict: a JSON
// array of objects, in the outputs of an executed notebook.
const MIME = "application/vnd.fate.verdict+json"

// Columns are the headings of the text of a row. The first says whether it agrees, so that a
// narrow screen shows it. The limit is that of |z|, with the degrees of freedom in brackets.
var Columns = []string{"agrees", "result", "source", "setting", "theory", "measured", "z", "limit", "trials"}

// Text returns the text of the row, by column.
func (r Row) Text() []string {
	agrees := "yes"
	if !r.Agree {
		agrees = "NO"
	}
	predicted := map[string]string{"≠": "not ", ">": "above ", "<": "below "}[r.Claim] + Format(r.Theory)
	return []string{agrees, r.Result, r.Source, r.Setting, predicted, Format(r.Measured),
		number(r.Z, "%+.2f"), r.limit(), fmt.Sprint(r.Trials)}
}

func (r Row) limit() string {
	if r.DF == 0 {
		return number(Agreement, "%.2f")
	}
	return fmt.Sprintf("%.3g (%.0f)", r.Limit(), r.DF)
}

// Summary tells in one line how many rows there are of each kind, and how many agree.
func Summary(rows []Row) string {
	var confirming, refuting, trivial, agree int
	for _, r := range rows {
		switch {
		case r.Trivial:
			trivial++
		case r.Claim == "≠":
			refuting++
		default:
			confirming++
		}
		if r.Agree {
			agree++
		}
	}
	return fmt.Sprintf("%d of %d rows agree: %d confirming, %d refuting, %d trivial", agree, len(rows), confirming, refuting, trivial)
}

// Format prints a number with two significant digits of its standard error, or with five
// significant digits if it has none.
func Format(v theory.Value) string {
	if math.Abs(v.Value) < rounding && v.StdErr < rounding {
		return "0"
	}
	if v.StdErr < rounding || math.IsInf(v.StdErr, 0) {
		return number(v.Value, "%.5g")
	}
	decimals := max(0, 1-int(math.Floor(math.Log10(v.StdErr))))
	return fmt.Sprintf("%.*f ± %.*f", decimals, v.Value, decimals, v.StdErr)
}

func number(x float64, format string) string {
	switch {
	case math.IsInf(x, 1):
		return "∞"
	case math.IsInf(x, -1):
		return "−∞"
	}
	return fmt.Sprintf(format, x)
}

// String returns the table as plain text, or the text of its error.
func (v *Verdict) String() string {
	if v.err != nil {
		return v.err.Error()
	}
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(cells []string) {
		for i, c := range cells {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, c)
		}
		fmt.Fprintln(w)
	}
	line(Columns)
	for _, r := range v.Rows {
		line(r.Text())
	}
	w.Flush() // a bytes.Buffer does not fail
	fmt.Fprintln(&b, Summary(v.Rows))
	return b.String()
}

var table = template.Must(template.New("").Parse(`<table>
<thead><tr>{{range .Columns}}<th>{{.}}</th>{{end}}</tr></thead>
<tbody>
{{range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</tbody>
</table>
<p>{{.Summary}}</p>`))

// SimpleRender shows the table in a notebook, with the rows as JSON beside it.
func (v *Verdict) SimpleRender() map[string]interface{} {
	if v.err != nil {
		return map[string]interface{}{"text/plain": v.err.Error()}
	}
	rows := make([][]string, len(v.Rows))
	for i, r := range v.Rows {
		rows[i] = r.Text()
	}
	var html bytes.Buffer
	if err := table.Execute(&html, map[string]interface{}{"Columns": Columns, "Rows": rows, "Summary": Summary(v.Rows)}); err != nil {
		return map[string]interface{}{"text/plain": err.Error()}
	}
	data, err := json.Marshal(v.Rows)
	if err != nil {
		return map[string]interface{}{"text/plain": err.Error()}
	}
	return map[string]interface{}{"text/html": html.String(), "text/plain": v.String(), MIME: json.RawMessage(data)}
}
