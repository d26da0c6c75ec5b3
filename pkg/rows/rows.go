// Package rows reads matrices from files of NumPy and from CSV, row by row, so that the rows
// that are wanted need to fit into memory and not the file. Files are untrusted: headers are
// bounded, and pickled objects, which are programs, are refused.
package rows

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// Array is an array of one or two dimensions in a file. A vector is a matrix of one column.
// Names are those of the columns of a CSV file.
type Array struct {
	Rows, Cols int
	Names      []string

	open func() (io.ReadCloser, error)
	read func(wanted func(row int) bool, do func(row, col int, v float64)) error

	// Of a .npy file.
	start   int64 // of the numbers
	size    int   // of a number in bytes
	number  func([]byte) float64
	columns bool // the file holds one column after another

	fields []int // of a CSV file: the column of the file of each column
}

// maxNumbers are 2 GB.
const maxNumbers = 1 << 28

// Open opens an array: path is a .npy file; a .npz archive, a colon, and the name of an
// array in it, as in "data.npz:features" (the name may be missing if the archive has one
// array); or a .csv file with a header, and perhaps a colon and the names of columns, as in
// "data.csv:price,area".
func Open(path string) (*Array, error) {
	if file, name, ok := cut(path, ".npz"); ok {
		return inArchive(file, name)
	}
	if file, name, ok := cut(path, ".csv"); ok {
		a, err := newCSV(file, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return a, nil
	}
	a, err := newArray(func() (io.ReadCloser, error) { return os.Open(path) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// cut splits "FILE.ext:NAME".
func cut(path, ext string) (file, name string, ok bool) {
	if strings.HasSuffix(strings.ToLower(path), ext) {
		return path, "", true
	}
	if i := strings.LastIndex(strings.ToLower(path), ext+":"); i >= 0 {
		return path[:i+len(ext)], path[i+len(ext)+1:], true
	}
	return "", "", false
}

// Dense reads some of the rows, in their order; nil means all. It holds these rows in
// memory, not the file.
func (a *Array) Dense(rows []int) (*mat.Dense, error) {
	count := a.Rows
	if rows != nil {
		count = len(rows)
	}
	places := map[int][]int{} // of a row of the file in the result
	for i, r := range rows {
		if r < 0 || r >= a.Rows {
			return nil, fmt.Errorf("row %d: the array has %d rows", r, a.Rows)
		}
		places[r] = append(places[r], i)
	}
	if count == 0 {
		return nil, errors.New("no rows are chosen")
	}
	if count > maxNumbers/a.Cols {
		return nil, fmt.Errorf("%d rows of %d numbers: at most %d numbers are read at once: choose rows", count, a.Cols, maxNumbers)
	}
	out := mat.NewDense(count, a.Cols, nil)
	err := a.read(func(row int) bool { return rows == nil || places[row] != nil }, func(row, col int, v float64) {
		if rows == nil {
			out.Set(row, col, v)
			return
		}
		for _, at := range places[row] {
			out.Set(at, col, v)
		}
	})
	return out, err
}

// Read opens an array and reads some of its rows, in their order; nil means all.
func Read(path string, rows []int) (*mat.Dense, error) {
	a, err := Open(path)
	if err != nil {
		return nil, err
	}
	m, err := a.Dense(rows)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Draw draws n of the rows 0 to all−1 and returns them and the others, each in random order.
func Draw(n, all int, seed uint64) (drawn, others []int, err error) {
	if n < 0 || n > all {
		return nil, nil, fmt.Errorf("rows: n = %d: want 0 to %d, the number of rows", n, all)
	}
	order := rand.New(rand.NewPCG(seed, 3)).Perm(all)
	return order[:n], order[n:], nil
}
