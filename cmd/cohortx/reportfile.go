package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
	"cohortx/store"
)

// reports is where the reports of a command's runs go: each as JSON and as a page.
type reports struct {
	store string
	named string // --report; "": the folder beside the store
}

// reportsOf reads the flags. A file that cannot be written is found here, so that no run starts whose report would be lost.
func reportsOf(c *cli.Context) (*reports, error) {
	r := &reports{store: c.String("db"), named: c.String("report")}
	if r.named == "" {
		return r, nil
	}
	f, err := os.CreateTemp(filepath.Dir(r.named), ".cohortx-*")
	if err != nil {
		return nil, fmt.Errorf("write report %s: %w", r.named, err)
	}
	f.Close()
	return r, os.Remove(f.Name())
}

// reportsFolder is where the reports of a store's runs lie, unless a flag says otherwise.
func reportsFolder(store string) string { return store + ".reports" }

// names are the files of a run's report; "" when it gets none: a dry run, and what ended before it was a run, leave files only where they were
// asked for.
func (r *reports) names(run int64) (json, page string) {
	switch {
	case r.named != "":
		return reportNames(r.named)
	case run == 0:
		return "", ""
	}
	return reportNames(filepath.Join(reportsFolder(r.store), fmt.Sprintf("run%d.report.json", run)))
}

// reportNames are the two forms of a report, one of which has this name.
func reportNames(name string) (json, page string) {
	if stem, ok := strings.CutSuffix(name, ".html"); ok {
		return stem + ".json", name
	}
	return name, strings.TrimSuffix(name, ".json") + ".html"
}

// write writes a run's report, and that of the run before it if that was killed: it could not write its own. It returns the JSON file, "" if
// there is none. What goes wrong is said, and changes nothing about the run.
func (r *reports) write(c *cli.Context, rep *report.Run) (json string) {
	json, page := r.names(rep.Run)
	if json == "" {
		return ""
	}
	r.writeKilled(c, rep)
	if err := r.save(rep, json, page); err != nil {
		fmt.Fprintf(c.App.ErrWriter, "cohortx: write report %s: %v\n", json, err)
		return ""
	}
	rep.Page = page
	return json
}

func (r *reports) save(rep *report.Run, json, page string) error {
	if r.named == "" {
		if err := os.MkdirAll(filepath.Dir(json), 0o700); err != nil {
			return err
		}
	}
	return rep.Save(json, page)
}

func (r *reports) writeKilled(c *cli.Context, rep *report.Run) {
	n := len(rep.History)
	if r.named != "" || n < 2 || rep.History[n-2].State != string(store.Interrupted) {
		return
	}
	json, page := r.names(rep.History[n-2].Run)
	if _, err := os.Lstat(json); err == nil {
		return
	}
	killed, err := batch.Recall(context.WithoutCancel(c.Context), r.store, rep.History[n-2].Run)
	if err == nil {
		err = r.save(killed, json, page)
	}
	if err != nil {
		fmt.Fprintf(c.App.ErrWriter, "cohortx: write report %s: %v\n", json, err)
	}
}
