package rows_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/features-are-fate/fate/pkg/rows"
)

// Two columns of three rows of a CSV file.
func ExampleRead() {
	dir, err := os.MkdirTemp("", "rows")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "homes.csv")
	if err := os.WriteFile(path, []byte("area,rooms,price\n50,2,1\n80,3,2\n120,5,4\n20,1,0.5\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	x, err := rows.Read(path+":price,area", []int{2, 0})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.RawRowView(0), x.RawRowView(1))
	// Output: [4 120] [1 50]
}

// 400 rows to learn from, and the others to test on.
func ExampleDraw() {
	use, rest, err := rows.Draw(400, 2500, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(use), len(rest))
	// Output: 400 2100
}
