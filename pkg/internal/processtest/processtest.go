// Package processtest has functions that tests of processes share.
package processtest

import (
	"testing"
	"time"
)

// Patience bounds the duration of every step of a test.
const Patience = 30 * time.Second

// Within fails the test if do takes longer than Patience.
func Within(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(Patience):
		t.Fatalf("%s: nothing for %v", what, Patience)
	}
}
