package main

import (
	"fmt"
	"os"
	"path/filepath"

	"cohortx/interchange/report"
)

// reportFile is the file of --report. It is begun before the run, so that a run whose report could not be written does not start, and gets
// its name when it is complete.
type reportFile struct {
	name string
	f    *os.File // nil: no report was asked for
}

func openReport(name string) (*reportFile, error) {
	if name == "" {
		return &reportFile{}, nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil, &usageError{"--report " + name + " is a folder", "cohortx import --report " + filepath.Join(name, "report.json") + " ..."}
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".cohortx-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("write report %s: %w", name, err)
	}
	return &reportFile{name: name, f: f}, nil
}

func (r *reportFile) write(v any) (err error) {
	if r.f == nil {
		return nil
	}
	defer func() {
		r.f.Close()
		if err != nil {
			os.Remove(r.f.Name())
			err = fmt.Errorf("write report %s: %w", r.name, err)
		}
	}()
	if err := report.JSON(r.f, v); err != nil {
		return err
	}
	if err := r.f.Close(); err != nil {
		return err
	}
	return os.Rename(r.f.Name(), r.name)
}
