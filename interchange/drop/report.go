package drop

import (
	"bytes"
	"os"
	"path/filepath"

	"cohortx/interchange/report"
)

// writeReports writes a run's report beside its files and returns the JSON file's path. after a crash (again) a report that is there already
// stays: it was written before the crash, with all that was known then. This is the place for further forms of the report.
func writeReports(dir, run string, r *report.Run, again bool) (name string, written []string, err error) {
	name = filepath.Join(dir, run+".report.json")
	if _, err := os.Lstat(name); err == nil && again {
		return name, nil, nil
	}
	name = free(name)
	var text bytes.Buffer
	if err := report.JSON(&text, r); err != nil {
		return "", nil, err
	}
	if err := writeWhole(name, text.Bytes()); err != nil {
		return "", nil, err
	}
	return name, []string{name}, nil
}
