package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The dead man's switch hears of each run: before it, and after it whether it succeeded.
func TestPing(t *testing.T) {
	var calls []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.URL.Path+"?"+r.URL.RawQuery)
	}))
	defer server.Close()
	dir := t.TempDir()
	db := filepath.Join(dir, "cohorts.db")
	prepared := []string{"import", "--db", db}
	for _, name := range []string{"education-organizations", "students", "cohorts"} {
		prepared = append(prepared, filepath.Join("../../samples/5.2", name+".xml"))
	}
	for _, c := range []struct {
		name   string
		args   []string
		status int
		want   []string
	}{
		{"OK", prepared, 0, []string{"/uuid/start?rid=1", "/uuid?rid=1"}},
		{"Rejects", []string{"import", "--db", db, "../../samples/5.2/faults.xml", "--rejects", filepath.Join(dir, "rejects.xml")}, 2, []string{"/uuid/start?rid=1", "/uuid?rid=1"}},
		{"Refused", []string{"import", "--db", db, "--max-rejects", "0", "--force", "../../samples/5.2/faults.xml"}, 3, []string{"/uuid/start?rid=1", "/uuid/fail?rid=1"}},
		{"CouldNotRun", []string{"import", "--db", db, "no-such-file.xml"}, 1, []string{"/uuid/start?rid=1", "/uuid/fail?rid=1"}},
		{"EmptyInbox", []string{"drop", "--db", db, dir}, 0, nil},
		{"NoFolder", []string{"drop", "--db", db, filepath.Join(dir, "nowhere")}, 1, []string{"/uuid/fail?rid=1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls = nil
			var stdout, stderr bytes.Buffer
			args := append([]string{"cohortx"}, c.args...)
			if got := run(context.Background(), append(args, "--ping-url", server.URL+"/uuid?rid=1"), &stdout, &stderr); got != c.status {
				t.Fatalf("exit status %d, want %d\n%s%s", got, c.status, &stdout, &stderr)
			}
			if !slices.Equal(calls, c.want) {
				t.Errorf("calls %q, want %q", calls, c.want)
			}
		})
	}
}

// A dead man's switch that is out of order, or never answers, costs a run some seconds and a warning, which does not tell its secret.
func TestPing_OutOfOrder(t *testing.T) {
	defer func(was time.Duration) { pingTimeout = was }(pingTimeout)
	dir := t.TempDir()
	for name, c := range map[string]struct {
		handle http.HandlerFunc
		want   string
	}{
		"Error":   {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "the answer is 500 Internal Server Error"},
		"Hangs":   {func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "deadline exceeded"},
		"HangsUp": {func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"HalfSaid": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.handle)
			defer server.Close()
			pingTimeout = time.Minute // that is not waited for
			if name == "Hangs" {
				pingTimeout = 50 * time.Millisecond
			}
			var stdout, stderr bytes.Buffer
			args := []string{"cohortx", "import", "--db", filepath.Join(dir, name+".db"), "../../samples/5.2/students.xml", "--ping-url", server.URL + "/s3cret"}
			if got := run(context.Background(), args, &stdout, &stderr); got != 0 {
				t.Fatalf("exit status %d\n%s", got, &stderr)
			}
			if got := strings.Count(stderr.String(), c.want); c.want != "" && got != 2 || c.want == "" && stderr.Len() > 0 {
				t.Errorf("warnings:\n%swant two with %q", &stderr, c.want)
			}
			if strings.Contains(stderr.String(), "s3cret") {
				t.Errorf("the secret is told:\n%s", &stderr)
			}
		})
	}
}

// A command that does not end is ended, with all that it has started.
func TestNotify_Hangs(t *testing.T) {
	defer func(was time.Duration) { notifyTimeout = was }(notifyTimeout)
	notifyTimeout = 200 * time.Millisecond
	dir := t.TempDir()
	alive := filepath.Join(dir, "alive") // what the command and its child hold open for as long as they live
	if err := unix.Mkfifo(alive, 0o600); err != nil {
		t.Fatal(err)
	}
	all := make(chan error)
	go func() {
		_, err := os.ReadFile(alive) // until nobody has it open any more
		all <- err
	}()
	var stdout, stderr bytes.Buffer
	args := []string{"cohortx", "import", "--db", filepath.Join(dir, "cohorts.db"), "../../samples/5.2/students.xml",
		"--notify-command", "trap '' TERM; exec 3> '" + alive + "'; sleep 100 & wait"}
	if got := run(context.Background(), args, &stdout, &stderr); got != 0 {
		t.Fatalf("exit status %d\n%s", got, &stderr)
	}
	if !strings.Contains(stderr.String(), "--notify-command") || !strings.Contains(stderr.String(), "killed") {
		t.Errorf("warning:\n%s", &stderr)
	}
	start := time.Now()
	if err := <-all; err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(start); waited > 50*time.Second {
		t.Errorf("what the command has started lived on for %v", waited)
	}
}
