// Command genreadme writes the table of notebooks into the README.
package main

import (
	"log"
	"os"

	"github.com/features-are-fate/fate/cmd/fate/internal/readme"
	"github.com/features-are-fate/fate/pkg/file"
)

func main() {
	log.SetFlags(0)
	const path = "../../../../README.md" // from cmd/fate/internal/readme
	b, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	if b, err = readme.Update(b, "../../../../notebooks"); err != nil {
		log.Fatal(err)
	}
	if err := file.Write(path, b); err != nil {
		log.Fatal(err)
	}
}
