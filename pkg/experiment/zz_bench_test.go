package experiment

import "testing"

func BenchmarkStudents09(b *testing.B) {
	for b.Loop() {
		t := Students{D: 10, Teacher: 10, Width: 100, Mu: []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9}, N: []int{25, 50, 100, 200, 400}, Trials: 4, Seed: 9}.Run()
		if t == nil {
			b.Fatal()
		}
		b.Log(t)
	}
}

func BenchmarkLarger09(b *testing.B) {
	for b.Loop() {
		t := Students{D: 20, Teacher: 20, Width: 200, N: []int{25, 50, 100, 200, 400, 800}, Trials: 1, Seed: 9, Procedures: []Procedure{Scratch}}.Run()
		if t == nil {
			b.Fatal()
		}
	}
}

func BenchmarkTeachers09(b *testing.B) {
	for b.Loop() {
		t := Teachers{D: 100, Neurons: 100, Mu: []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95}, Trials: 100, Seed: 9}.Run()
		if t == nil {
			b.Fatal()
		}
	}
}
