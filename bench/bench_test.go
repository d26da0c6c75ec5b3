package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
)

// The committed page is generated from the committed results: run go run ./bench.
func TestPageIsCurrent(t *testing.T) {
	b, err := os.ReadFile("results.json")
	if err != nil {
		t.Fatal(err)
	}
	var r results
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != report(r) {
		t.Error("README.md is not the page of results.json")
	}
	committed, err := figure.Read("scaling.png")
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := draw(r.Scaling).PNG()
	if err != nil {
		t.Fatal(err)
	}
	now, err := figure.Parse(drawn)
	if err != nil {
		t.Fatal(err)
	}
	if err := figure.Same(committed, now); err != nil {
		t.Errorf("scaling.png is not the figure of results.json: %v", err)
	}
}

func TestParse(t *testing.T) {
	rows := parse("goos: linux\nBenchmarkStep/n=50/reduced-2 \t 62136\t 19183 ns/op\t 12.5 gradients\t 3 B/op\t 1 allocs/op\nBenchmarkPNG \t 10\t 2e6 ns/op\nPASS\n")
	if len(rows) != 2 || rows[0] != (result{Name: "Step/n=50/reduced", Value: 0.019183, Unit: "ms", Memory: true, Bytes: 3, Allocs: 1}) || rows[1].Value != 2 {
		t.Errorf("%+v", rows)
	}
}

// Slower, new and missing measurements are all reported.
func TestNothingIsHidden(t *testing.T) {
	now := results{Machine: "a", Rows: []result{{Name: "slower", Value: 3, Unit: "ms"}, {Name: "added", Value: 1, Unit: "ms"}}}
	now.compare(results{Machine: "b", Rows: []result{{Name: "slower", Value: 1.5, Unit: "ms"}, {Name: "dropped", Value: 7, Unit: "ms"}}})
	page := report(now)
	for _, want := range []string{"| slower | 3 ms |  | 2.00 |", "| added | 1 ms |  | new |", "| dropped | not measured this time |  | was 7 ms |", "another machine"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
}
