package rows

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/features-are-fate/fate/pkg/suggest"
)

// newCSV opens some columns of a CSV file with a header, or all of them.
func newCSV(path, names string) (*Array, error) {
	a := &Array{open: func() (io.ReadCloser, error) { return os.Open(path) }}
	a.read = a.readFields
	var header []string
	err := a.records(func(row int, fields []string) error {
		if row < 0 {
			header = slices.Clone(fields)
		}
		a.Rows = row + 1
		return nil
	})
	if err != nil {
		return nil, err
	}
	if a.Rows == 0 {
		return nil, errors.New("it has no rows below its header")
	}
	for i, name := range header {
		if _, err := strconv.ParseFloat(name, 64); err == nil {
			return nil, fmt.Errorf("its first line has the number %s: it must be a header with the names of the columns", name)
		}
		header[i] = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
	}
	a.Names = header
	if names != "" {
		a.Names = strings.Split(names, ",")
	}
	for _, name := range a.Names {
		i := slices.Index(header, name)
		if i < 0 {
			return nil, fmt.Errorf("it has no column %q: it has %s%s", name, strings.Join(header, ", "), suggest.Mean(name, header))
		}
		a.fields = append(a.fields, i)
	}
	a.Cols = len(a.fields)
	return a, nil
}

// records calls do with each record, the header as row -1.
func (a *Array) records(do func(row int, fields []string) error) error {
	r, err := a.open()
	if err != nil {
		return err
	}
	defer r.Close()
	in := csv.NewReader(r)
	in.ReuseRecord = true
	for row := -1; ; row++ {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = do(row, fields)
		}
		if err != nil {
			return err
		}
	}
}

func (a *Array) readFields(wanted func(row int) bool, do func(row, col int, v float64)) error {
	return a.records(func(row int, fields []string) error {
		if row < 0 || !wanted(row) {
			return nil
		}
		for j, f := range a.fields {
			v, err := strconv.ParseFloat(strings.TrimSpace(fields[f]), 64)
			if err != nil {
				return fmt.Errorf("row %d, column %s is %q: it must be a number", row+1, a.Names[j], fields[f])
			}
			do(row, j, v)
		}
		return nil
	})
}

// Text returns one column of a CSV file as text, for the names of classes.
func (a *Array) Text() ([]string, error) {
	if a.fields == nil || a.Cols != 1 {
		return nil, errors.New("names of classes are in one column of a CSV file")
	}
	var out []string
	err := a.records(func(row int, fields []string) error {
		if row >= 0 {
			out = append(out, strings.TrimSpace(fields[a.fields[0]]))
		}
		return nil
	})
	return out, err
}
