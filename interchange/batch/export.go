package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
	"cohortx/xsd"
)

// ExportOptions are the choices of an export.
type ExportOptions struct {
	ReadOptions
	Store   string
	Out     io.Writer            // instead of a file
	Path    string               // of the file, when Out is nil
	Release *interchange.Release // nil: the one that the store's last StudentCohort file had
	Filter  store.Filter
}

// Export writes the cohorts and associations of a store as an interchange document, in a fixed order: equal data give equal bytes. A file
// is written under a temporary name, checked against its schema while it is written, and renamed. What the release cannot carry is left out and listed.
func Export(ctx context.Context, opt ExportOptions) (*report.Export, error) {
	db, err := store.Open(ctx, opt.Store, store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	out := &report.Export{Version: report.Version, Store: opt.Store, File: opt.Path, Counts: map[string]int64{}, NotCarried: []report.NotCarried{}}
	if opt.Release == nil {
		if opt.Release, err = lastRelease(ctx, db); err != nil {
			return nil, err
		}
	}
	out.Release = opt.Release.Name
	schema, err := interchange.LoadSchema(opt.Release, "")
	if err != nil {
		return nil, err
	}
	write := func(w io.Writer) error {
		c := &countingWriter{w: w}
		x := &exporter{enc: interchange.NewEncoder(c, opt.Release, schema), out: out}
		if err := x.all(ctx, db, opt.Filter); err != nil {
			return err
		}
		out.Bytes = c.n
		return nil
	}
	if opt.Out != nil {
		if err := write(opt.Out); err != nil {
			return nil, err
		}
		return out, nil
	}
	return out, opt.file(ctx, out, schema, write)
}

// file writes, checks and renames.
func (opt *ExportOptions) file(ctx context.Context, out *report.Export, schema *xsd.Schema, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(opt.Path), ".cohortx-*.xml") // 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", opt.Path, err)
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	check := newExportCheck(ctx, &steadyWriter{f: f}, opt.Release, schema)
	err = write(check)
	if bad := check.finish(); err == nil && bad != nil {
		err = fmt.Errorf("export to %s: %w", opt.Path, bad)
	}
	if err != nil {
		return err
	}
	out.Checked = out.Entities() > 0 // a document without an entity is not valid, and there is nothing to check in it
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", opt.Path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", opt.Path, err)
	}
	return os.Rename(f.Name(), opt.Path)
}

// lastRelease is the release of the StudentCohort file that was applied last.
func lastRelease(ctx context.Context, db *store.DB) (*interchange.Release, error) {
	runs, err := db.Runs(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if release, ok := interchange.ReleaseNamed(r.Release); ok && r.State == store.Applied {
			return release, nil
		}
	}
	return nil, errors.New("the store has no StudentCohort file yet that would tell the release: say it with --release")
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// steadyWriter writes a file and has the disk keep up with it.
type steadyWriter struct {
	f          *os.File
	n, started int64
}

// stride is how much is given to the disk at once.
const stride = 16 << 20

func (w *steadyWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if w.n += int64(n); w.n-w.started >= stride {
		writeback(w.f, w.started, w.n-w.started)
		w.started = w.n
	}
	return n, err
}

// exporter is one export under way.
type exporter struct {
	enc *interchange.Encoder
	out *report.Export
}

func (x *exporter) all(ctx context.Context, db *store.DB, f store.Filter) error {
	e, err := db.Export(ctx, f)
	if err != nil {
		return err
	}
	defer e.Close()
	for c, err := range e.Cohorts(ctx) {
		if err != nil {
			return err
		}
		if c.Unverified {
			continue // nothing is known of it but its key
		}
		err := x.enc.Cohort(&c.Cohort)
		if err := x.count(interchange.CohortKind, err, func() string { return cohortName(c.CohortKey) }); err != nil {
			return err
		}
	}
	for _, kind := range []interchange.Kind{interchange.StudentCohortAssociationKind, interchange.StaffCohortAssociationKind} {
		for a, err := range e.Associations(ctx, kind) {
			if err != nil {
				return err
			}
			err := x.enc.Association(a)
			if err := x.count(kind, err, func() string { return cohortName(a.CohortKey) + "/" + a.PersonUniqueID + "/" + a.BeginDate.String() }); err != nil {
				return err
			}
		}
	}
	return x.enc.Close()
}

func cohortName(k interchange.CohortKey) string {
	return fmt.Sprintf("%d/%s", k.EducationOrganizationID, k.CohortIdentifier)
}

// mostNotCarried is how many entities are listed that a release cannot carry; the count is of all.
const mostNotCarried = 100

func (x *exporter) count(kind interchange.Kind, err error, key func() string) error {
	var carry *interchange.CarryError
	switch {
	case err == nil:
		x.out.Counts[kind.String()]++
	case errors.As(err, &carry):
		x.out.LeftOut++
		if len(x.out.NotCarried) < mostNotCarried {
			x.out.NotCarried = append(x.out.NotCarried, report.NotCarried{Kind: kind.String(), Key: key(), Field: carry.Field, Reason: carry.Reason})
		}
	default:
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}
