package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
	"github.com/mattn/go-runewidth"
)

// viewed are two notebooks, of which one disagrees in a row and has text that is not ours.
func viewed() []*job {
	row := func(setting string, measured float64) verdict.Row {
		return verdict.NewRow("transferability of the linear transfer", "Theorem 3.7, eqs. 10–11", setting, theory.Value{Value: 1}, theory.Value{Value: measured, StdErr: 0.1}, 200)
	}
	good, bad := row("n=50 d=100 θ=45° σ=0.2 L=2", 1.1), row("n=150 d=100 θ=45° σ=0.2 \x1b[31m", 9)
	return []*job{
		{name: "04_linear_transfer", took: 1500 * time.Millisecond, verdicts: []verdict.Row{good, good}},
		{name: "mine_\x1b[2J", took: time.Second, verdicts: []verdict.Row{bad}, problems: []string{"verdict disagrees: " + bad.Setting, "b", "c", "d", "e", "f", "g", "h", "the ninth"}},
	}
}

// At every width the table stays within the window, says who agrees, and loses no word of
// the columns that it keeps.
func TestTableFitsTheWindow(t *testing.T) {
	for _, width := range []int{1, 5, 20, 40, 60, 80, 100, 132, 250} {
		var out bytes.Buffer
		view{width: width}.table(&out, viewed())
		lines := strings.Split(out.String(), "\n")
		for _, line := range lines {
			if n := runewidth.StringWidth(line); n > max(width, 2) {
				t.Errorf("width %d: a line of %d: %q", width, n, line)
			}
		}
		if strings.Contains(out.String(), "\x1b") {
			t.Errorf("width %d: a control character", width)
		}
		if width < 6 {
			continue
		}
		if !strings.HasPrefix(lines[0], "agrees") || strings.Count(out.String(), "\nyes") != 2 || strings.Count(out.String(), "\nNO") != 1 {
			t.Errorf("width %d:\n%s", width, out.String())
		}
		if complete := !strings.Contains(out.String(), "Without"); complete != (width >= 132) {
			t.Errorf("width %d: complete is %v:\n%s", width, complete, out.String())
		}
		if width >= 60 && (strings.Count(out.String(), "θ=45°") != 3 || strings.Count(out.String(), "transferability") != 3) {
			t.Errorf("width %d: words are missing:\n%s", width, out.String())
		}
	}
}

// A terminal gets a line for each notebook, all failures of one, and the sum; colours only
// where they are wanted, and never those of others.
func TestTerminalLines(t *testing.T) {
	for _, colour := range []bool{false, true} {
		var out bytes.Buffer
		v := view{width: 80, colour: colour}
		var rows []verdict.Row
		for _, j := range viewed() {
			v.notebook(&out, j)
			rows = append(rows, j.verdicts...)
		}
		v.last(&out, rows, 52*time.Second)
		text := out.String()
		if got := strings.NewReplacer(green, "", red, "", plain, "").Replace(text); strings.Contains(got, "\x1b") || strings.Contains(text, "\x1b") != colour {
			t.Errorf("colour %v: %q", colour, text)
		} else if lines := strings.Split(got, "\n"); len(lines) != 13 || lines[0] != "✓ 04_linear_transfer              1.5 s  2 of 2 verdicts agree" ||
			!strings.HasPrefix(lines[1], `✗ mine_\x1b[2J `) || lines[10] != "    the ninth" || lines[11] != "2 of 3 verdicts agree, 52 s" {
			t.Errorf("%q", lines)
		}
	}
}

// A file is no terminal.
func TestViewOfAFile(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if v := viewOf(f); v.terminal() || v.colour {
		t.Error(fmt.Sprint(v))
	}
}
