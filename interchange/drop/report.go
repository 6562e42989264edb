package drop

import (
	"os"
	"path/filepath"
	"strings"

	"cohortx/interchange/report"
)

// writeReports writes a run's report beside its files, as JSON and as a page, and returns the JSON file's path. After a crash (again) a report
// that is there already stays: it was written before the crash, with all that was known then.
func writeReports(dir, run string, r *report.Run, again bool) (name string, written []string, err error) {
	name = filepath.Join(dir, run+".report.json")
	page := func() string { return strings.TrimSuffix(name, ".json") + ".html" }
	if _, err := os.Lstat(name); err == nil && again {
		r.Page = page()
		return name, nil, nil
	}
	name = free(name)
	if err := r.Save(name, page()); err != nil {
		return "", nil, err
	}
	r.Page = page()
	return name, []string{name, page()}, nil
}
