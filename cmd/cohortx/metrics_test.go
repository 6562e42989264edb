package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// The lines of Prometheus' text format, version 0.0.4.
var (
	helpLine   = regexp.MustCompile(`^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)*)$`)
	typeLine   = regexp.MustCompile(`^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$`)
	sampleLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*(?:"[^"]*"[^}]*)*)\} (\S+)$`)
	labelPair  = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)`)
)

// checkMetrics holds a file against the rules of the format, and returns the values by name and labels.
func checkMetrics(text string) (map[string]float64, error) {
	if !utf8.ValidString(text) || !strings.HasSuffix(text, "\n") {
		return nil, fmt.Errorf("no UTF-8, or no line end at the end")
	}
	values, typed, current := map[string]float64{}, map[string]bool{}, ""
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if m := helpLine.FindStringSubmatch(line); m != nil {
			if typed[m[1]] {
				return nil, fmt.Errorf("line %d: %s for a second time", n+1, m[1])
			}
			current = m[1]
			continue
		}
		if m := typeLine.FindStringSubmatch(line); m != nil {
			if m[1] != current || typed[current] {
				return nil, fmt.Errorf("line %d: a type of %s, apart from its help", n+1, m[1])
			}
			typed[current] = true
			continue
		}
		m := sampleLine.FindStringSubmatch(line)
		if m == nil || m[1] != current || !typed[current] {
			return nil, fmt.Errorf("line %d: %q is no sample of %s", n+1, line, current)
		}
		labels := map[string]bool{}
		for rest := m[2]; rest != ""; {
			l := labelPair.FindStringSubmatch(rest)
			if l == nil || labels[l[1]] {
				return nil, fmt.Errorf("line %d: labels %q", n+1, m[2])
			}
			labels[l[1]], rest = true, rest[len(l[0]):]
		}
		value, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		key := m[1] + "{" + m[2] + "}"
		if _, twice := values[key]; twice {
			return nil, fmt.Errorf("line %d: %s for a second time", n+1, key)
		}
		values[key] = value
	}
	return values, nil
}

// Whatever the store is called and however the run went, what is written is in the format.
func TestMetrics_Format(t *testing.T) {
	samples, err := filepath.Abs("../../samples/5.2")
	if err != nil {
		t.Fatal(err)
	}
	for name, label := range map[string]string{
		"plain.db": "plain.db", `back\slash.db`: `back\\slash.db`, `quo"te.db`: `quo\"te.db`, "line\nend.db": `line\nend.db`, "brace}{.db": "brace}{.db", "n\xf6.db": "n\uFFFD.db",
	} {
		t.Chdir(t.TempDir())
		for _, c := range []struct {
			args []string
			want int
		}{
			{[]string{filepath.Join(samples, "students.xml"), filepath.Join(samples, "cohorts.xml"), "--allow-missing", "education-organizations"}, 0},
			{[]string{filepath.Join(samples, "faults.xml"), "--rejects", "rejects.xml"}, 2},
			{[]string{"none.xml"}, 1},
		} {
			var stdout, stderr bytes.Buffer
			if got := run(context.Background(), append([]string{"cohortx", "import", "--db", name, "--prometheus", "cohortx.prom"}, c.args...), &stdout, &stderr); got != c.want {
				t.Fatalf("%q: exit status %d, want %d\n%s", name, got, c.want, &stderr)
			}
			text, err := os.ReadFile("cohortx.prom")
			if err != nil {
				t.Fatal(err)
			}
			values, err := checkMetrics(string(text))
			if err != nil {
				t.Fatalf("%q: %v\n%s", name, err, text)
			}
			if got, ok := values[`cohortx_last_run_exit_status{store="`+label+`"}`]; !ok || got != float64(c.want) {
				t.Errorf("%q: exit status %v\n%s", name, got, text)
			}
			if got := values[`cohortx_last_success_timestamp_seconds{store="`+label+`"}`]; got < 1.7e9 {
				t.Errorf("%q: last success %v\n%s", name, got, text)
			}
		}
	}
}
