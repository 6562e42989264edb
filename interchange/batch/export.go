package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/interchange/resource"
	"cohortx/store"
)

// ExportOptions are the choices of an export.
type ExportOptions struct {
	ReadOptions
	Store   string
	Out     io.Writer            // instead of a file
	Path    string               // of the file, when Out is nil
	Release *interchange.Release // nil: the one that the store's last StudentCohort file had; of resources, the newest
	// Resources is the kind that is written as JSON, a resource a line, instead of an interchange document of all kinds; 0: none.
	Resources interchange.Kind
	Filter    store.Filter
	Gzip      bool   // compress what is written
	LeftOut   string // a file that lists all that is not carried, as JSON, one a line; "": none
	Force     bool   // write a document without an entity, too
}

// Export writes the cohorts and associations of a store as an interchange document, in a fixed order: equal data give equal bytes. A file
// is written under a temporary name, checked against its schema (XML while it is written), and renamed. What the release cannot carry is
// left out and listed, and so are the associations of a cohort that is. Where nothing is left to write, nothing is written, and the
// result's Refusal says so.
func Export(ctx context.Context, opt ExportOptions) (*report.Export, error) {
	db, err := store.Open(ctx, opt.Store, store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	out := &report.Export{Version: report.Version, Store: opt.Store, File: opt.Path, Counts: map[string]int64{},
		Codes: map[interchange.Code]int64{}, NotCarried: []report.NotCarried{}, LeftOutFile: opt.LeftOut}
	if opt.Release == nil && opt.Resources != 0 {
		opt.Release = interchange.Releases[len(interchange.Releases)-1]
	}
	if opt.Release == nil {
		if opt.Release, err = lastRelease(ctx, db); err != nil {
			return nil, err
		}
	}
	out.Release, out.Format = opt.Release.Name, report.FormatXML
	if opt.Resources != 0 {
		out.Format = report.FormatJSONL
	}
	left, err := newLeftOut(out, opt.LeftOut)
	if err != nil {
		return nil, err
	}
	write := func(w io.Writer) error {
		c := &countingWriter{w: w}
		enc, err := opt.encoder(c)
		if err != nil {
			return err
		}
		x := &exporter{opt: &opt, enc: enc, out: out, left: left}
		if err := x.all(ctx, db, opt.Filter); err != nil {
			return err
		}
		out.Bytes = c.n
		return nil
	}
	if opt.Gzip {
		write = compressed(write, out)
	}
	if opt.Out != nil {
		err = write(opt.Out)
	} else {
		err = opt.file(ctx, out, write)
	}
	if errors.Is(err, errNothing) {
		err = nil
	}
	if err = errors.Join(err, left.close()); err != nil {
		return nil, err
	}
	return out, nil
}

// encoder writes the form that is asked for.
func (opt *ExportOptions) encoder(w io.Writer) (encoder, error) {
	if opt.Resources != 0 {
		return resource.NewEncoder(w, opt.Release), nil
	}
	schema, err := interchange.LoadSchema(opt.Release, "")
	if err != nil {
		return nil, err
	}
	return interchange.NewEncoder(w, opt.Release, schema), nil
}

// writes says whether entities of a kind are written.
func (opt *ExportOptions) writes(kind interchange.Kind) bool {
	return opt.Resources == 0 || opt.Resources == kind
}

// compressed compresses what is written.
func compressed(write func(io.Writer) error, out *report.Export) func(io.Writer) error {
	return func(w io.Writer) error {
		packed := &countingWriter{w: w}
		z := gzip.NewWriter(packed) // no name, no time: equal data give equal bytes
		err := write(z)
		if errors.Is(err, errNothing) {
			return err // nothing at all is written, not even what begins a compressed file
		}
		if err := errors.Join(err, z.Close()); err != nil {
			return err
		}
		out.Bytes = packed.n
		return nil
	}
}

// file writes, checks and renames.
func (opt *ExportOptions) file(ctx context.Context, out *report.Export, write func(io.Writer) error) (err error) {
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
	// XML is checked while it is written; JSON and compressed files are read back.
	beside := opt.Resources == 0 && !opt.Gzip
	if beside {
		err = opt.checked(ctx, f, write)
	} else {
		err = write(f)
	}
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", opt.Path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", opt.Path, err)
	}
	if !beside && out.Entities() > 0 {
		if err := opt.readBack(ctx, f.Name()); err != nil {
			return err
		}
	}
	out.Checked = out.Entities() > 0 // a document without an entity is not valid, and there is nothing to check in it
	return os.Rename(f.Name(), opt.Path)
}

// checked writes XML and checks it meanwhile.
func (opt *ExportOptions) checked(ctx context.Context, f *os.File, write func(io.Writer) error) error {
	schema, err := interchange.LoadSchema(opt.Release, "")
	if err != nil {
		return err
	}
	check := newExportCheck(ctx, &steadyWriter{f: f}, opt.Release, schema)
	err = write(check)
	if bad := check.finish(); err == nil && bad != nil {
		err = fmt.Errorf("export to %s: %w", opt.Path, bad)
	}
	return err
}

// readBack checks what was written by reading it.
func (opt *ExportOptions) readBack(ctx context.Context, name string) error {
	read := opt.ReadOptions
	read.Schemas, read.AsRelease = "", nil
	v, err := Validate(ctx, ValidateOptions{ReadOptions: read, Files: []string{name}})
	if err != nil {
		return fmt.Errorf("check %s: %w", opt.Path, err)
	}
	if !v.Files[0].Valid {
		return fmt.Errorf("check %s: the export is not valid (%d violations): please report this; nothing was written", opt.Path, v.Files[0].Violations)
	}
	return nil
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

// encoder writes entities: an interchange.Encoder or a resource.Encoder.
type encoder interface {
	Cohort(*interchange.Cohort) error
	Association(*interchange.Association) error
	Close() error
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
	opt  *ExportOptions
	enc  encoder
	out  *report.Export
	left *leftOut
}

func (x *exporter) all(ctx context.Context, db *store.DB, f store.Filter) error {
	e, err := db.Export(ctx, f)
	if err != nil {
		return err
	}
	defer e.Close()
	if x.opt.writes(interchange.CohortKind) {
		if err := x.cohorts(e.Cohorts(ctx)); err != nil {
			return err
		}
	}
	for _, kind := range interchange.AssociationKinds {
		if !x.opt.writes(kind) {
			continue
		}
		if err := x.associations(e.Associations(ctx, kind)); err != nil {
			return err
		}
	}
	if x.out.Entities() == 0 && !x.opt.Force {
		x.out.Refusal = nothingMatches(x.out)
		return errNothing
	}
	return x.enc.Close()
}

func (x *exporter) cohorts(list iter.Seq2[*store.ExportedCohort, error]) error {
	for c, err := range list {
		if err != nil {
			return err
		}
		if c.Unverified {
			continue // nothing is known of it but its key
		}
		err := x.enc.Cohort(&c.Cohort)
		if err := x.count(interchange.CohortKind, err, func(why *interchange.CarryError) { x.left.cohort(c.CohortKey, why) }); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) associations(list iter.Seq2[*interchange.Association, error]) error {
	for a, err := range list {
		if err != nil {
			return err
		}
		if x.left.orphan(a) {
			continue
		}
		err := x.enc.Association(a)
		if err == nil && x.opt.Resources == 0 {
			x.left.dates(a)
		}
		if err := x.count(a.Kind, err, func(why *interchange.CarryError) { x.left.association(a, why) }); err != nil {
			return err
		}
	}
	return nil
}

// errNothing ends an export that has no entity to write.
var errNothing = errors.New("nothing to export")

func nothingMatches(out *report.Export) *report.Fault {
	f := &report.Fault{Code: interchange.CodeNothingMatches, File: out.File, Found: "no cohort and no association that matches", Expected: "at least one"}
	if out.LeftOut > 0 {
		f.Found = "nothing that release " + out.Release + " can carry"
	}
	return f
}

// count counts an entity that was written; what the release cannot carry is told to leave.
func (x *exporter) count(kind interchange.Kind, err error, leave func(*interchange.CarryError)) error {
	var carry *interchange.CarryError
	switch {
	case err == nil:
		x.out.Counts[kind.String()]++
	case errors.As(err, &carry):
		leave(carry)
	default:
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}
