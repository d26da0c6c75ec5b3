package display

import (
	"fmt"
	"html"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/gonum/mat"
)

// table is what is shown in rows and columns.
type table struct {
	caption string // below it, such as its shape
	head    []string
	rows    [][]string
	names   int // the first columns, which name the rows
}

// The largest tables that are shown as a whole. Of others, the first and the last rows and
// columns are shown.
const maxRows, maxColumns, maxVector, maxInner = 20, 12, 20, 6

// some returns the indices of n rows or columns that are shown, with −1 for those left out.
func some(n, most int) []int {
	var out []int
	for i := range n {
		switch {
		case n <= most || i < most/2 || i >= n-most/2:
			out = append(out, i)
		case i == most/2:
			out = append(out, -1)
		}
	}
	return out
}

// grid returns a table of n × m cells with their indices.
func grid(n, m int, at func(i, j int) string) table {
	t := table{names: 1, head: []string{""}, caption: fmt.Sprintf("%d × %d", n, m)}
	columns := some(m, maxColumns)
	for _, j := range columns {
		t.head = append(t.head, index(j, "…"))
	}
	for _, i := range some(n, maxRows) {
		row := []string{index(i, "⋮")}
		for _, j := range columns {
			switch {
			case i < 0:
				row = append(row, "⋮")
			case j < 0:
				row = append(row, "…")
			default:
				row = append(row, at(i, j))
			}
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func index(i int, gap string) string {
	if i < 0 {
		return gap
	}
	return strconv.Itoa(i)
}

// list returns a table of n rows of named columns. noun is what a row is.
func list(head []string, names, n int, noun string, row func(i int) []string) table {
	t := table{head: head, names: names}
	if n > maxRows {
		t.caption = fmt.Sprintf("%d %s", n, noun)
	}
	for _, i := range some(n, maxRows) {
		if i >= 0 {
			t.rows = append(t.rows, row(i))
			continue
		}
		gap := make([]string, len(head))
		for j := range gap {
			gap[j] = "⋮"
		}
		t.rows = append(t.rows, gap)
	}
	return t
}

// numeric reports for each column whether it holds numbers, which are aligned on the right.
func (t table) numeric() []bool {
	out := make([]bool, len(t.head))
	for j := range out {
		for _, row := range t.rows {
			first, _, _ := strings.Cut(row[j], " ±")
			_, err := strconv.ParseFloat(strings.ReplaceAll(first, "−", "-"), 64)
			switch {
			case err == nil || strings.HasSuffix(first, "∞"):
				out[j] = true
				continue
			case first == "" || first == "⋮" || first == "…":
				continue
			}
			out[j] = false
			break
		}
	}
	return out
}

func (t table) text() string {
	numeric := t.numeric()
	width := make([]int, len(t.head))
	all := append([][]string{t.head}, t.rows...)
	for _, row := range all {
		for j, c := range row {
			width[j] = max(width[j], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, row := range all {
		line := ""
		for j, c := range row {
			if j > 0 {
				line += "  "
			}
			pad := strings.Repeat(" ", width[j]-utf8.RuneCountInString(c))
			if numeric[j] {
				line += pad + c
			} else {
				line += c + pad
			}
		}
		if line = strings.TrimRight(line, " "); line != "" {
			b.WriteString(line + "\n")
		}
	}
	b.WriteString(t.caption)
	return strings.TrimSuffix(b.String(), "\n")
}

// html has no styles: front ends have their own for tables, in light and in dark.
func (t table) html() string {
	var b strings.Builder
	numeric := t.numeric()
	row := func(cells []string, names int) {
		b.WriteString("<tr>")
		for j, c := range cells {
			tag, align := "td", "left"
			if j < names {
				tag = "th"
			}
			if numeric[j] {
				align = "right"
			}
			fmt.Fprintf(&b, `<%s align="%s">%s</%s>`, tag, align, html.EscapeString(c), tag)
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("<table>\n<thead>\n")
	row(t.head, len(t.head))
	b.WriteString("</thead>\n<tbody>\n")
	for _, r := range t.rows {
		row(r, t.names)
	}
	b.WriteString("</tbody>\n</table>")
	if t.caption != "" {
		b.WriteString("\n<p>" + html.EscapeString(t.caption) + "</p>")
	}
	return b.String()
}

func (t table) data() Data { return MakeData3(MIMETypeHTML, t.text(), t.html()) }

// number prints up to six significant digits.
func number(x float64) string {
	switch {
	case x == 0:
		return "0" // not −0
	case math.IsInf(x, 1):
		return "∞"
	case math.IsInf(x, -1):
		return "−∞"
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}

// cell prints a value in one line. What is large is described.
func cell(v reflect.Value) string { return inner(v, 3) }

// inner is cell down to some depth: a value may contain itself.
func inner(v reflect.Value, depth int) string {
	if !v.IsValid() {
		return "nil"
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Func, reflect.Chan:
		if v.IsNil() {
			return "nil"
		}
	}
	if v.Kind() == reflect.Interface {
		return inner(v.Elem(), depth)
	}
	if m, ok := v.Interface().(mat.Matrix); ok {
		rows, columns := m.Dims()
		return fmt.Sprintf("%d × %d matrix", rows, columns)
	}
	if text, ok := special(v.Interface()); ok {
		return short(text)
	}
	if depth == 0 {
		return "…"
	}
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return number(v.Float())
	case reflect.Pointer:
		return short("&" + inner(v.Elem(), depth-1))
	case reflect.Func, reflect.Chan:
		return v.Type().String() // not an address, which differs each time
	case reflect.Slice, reflect.Array:
		return short(vector(v, maxInner, depth-1))
	case reflect.Map:
		return fmt.Sprintf("%d entries", v.Len())
	case reflect.Struct:
		names, fields := fieldsOf(v.Type())
		var parts []string
		for i, f := range fields {
			parts = append(parts, names[i]+": "+inner(v.Field(f), depth-1))
		}
		return short("{" + strings.Join(parts, ", ") + "}")
	}
	return short(fmt.Sprint(v.Interface()))
}

// short returns the first line of a text, cut.
func short(s string) string {
	const most = 60
	s, rest, _ := strings.Cut(s, "\n")
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	} else if rest != "" {
		return s + " …"
	}
	return s
}

// vector prints a slice in one line, and its length if values are left out.
func vector(v reflect.Value, most, depth int) string {
	var parts []string
	for _, i := range some(v.Len(), most) {
		if i < 0 {
			parts = append(parts, "…")
		} else {
			parts = append(parts, inner(v.Index(i), depth))
		}
	}
	out := "[" + strings.Join(parts, " ") + "]"
	if v.Len() > most {
		out += fmt.Sprintf(" (%d values)", v.Len())
	}
	return out
}
