package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
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
