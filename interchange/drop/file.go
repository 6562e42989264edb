package drop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cohortx/interchange/report"
	"cohortx/interchange/source"
)

// fileApplied is file for a run whose outcome is in the store: what goes wrong from here on concerns its files only.
func (d *Drop) fileApplied(c *claim, rep *report.Run, again bool) (Run, error) {
	run, err := d.file(c, rep, again)
	if err != nil {
		err = fmt.Errorf("run %d is in the store, but its files could not all be put away from %s, which the next drop does: %w", c.Run, c.dir, err)
	}
	return run, err
}

// file puts the files of a run away, with its report and its rejects beside them: what was refused into the quarantine, all else into the
// archive. It may be called again after a crash; what is already away stays as it is.
func (d *Drop) file(c *claim, rep *report.Run, again bool) (run Run, err error) {
	run = Run{Report: rep, Again: again, Filed: []Filed{}}
	to := c.destinations(rep)
	if err := d.fileRejects(c, to, &run); err != nil {
		return run, err
	}
	for _, folder := range []string{archive, quarantine} { // a report in each that gets a file; a person looks into the quarantine first
		if !to.use(folder) {
			continue
		}
		name, written, err := writeReports(d.path(folder), runDir(c.Run), rep, again)
		if err != nil {
			return run, err
		}
		run.ReportFile = name
		for _, name := range written {
			run.Filed = append(run.Filed, Filed{To: name})
		}
	}
	first := true
	for _, f := range c.Files {
		from := filepath.Join(c.dir, f.Name)
		if f.Role == marker {
			if err := os.Remove(from); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return run, err
			}
			continue
		}
		at := freeName(d.path(to[f.Name]), runDir(c.Run), f.Name)
		err := rename(from, at)
		if errors.Is(err, fs.ErrNotExist) {
			continue // put away before the crash
		}
		if err != nil {
			return run, err
		}
		run.Filed = append(run.Filed, Filed{File: f.Name, To: at})
		if first {
			d.opt.At(AtFiling)
			first = false
		}
	}
	sync(d.path(archive))
	sync(d.path(quarantine))
	return run, c.remove()
}

// destinations says for each file of a claim where it belongs: archive or quarantine.
type destinations map[string]string

func (c *claim) destinations(rep *report.Run) destinations {
	of := destinations{}
	refused := func(r report.File) bool { return r.Verdict == "refused" || r.Verdict == "rolled_back" }
	for _, f := range c.Files {
		if f.Role != data {
			continue
		}
		of[f.Name] = archive
		if f.Refusal != nil || slices.ContainsFunc(rep.Files, func(r report.File) bool {
			return refused(r) && (r.Name == f.Name || strings.HasPrefix(r.Name, f.Name+":")) // a member of the archive
		}) {
			of[f.Name] = quarantine
		}
	}
	if i := slices.IndexFunc(c.Files, func(f claimed) bool { return f.Role == theManifest }); i >= 0 {
		// A manifest goes with what it names.
		to := quarantine
		if c.Files[i].Refusal == nil && of.use(archive) {
			to = archive
		}
		of[manifestName] = to
	}
	return of
}

// use reports whether anything belongs into a folder.
func (of destinations) use(folder string) bool {
	for _, to := range of {
		if to == folder {
			return true
		}
	}
	return false
}

// ofRejects is the folder of a reject file: that of the file after which it is named.
func (of destinations) ofRejects(name string) string {
	best, folder := 0, archive
	for file, to := range of {
		fit := 2 * len(file)
		if strings.HasSuffix(name, endingOfRejects(file)) {
			fit++ // of a.xml and a.csv
		}
		if fit > best && (strings.HasPrefix(name, source.Stem(file)+".") || strings.HasPrefix(name, file+"-")) {
			best, folder = fit, to
		}
	}
	return folder
}

// endingOfRejects is how the name of a file's rejects ends, as that of the file, but not compressed.
func endingOfRejects(file string) string {
	_, ending := source.Cut(file)
	return strings.TrimSuffix(strings.ToLower(ending), ".gz")
}

// fileRejects puts each reject file beside the file whose entities it holds, and corrects the report's paths.
func (d *Drop) fileRejects(c *claim, of destinations, run *Run) error {
	dir := filepath.Join(c.dir, rejectsDir)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue // half written when the process died; removed below
		}
		from, to := filepath.Join(dir, e.Name()), free(d.path(of.ofRejects(e.Name()), e.Name()))
		if err := rename(from, to); err != nil {
			return err
		}
		if i := slices.Index(run.Report.RejectFiles, from); i >= 0 {
			run.Report.RejectFiles[i] = to
		} else { // the report was recalled, and the store does not keep this
			run.Report.RejectFiles = append(run.Report.RejectFiles, to)
		}
		run.Filed = append(run.Filed, Filed{To: to})
	}
	return nil
}

// remove ends a claim whose files are put away. What it did not bring stays, and is found by the next recovery.
func (c *claim) remove() error {
	if err := os.RemoveAll(filepath.Join(c.dir, rejectsDir)); err != nil { // at most what was half written
		return err
	}
	if err := removeUnfinished(c.dir); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(c.dir, claimFile)); err != nil {
		return err
	}
	return os.Remove(c.dir)
}
