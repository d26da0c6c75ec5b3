package rows

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/features-are-fate/fate/pkg/suggest"
)

const (
	maxHeader  = 1 << 16
	maxEntries = 1 << 40 // of an array, so that sizes do not overflow
	maxMembers = 10_000  // of an archive
)

func inArchive(path, name string) (*Array, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer z.Close()
	if len(z.File) > maxMembers {
		return nil, fmt.Errorf("%s: %d members: at most %d are read", path, len(z.File), maxMembers)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, strings.TrimSuffix(f.Name, ".npy"))
	}
	if name == "" && len(names) == 1 {
		name = names[0]
	}
	at := slices.Index(names, name)
	if at < 0 {
		return nil, fmt.Errorf("%s has no array %q: it has %s%s", path, name, strings.Join(names, ", "), suggest.Mean(name, names))
	}
	a, err := newArray(func() (io.ReadCloser, error) {
		z, err := zip.OpenReader(path)
		if err != nil {
			return nil, err
		}
		if at >= len(z.File) {
			z.Close()
			return nil, errors.New("the archive has changed")
		}
		r, err := z.File[at].Open()
		if err != nil {
			z.Close()
			return nil, err
		}
		return member{r, z}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", path, name, err)
	}
	return a, nil
}

// member is an open member of an open archive.
type member struct {
	io.ReadCloser
	archive io.Closer
}

func (m member) Close() error { return errors.Join(m.ReadCloser.Close(), m.archive.Close()) }

// newArray reads the header of an array.
func newArray(open func() (io.ReadCloser, error)) (*Array, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var fixed [8]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil || string(fixed[:6]) != "\x93NUMPY" {
		return nil, errors.New("it is no array of NumPy")
	}
	width := 2
	switch fixed[6] {
	case 1:
	case 2, 3:
		width = 4
	default:
		return nil, fmt.Errorf("version %d of the format is not known", fixed[6])
	}
	var length [4]byte
	if _, err := io.ReadFull(r, length[:width]); err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	n := int(binary.LittleEndian.Uint32(length[:]))
	if n > maxHeader {
		return nil, fmt.Errorf("its header has %d bytes: at most %d are read", n, maxHeader)
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	a := &Array{open: open, start: int64(8 + width + n)}
	a.read = a.readNumbers
	return a, a.parse(header)
}

var (
	typeOf  = regexp.MustCompile(`'descr': *('[^']*'|\[)`)
	orderOf = regexp.MustCompile(`'fortran_order': *(True|False)`)
	shapeOf = regexp.MustCompile(`'shape': *\(([0-9, ]*)\)`)
)

func (a *Array) parse(header []byte) error {
	kind, order, shape := typeOf.FindSubmatch(header), orderOf.FindSubmatch(header), shapeOf.FindSubmatch(header)
	if kind == nil || order == nil || shape == nil {
		return fmt.Errorf("its header is %.80q: it must have descr, fortran_order and shape", header)
	}
	a.columns = bytes.Equal(order[1], []byte("True"))
	if err := a.typed(strings.Trim(string(kind[1]), "'")); err != nil {
		return err
	}
	dims := []int{}
	for _, field := range strings.Split(string(shape[1]), ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		d, err := strconv.Atoi(field)
		if err != nil {
			return fmt.Errorf("its shape is (%s)", shape[1])
		}
		dims = append(dims, d)
	}
	if len(dims) == 1 {
		dims = append(dims, 1)
	}
	if len(dims) != 2 || dims[0] < 1 || dims[1] < 1 || dims[0] > maxEntries/dims[1] {
		return fmt.Errorf("its shape is (%s): it must be a vector or a matrix", shape[1])
	}
	a.Rows, a.Cols = dims[0], dims[1]
	return nil
}

// typed sets how a number is read.
func (a *Array) typed(kind string) error {
	bad := fmt.Errorf("its numbers are of type %q: they must be f2, f4, f8, integers or bool; pickled objects are refused", kind)
	order := binary.ByteOrder(binary.LittleEndian)
	switch {
	case strings.HasPrefix(kind, ">"):
		order = binary.BigEndian
	case kind == "" || !strings.ContainsRune("<|=", rune(kind[0])):
		return bad
	}
	numbers := map[string]func([]byte) float64{
		"b1": func(b []byte) float64 { return float64(min(b[0], 1)) },
		"i1": func(b []byte) float64 { return float64(int8(b[0])) },
		"u1": func(b []byte) float64 { return float64(b[0]) },
		"i2": func(b []byte) float64 { return float64(int16(order.Uint16(b))) },
		"u2": func(b []byte) float64 { return float64(order.Uint16(b)) },
		"i4": func(b []byte) float64 { return float64(int32(order.Uint32(b))) },
		"u4": func(b []byte) float64 { return float64(order.Uint32(b)) },
		"i8": func(b []byte) float64 { return float64(int64(order.Uint64(b))) },
		"u8": func(b []byte) float64 { return float64(order.Uint64(b)) },
		"f2": func(b []byte) float64 { return half(order.Uint16(b)) },
		"f4": func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) },
		"f8": func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) },
	}
	if a.number = numbers[kind[1:]]; a.number == nil {
		return bad
	}
	a.size = int(kind[2] - '0')
	return nil
}

// half returns the number of 16 bits, IEEE 754.
func half(b uint16) float64 {
	sign, exponent, fraction := 1.0, int(b>>10&31), float64(b&1023)/1024
	if b>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -14)
	case 31:
		if fraction == 0 {
			return math.Inf(int(sign))
		}
		return math.NaN()
	}
	return sign * math.Ldexp(1+fraction, exponent-15)
}

// readNumbers calls do with each number of the rows that are wanted.
func (a *Array) readNumbers(wanted func(row int) bool, do func(row, col int, v float64)) error {
	r, err := a.open()
	if err != nil {
		return err
	}
	defer r.Close()
	in := bufio.NewReaderSize(r, 1<<20)
	if _, err := io.CopyN(io.Discard, in, a.start); err != nil {
		return err
	}
	lines, length := a.Rows, a.Cols
	if a.columns {
		lines, length = length, lines
	}
	const most = 1 << 16 // numbers at a time
	b := make([]byte, a.size*min(length, most))
	for i := range lines {
		if !a.columns && !wanted(i) {
			if _, err := in.Discard(a.size * length); err != nil {
				return fmt.Errorf("row %d of %d: %w", i+1, a.Rows, err)
			}
			continue
		}
		for from := 0; from < length; from += most {
			part := b[:a.size*min(most, length-from)]
			if got, err := io.ReadFull(in, part); err != nil {
				return fmt.Errorf("number %d of %d: %w", i*length+from+got/a.size+1, a.Rows*a.Cols, err)
			}
			for j := 0; j < len(part)/a.size; j++ {
				v := a.number(part[j*a.size:])
				if !a.columns {
					do(i, from+j, v)
				} else if wanted(from + j) {
					do(from+j, i, v)
				}
			}
		}
	}
	return nil
}
