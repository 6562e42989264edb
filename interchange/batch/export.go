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
	write := func(w io.Writer, check bool) error {
		c := &countingWriter{w: w}
		x, err := newExporter(ctx, &opt, out, left, c, check)
		if err != nil {
			return err
		}
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
		err = write(opt.Out, false)
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

// encoder encodes the form that is asked for.
func (opt *ExportOptions) encoder() (encoder, error) {
	if opt.Resources != 0 {
		return resource.NewEncoder(opt.Release), nil
	}
	schema, err := interchange.LoadSchema(opt.Release, "")
	if err != nil {
		return nil, err
	}
	return interchange.NewEncoder(opt.Release, schema), nil
}

// writes says whether entities of a kind are written.
func (opt *ExportOptions) writes(kind interchange.Kind) bool {
	return opt.Resources == 0 || opt.Resources == kind
}

// compressed compresses what is written.
func compressed(write func(io.Writer, bool) error, out *report.Export) func(io.Writer, bool) error {
	return func(w io.Writer, check bool) error {
		packed := &countingWriter{w: w}
		z := gzip.NewWriter(packed) // no name, no time: equal data give equal bytes
		if err := write(z, check); err != nil {
			return err // the compressed file is not ended, nor, when there is nothing to export, begun
		}
		if err := z.Close(); err != nil {
			return err
		}
		out.Bytes = packed.n
		return nil
	}
}

// file writes, checks and renames.
func (opt *ExportOptions) file(ctx context.Context, out *report.Export, write func(w io.Writer, check bool) error) (err error) {
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
	// XML is checked while it is written, before it is compressed; JSON is read back.
	beside := opt.Resources == 0
	if err := write(&steadyWriter{f: f, keep: !beside}, beside); err != nil {
		return fmt.Errorf("export to %s: %w", opt.Path, err)
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

// encoder encodes entities: an interchange.Encoder or a resource.Encoder.
type encoder interface {
	AppendStart(dst []byte) []byte
	AppendCohort(dst []byte, c *interchange.Cohort) ([]byte, error)
	AppendAssociation(dst []byte, a *interchange.Association) ([]byte, error)
	AppendEnd(dst []byte) []byte
}

// steadyWriter writes a file and has the disk keep up with it: at most two strides of it are not yet on the disk.
type steadyWriter struct {
	f       *os.File
	keep    bool  // in memory: it will be read at once
	n       int64 // bytes written to the file,
	started int64 // of them, given to the disk,
	gone    int64 // of them, on the disk and out of memory
}

// stride is how much is given to the disk at once.
const stride = 16 << 20

func (w *steadyWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	w.n += int64(n)
	if err != nil || w.n-w.started < stride {
		return n, err
	}
	writeback(w.f, w.started, w.n-w.started)
	before := w.started
	w.started = w.n
	if w.keep || before == w.gone {
		return n, nil
	}
	from := w.gone
	w.gone = before
	return n, letGo(w.f, from, before-from)
}

// exporter is one export under way.
type exporter struct {
	opt  *ExportOptions
	out  *report.Export
	left *leftOut

	w       io.Writer
	start   []byte
	started bool         // start is written
	check   *exportCheck // nil: what is written is not checked meanwhile
	workers []*pieceWorker
	pieces  []*piece
}

// newExporter returns an exporter that writes to w, and checks meanwhile if that is asked for.
func newExporter(ctx context.Context, opt *ExportOptions, out *report.Export, left *leftOut, w io.Writer, check bool) (*exporter, error) {
	x := &exporter{opt: opt, out: out, left: left, w: w}
	for range opt.jobs() {
		enc, err := opt.encoder()
		if err != nil {
			return nil, err
		}
		x.workers = append(x.workers, &pieceWorker{enc: enc})
	}
	x.start = x.workers[0].enc.AppendStart(nil)
	const each = 2 // so that no worker waits for the writer
	for range each * opt.jobs() {
		x.pieces = append(x.pieces, &piece{done: make(chan error, 1)})
	}
	if !check {
		return x, nil
	}
	schema, err := interchange.LoadSchema(opt.Release, "")
	if err != nil {
		return nil, err
	}
	if x.check, err = newExportCheck(ctx, x.start, opt.Release, schema); err != nil {
		return nil, err
	}
	for _, w := range x.workers {
		w.check = x.check.newWorker()
	}
	return x, nil
}

func (x *exporter) all(ctx context.Context, db *store.DB, f store.Filter) error {
	e, err := db.Export(ctx, f)
	if err != nil {
		return err
	}
	defer e.Close()
	if x.opt.writes(interchange.CohortKind) {
		if err := pieces(ctx, x, interchange.CohortKind, func(ctx context.Context) iter.Seq2[[]store.ExportedCohort, error] { return inBlocks(e.Cohorts(ctx)) }, x.cohorts); err != nil {
			return err
		}
	}
	// All cohorts that are left out are known now.
	for _, kind := range interchange.AssociationKinds {
		if !x.opt.writes(kind) {
			continue
		}
		if err := pieces(ctx, x, kind, func(ctx context.Context) iter.Seq2[*store.ExportBlock, error] { return e.Blocks(ctx, kind) }, x.associations); err != nil {
			return err
		}
	}
	if x.out.Entities() == 0 && !x.opt.Force {
		x.out.Refusal = nothingMatches(x.out)
		return errNothing
	}
	end := x.workers[0].enc.AppendEnd(nil)
	if x.check != nil {
		if err := x.check.finish(end, x.out.Entities()); err != nil {
			return err
		}
	}
	return x.write(end)
}

// inBlocks gathers cohorts.
func inBlocks(list iter.Seq2[*store.ExportedCohort, error]) iter.Seq2[[]store.ExportedCohort, error] {
	const each = 256
	return func(yield func([]store.ExportedCohort, error) bool) {
		var block []store.ExportedCohort
		for c, err := range list {
			if err != nil {
				yield(nil, err)
				return
			}
			if block = append(block, *c); len(block) == each {
				if !yield(block, nil) {
					return
				}
				block = nil
			}
		}
		if len(block) > 0 {
			yield(block, nil)
		}
	}
}

func (x *exporter) cohorts(w *pieceWorker, p *piece, list []store.ExportedCohort) error {
	for i := range list {
		c := &list[i]
		if c.Unverified {
			continue // nothing is known of it but its key
		}
		var err error
		p.text, err = w.enc.AppendCohort(p.text, &c.Cohort)
		why, err := notCarried(err)
		switch {
		case err != nil:
			return err
		case why != nil:
			p.gone = append(p.gone, c.CohortKey)
			p.left = append(p.left, cohortNotCarried(c.CohortKey, why))
		default:
			p.count++
		}
	}
	return nil
}

func (x *exporter) associations(w *pieceWorker, p *piece, block *store.ExportBlock) error {
	defer block.Release()
	return block.Each(func(a *interchange.Association) error {
		if x.left.orphan(a) {
			p.left = append(p.left, orphaned(a))
			return nil
		}
		var err error
		p.text, err = w.enc.AppendAssociation(p.text, a)
		why, err := notCarried(err)
		switch {
		case err != nil:
			return err
		case why != nil:
			p.left = append(p.left, associationNotCarried(a, why))
			return nil
		}
		p.count++
		if x.opt.Resources == 0 {
			if n, dated := datesNotCarried(a); dated {
				p.left = append(p.left, n)
			}
		}
		return nil
	})
}

// notCarried takes apart what an encoder says: why the release cannot carry an entity, or an error.
func notCarried(err error) (*interchange.CarryError, error) {
	if err == nil {
		return nil, nil
	}
	var carry *interchange.CarryError
	if errors.As(err, &carry) {
		return carry, nil
	}
	return nil, fmt.Errorf("write export: %w", err)
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
