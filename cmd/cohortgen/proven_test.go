package main

import (
	"context"
	"path/filepath"
	"testing"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
)

// TestGenerate_Proven: the tables prove nearly every entity of a file such as make bench measures with, its tenth of odd forms
// included; what they leave to libxml2 costs some fifty times as much. And libxml2 alone says that the file is valid.
func TestGenerate_Proven(t *testing.T) {
	for _, release := range releaseNames() {
		t.Run(release, func(t *testing.T) {
			folder := run(t, "--release", release, "--associations", "5000", "--only-associations")
			for _, distrust := range []bool{false, true} {
				v, err := batch.Validate(context.Background(), batch.ValidateOptions{
					ReadOptions: batch.ReadOptions{Distrust: distrust},
					Files:       []string{filepath.Join(folder, "student-cohort.xml")},
					Each:        func(f report.Fault) { t.Error(f.Message()) },
				})
				if err != nil {
					t.Fatal(err)
				}
				f := v.Files[0]
				switch {
				case f.Entities < 5000 || f.Proven+f.Judged != f.Entities:
					t.Errorf("%d entities, %d proven, %d judged", f.Entities, f.Proven, f.Judged)
				case distrust && f.Proven > 0:
					t.Errorf("%d proven although libxml2 was to decide about all", f.Proven)
				case !distrust && f.Proven*100 < f.Entities*99:
					t.Errorf("proved %d of %d entities, expected at least 99 %%", f.Proven, f.Entities)
				}
				t.Logf("%d entities, %d proven, %d judged", f.Entities, f.Proven, f.Judged)
			}
		})
	}
}
