package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg/verdict"
	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// view is how a terminal shows a run: its width in columns, and whether it has colours. The
// zero value is a file or a pipe.
type view struct {
	width  int
	colour bool
}

// viewOf describes standard output. NO_COLOR is that of https://no-color.org.
func viewOf(out *os.File) view {
	if !term.IsTerminal(int(out.Fd())) {
		return view{}
	}
	width, _, err := term.GetSize(int(out.Fd()))
	if err != nil || width < 1 {
		width = 80
	}
	return view{width: width, colour: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (v view) terminal() bool { return v.width > 0 }

const (
	green = "\x1b[32m"
	red   = "\x1b[31m"
	plain = "\x1b[0m"
)

// paint colours text of ours, with what may be untrusted in it escaped.
func (v view) paint(good bool, text string) string {
	text = printable(text)
	switch {
	case !v.colour:
		return text
	case good:
		return green + text + plain
	}
	return red + text + plain
}

// notebook writes the line of a notebook, and in full why it failed. The screen keeps an
// error of writing, here and below.
func (v view) notebook(w io.Writer, j *job) {
	good := len(j.problems) == 0
	mark := "✓"
	if !good {
		mark = "✗"
	}
	agree, all := agreeing(j.verdicts)
	fmt.Fprintf(w, "%s %s %6.1f s  %d of %d verdicts agree\n", v.paint(good, mark), printable(runewidth.FillRight(j.name, 28)), j.took.Seconds(), agree, all)
	for _, p := range j.problems {
		fmt.Fprintf(w, "    %s\n", v.paint(false, p))
	}
}

// last writes the last line of a run.
func (v view) last(w io.Writer, rows []verdict.Row, took time.Duration) {
	agree, all := agreeing(rows)
	fmt.Fprintln(w, v.paint(agree == all, fmt.Sprintf("%d of %d verdicts agree, %.0f s", agree, all, took.Seconds())))
}

func agreeing(rows []verdict.Row) (agree, all int) {
	for _, r := range rows {
		if r.Agree {
			agree++
		}
	}
	return agree, len(rows)
}

// column is a column of the table on a terminal.
type column struct {
	title string
	text  bool // is wrapped where there is too little room
	cells []string
}

// wanted is the order of the columns on a terminal: the first ones are never left out.
var wanted = []string{"agrees", "notebook", "result", "setting", "z", "measured", "theory", "limit", "trials", "source"}

// narrow is the least width of a column of text.
const narrow = 16

// table writes the verdicts of all notebooks in at most the width of the terminal: texts are
// wrapped, and columns that find no room are left out, the least important first.
func (v view) table(w io.Writer, jobs []*job) {
	columns := make([]column, len(wanted))
	for i, title := range wanted {
		columns[i] = column{title: title, text: slices.Contains([]string{"result", "setting", "source"}, title)}
	}
	var good []bool
	for _, j := range jobs {
		short, _, _ := strings.Cut(j.name, "_")
		for _, r := range j.verdicts {
			text := append([]string{short}, r.Text()...)
			for i, title := range wanted {
				at := slices.Index(append([]string{"notebook"}, verdict.Columns...), title)
				columns[i].cells = append(columns[i].cells, printable(text[at]))
			}
			good = append(good, r.Agree)
		}
	}
	columns, widths, left := v.fit(columns)
	line := func(cells []string, paint func(string) string) {
		parts := make([][]string, len(columns))
		rows := 1
		for i := range columns {
			parts[i] = wrap(cells[i], widths[i])
			rows = max(rows, len(parts[i]))
		}
		for row := range rows {
			var b strings.Builder
			for i := range columns {
				cell := ""
				if row < len(parts[i]) {
					cell = parts[i][row]
				}
				padding := strings.Repeat(" ", widths[i]-runewidth.StringWidth(cell)+2)
				if i == 0 && cell != "" {
					cell = paint(cell)
				}
				b.WriteString(cell + padding)
			}
			fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
		}
	}
	cells := make([]string, len(columns))
	for row := -1; row < len(good); row++ {
		paint := func(s string) string { return s }
		for i, c := range columns {
			if row < 0 {
				cells[i] = c.title
			} else {
				cells[i] = c.cells[row]
			}
		}
		if row >= 0 {
			paint = func(s string) string { return v.paint(good[row], s) }
		}
		line(cells, paint)
	}
	if len(left) == 0 {
		return
	}
	for _, s := range wrap("Without the columns "+strings.Join(left, ", ")+", for which the window is too narrow.", v.width) {
		fmt.Fprintln(w, s)
	}
}

// fit returns the columns that find room, their widths, and the titles of the others.
func (v view) fit(all []column) (columns []column, widths []int, left []string) {
	const gap = 2
	room := v.width
	var natural []int
	for i, c := range all {
		full := runewidth.StringWidth(c.title)
		for _, s := range c.cells {
			full = max(full, runewidth.StringWidth(s))
		}
		least := full
		if c.text {
			least = min(full, narrow)
		}
		need := least
		if i > 0 {
			need += gap
		}
		if len(left) > 0 || i > 0 && need > room {
			left = append(left, c.title)
			continue
		}
		room -= need
		columns, widths, natural = append(columns, c), append(widths, least), append(natural, full)
	}
	for grown := true; grown && room > 0; { // one column of characters at a time, in turn
		grown = false
		for i := range widths {
			if widths[i] < natural[i] && room > 0 {
				widths[i]++
				room--
				grown = true
			}
		}
	}
	if len(widths) > 0 { // a window narrower than the first column
		widths[0] = min(widths[0], v.width)
	}
	return columns, widths, left
}

// wrap breaks a text into lines at spaces, and within a word that is longer than a line.
func wrap(text string, width int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && runewidth.StringWidth(line)+1+runewidth.StringWidth(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			out = append(out, line)
		}
		parts := strings.Split(runewidth.Wrap(word, max(2, width)), "\n")
		out, line = append(out, parts[:len(parts)-1]...), parts[len(parts)-1]
	}
	return append(out, line)
}
