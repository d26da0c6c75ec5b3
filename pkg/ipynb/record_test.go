package ipynb

import (
	"path/filepath"
	"testing"
)

// The committed records are of the code that the notebooks have now.
func TestRecordsAreCurrent(t *testing.T) {
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d notebooks: %v", len(files), err)
	}
	for _, file := range files {
		nb, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		switch recorded, stale := StaleRecord(nb); {
		case !recorded:
			t.Errorf("%s has no record of pace=paper: fate run --record --set pace=paper %s", file, file)
		case stale:
			t.Errorf("%s has changed since its record: fate run --record --set pace=paper %s", file, file)
		}
	}
}
