package drop

import (
	"testing"
	"time"
)

// What fails again and again is tried ever more rarely, but at least hourly, and never more often than is polled.
func TestPause(t *testing.T) {
	for _, c := range []struct {
		poll     time.Duration
		failures int
		want     time.Duration
	}{
		{time.Minute, 0, time.Minute}, {time.Minute, 1, time.Minute}, {time.Minute, 2, 2 * time.Minute}, {time.Minute, 6, 32 * time.Minute},
		{time.Minute, 7, time.Hour}, {time.Minute, 1 << 40, time.Hour}, {time.Second, 3, 4 * time.Second}, {3 * time.Hour, 5, 3 * time.Hour},
	} {
		if got := pause(c.poll, c.failures); got != c.want {
			t.Errorf("poll %v, %d failures: %v, want %v", c.poll, c.failures, got, c.want)
		}
	}
}
