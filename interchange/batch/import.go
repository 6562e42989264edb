package batch

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/interchange/roster"
	"cohortx/interchange/source"
	"cohortx/store"
	"cohortx/xsd/scan"
)

// importer is one import under way.
type importer struct {
	opt       ImportOptions
	db        *store.DB
	run       *store.Run // nil in a dry run
	inputs    []*input
	dict      *store.Dictionaries
	rep       *report.Run
	log       rejectLog
	dir       string // for temporary files
	release   string // of the last StudentCohort file that was applied
	warnings  *warnings
	ids       map[int]*documentIDs
	committed bool // the run's outcome is in the store
	dry       *store.Tx
	untouched bool             // nobody has written to the store since the last run
	before    *store.RunRecord // the last run, nil if there is none
	skipped   bool             // the files are those of the last run
	claimed   Claimed          // with ImportOptions.Claim
}

// Import applies files to a store: prerequisites first, then the StudentCohort files as one set in one transaction. The report is complete
// also when the error is not nil, as far as the run came. Rejects are no error; the report's ExitStatus says what came out.
func Import(ctx context.Context, opt ImportOptions) (*report.Run, error) {
	im := &importer{opt: opt, rep: report.NewRun(opt.Version, opt.Store)}
	im.rep.Command, im.rep.DryRun = opt.Command, opt.DryRun
	im.dated()
	err := im.do(ctx)
	im.conclude(err)
	im.rep.PeakMemoryMiB = peakMemory()
	im.rep.Ended()
	if opt.Redact {
		im.rep.Redact()
	}
	return im.rep, err
}

func (im *importer) do(ctx context.Context) (err error) {
	var inputs []*source.Input
	defer func() {
		for _, in := range inputs {
			in.Close()
		}
	}()
	if im.opt.Claim == nil {
		if inputs, err = im.expand(); err != nil {
			return err
		}
	}
	im.dir = filepath.Dir(im.opt.Store)
	im.log = newRejectLog(im.dir)
	defer im.log.close()
	opt := store.Options{Create: !im.opt.DryRun, MaxPages: im.opt.MaxPages}
	return withStore(ctx, im.opt.Store, opt, im.opt.DryRun, func(db *store.DB, lock *store.Lock) error {
		im.db, im.untouched, im.rep.StoreCreated = db, lock.Untouched(), db.Created()
		defer func() {
			if im.dry != nil {
				im.dry.Rollback()
			}
		}()
		if err := im.begun(ctx); err != nil {
			return err
		}
		if im.opt.Claim != nil {
			if inputs, err = im.claim(ctx); err != nil {
				return im.finish(ctx, err)
			}
		}
		same, err := im.unchanged(ctx, inputs)
		if err == nil && !same {
			err = im.apply(ctx, inputs)
		}
		err = im.finish(ctx, err)
		remember(ctx, db, im.rep)
		return err
	})
}

// begun gives the run its row in the store. A dry run has none.
func (im *importer) begun(ctx context.Context) (err error) {
	if im.opt.DryRun {
		return nil
	}
	if im.before, err = im.lastRun(ctx); err != nil {
		return err
	}
	im.run, err = im.db.StartRun(ctx, store.RunInfo{Command: im.opt.Command, Mode: im.mode(), Version: im.opt.Version, Settings: im.settings()})
	if err == nil {
		im.rep.Run = im.run.Number
	}
	return err
}

// settings is what the store remembers of a run's options.
func (im *importer) settings() any {
	list := map[string]any{
		"overlap": im.opt.Policies.Overlap.String(), "reopen": im.opt.Policies.Reopen.String(), "allow_missing": im.opt.Allow,
		"max_rejects": im.opt.Limit, "xsd": im.opt.Schemas != "",
	}
	if r := im.opt.AsRelease; r != nil {
		list["as_release"] = r.Name
	}
	if c := im.opt.Complete; c != nil {
		list["as_of"], list["scope"] = im.rep.Complete.AsOf, c.Scope
		list["max_removals"], list["max_drift"] = c.Guards.MaxRemovals, c.Guards.MaxDrift
	}
	return list
}

func (im *importer) mode() string {
	if im.opt.Complete != nil {
		return "full"
	}
	return "update"
}

// lastRun is the run before this one.
func (im *importer) lastRun(ctx context.Context) (*store.RunRecord, error) {
	runs, err := im.db.Runs(ctx)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	run, found, err := im.db.RunByNumber(ctx, runs[0].Number)
	if err != nil || !found {
		return nil, err
	}
	return &run, nil
}

// step times a part of the run.
func (im *importer) step(name string, f func() error) error {
	slog.Info("step", "step", name)
	im.progress(Progress{Step: name})
	start := time.Now()
	err := f()
	im.rep.Steps = append(im.rep.Steps, report.Step{Name: name, Seconds: time.Since(start).Seconds()})
	return err
}

func (im *importer) progress(p Progress) {
	if im.opt.Progress != nil {
		im.opt.Progress(p)
	}
}

func (im *importer) apply(ctx context.Context, inputs []*source.Input) error {
	err := im.step("look at files", func() (err error) {
		im.inputs, err = survey(ctx, inputs, &im.opt.ReadOptions)
		im.addRefused()
		return err
	})
	if err != nil {
		return err
	}
	var cohorts []*input
	if err := im.step("read keys", func() (err error) { im.dict, err = im.db.Dictionaries(ctx); return err }); err != nil {
		return err
	}
	for _, in := range im.inputs {
		switch {
		case in.report.Refusal != nil:
		case in.content.Cohorts():
			cohorts = append(cohorts, in)
		case in.content.Prerequisite():
			if err := im.step("apply "+in.content.String(), func() error { return im.prerequisite(ctx, in) }); err != nil {
				return err
			}
		default:
			in.refuse(report.Fault{File: in.Name, Line: 1, Column: 1, Code: interchange.CodeContentUnknown, Found: in.content.String(),
				Expected: "an interchange document or CSV with a header"})
		}
	}
	if len(cohorts) == 0 {
		return nil
	}
	return im.cohorts(ctx, cohorts)
}

// prerequisite applies one file of students, staff, organizations, programs or sections, in a transaction of its own.
func (im *importer) prerequisite(ctx context.Context, in *input) error {
	src := im.opt.source()
	src.Hash = true
	o, err := in.open(ctx, &im.opt.ReadOptions, src)
	if err != nil {
		return err
	}
	defer o.Close()
	rows, err := o.Rows()
	if err != nil {
		return err
	}
	log := newRejectLog(im.dir)
	defer log.close()
	p := &prerequisites{dict: im.dict, file: in.number, log: &log, counts: report.Counts{}, progress: func(entities int64) {
		im.progress(Progress{File: in.Name, Bytes: o.stream.Stored(), Entities: entities})
	}}
	in.report.Checked = "well-formedness, and the types of the values that are kept"
	if im.opt.Schemas != "" && o.Splitter != nil {
		in.report.Checked = "the whole schema"
		if p.invalid, err = im.invalidEntities(ctx, in); err != nil {
			return err
		}
	}
	if p.tx, err = im.begin(ctx); err != nil {
		return err
	}
	defer im.rollback(p.tx)
	if err := p.tx.From(position(in.number)); err != nil {
		return err
	}
	err = p.apply(ctx, rows)
	in.report.Entities, in.report.Rejected = p.entities, int64(log.Len())
	if err == nil && im.opt.Limit.exceeded(int64(log.Len()), p.entities) {
		in.refuse(im.tooMany(in.Name, int64(log.Len()), p.entities))
		in.report.Verdict = "rolled_back"
	} else if fault := asFault(in.Name, err); fault != nil {
		in.refuse(*fault)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	if err := im.log.take(&log); err != nil {
		return err
	}
	if in.report.Refusal != nil {
		if im.opt.DryRun {
			return fmt.Errorf("%s was refused, so a dry run cannot tell what would follow: %s", in.Name, in.report.Refusal.Message())
		}
		if err := im.rollback(p.tx); err != nil {
			return err
		}
		// Numbers given to rows that are not there after all must not be used.
		im.dict, err = im.db.Dictionaries(ctx)
		return err
	}
	if !im.opt.DryRun {
		if err := p.tx.Commit(ctx); err != nil {
			return err
		}
	}
	in.report.Fingerprint = hex.EncodeToString(o.stream.Fingerprint())
	im.keep(in, p.counts)
	return nil
}

// begin starts a transaction. All of a dry run is one, which is rolled back at its end.
func (im *importer) begin(ctx context.Context) (*store.Tx, error) {
	if im.dry != nil {
		return im.dry, nil
	}
	tx, err := im.db.Begin(ctx)
	if im.opt.DryRun {
		im.dry = tx
	}
	return tx, err
}

// rollback ends a transaction that was not committed; that of a dry run goes on.
func (im *importer) rollback(tx *store.Tx) error {
	if im.opt.DryRun {
		return nil
	}
	return tx.Rollback()
}

// invalidEntities holds a prerequisite against its official schema (--xsd) and returns what is wrong, by the offset of the entity.
func (im *importer) invalidEntities(ctx context.Context, in *input) (map[int64][]roster.Fault, error) {
	o, err := in.open(ctx, &im.opt.ReadOptions, im.opt.source())
	if err != nil {
		return nil, err
	}
	defer o.Close()
	g, _, err := o.engine(&im.opt.ReadOptions)
	if err != nil {
		return nil, err
	}
	in.report.Note = g.note()
	type found struct {
		offset int64
		fault  roster.Fault
	}
	invalid := map[int64][]roster.Fault{}
	err = inOrder(ctx, o.Splitter, im.opt.jobs(), func() func(*scan.Block) []found {
		v := g.newValidator()
		return func(b *scan.Block) (list []found) {
			entities, _, _, _ := v.block(ctx, b) // a block that breaks is found again, and reported, when the rows are read
			for i := range entities {
				for _, x := range entities[i].Violations {
					f := unnamed(faultOf(in.Name, x))
					list = append(list, found{entities[i].At.Offset, roster.Fault{At: x.At, Code: string(f.Code), Path: f.Path, Found: f.Found, Expected: f.Expected}})
				}
			}
			return list
		}
	}, func(list []found) error {
		for _, x := range list {
			invalid[x.offset] = append(invalid[x.offset], x.fault)
		}
		return nil
	})
	if asFault(in.Name, err) != nil {
		err = nil // likewise
	}
	return invalid, err
}

// keep adds the counts of a file, unless it was refused: then nothing happened to its entities.
func (im *importer) keep(in *input, c report.Counts) {
	if in.report.Refusal != nil {
		return
	}
	in.report.Verdict = "applied"
	if in.report.Rejected > 0 {
		in.report.Verdict, in.report.ExitStatus = "applied_with_rejects", ExitRejects
	}
	for kind, of := range c {
		for outcome, n := range of {
			if im.rep.Counts[kind] == nil {
				im.rep.Counts[kind] = map[string]int64{}
			}
			im.rep.Counts[kind][outcome] += n
		}
	}
}

func (im *importer) tooMany(file string, rejects, entities int64) report.Fault {
	expected := fmt.Sprintf("at most %d", im.opt.Limit.Count)
	if im.opt.Limit.Share {
		expected = fmt.Sprintf("at most %g %%", im.opt.Limit.Percent)
	}
	return report.Fault{File: file, Line: 1, Column: 1, Code: interchange.CodeTooManyRejects,
		Found: rejectedOf(rejects, entities), Expected: expected + "; --max-rejects sets the limit"}
}

// cohorts reads the StudentCohort files as one set and applies it.
func (im *importer) cohorts(ctx context.Context, inputs []*input) error {
	s := newSet(im.dict, im.dir, im.opt.Allow, im.opt.Policies)
	s.moves = newMoves(im.day(), im.db.EndExclusive(), s.cohorts.base, s.cohorts.key)
	defer s.close()
	if err := im.checkScope(); err != nil {
		return err
	}
	err := im.step("read cohorts", func() error {
		// One for all files, as it makes indexes of the store when the first lookup comes.
		find := &finder{open: im.finder}
		for _, in := range inputs {
			if err := im.readCohorts(ctx, s, in, find); err != nil {
				return errors.Join(err, find.close())
			}
		}
		return errors.Join(s.settle(), find.close())
	})
	if err != nil {
		return err
	}
	whole := true
	for _, in := range inputs {
		whole = whole && in.report.Refusal != nil
	}
	if whole {
		return im.log.take(&s.log)
	}
	counts := im.rep.Counts.Clone()
	if err := im.applySet(ctx, s, inputs); err != nil {
		im.undo(counts, inputs, err)
		return err
	}
	return nil
}

// finder sees what the store holds; in a dry run, what it would hold.
func (im *importer) finder() (*store.Finder, error) {
	if im.dry != nil {
		return im.dry.Finder(), nil
	}
	return im.db.Finder()
}

// undo takes back what the report says of a set whose transaction was rolled back.
func (im *importer) undo(counts report.Counts, inputs []*input, why error) {
	im.rep.Counts, im.rep.HeldBack, im.rep.Cohorts = counts, nil, nil
	for _, in := range inputs {
		if in.report.Refusal == nil {
			in.report.Verdict, in.report.ExitStatus = "rolled_back", ExitOf(why)
		}
	}
}

// readCohorts is pass 1 over one file.
func (im *importer) readCohorts(ctx context.Context, s *set, in *input, find *finder) error {
	src := im.opt.source()
	src.Hash = true
	o, err := in.open(ctx, &im.opt.ReadOptions, src)
	if err != nil {
		return err
	}
	defer o.Close()
	g, root, err := o.engine(&im.opt.ReadOptions)
	if err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	in.report.Note = g.note()
	d := s.newDocument(in.number, in.Name, g.schema)
	d.root = root
	free := make(chan *parsed, 4*im.opt.jobs())
	err = inOrder(ctx, o.blocks(&im.opt.ReadOptions), im.opt.jobs(), func() func(*scan.Block) *parsed {
		r := &reader{validator: g.newValidator().lean(), ctx: ctx, set: s}
		return func(b *scan.Block) *parsed {
			var p *parsed
			select {
			case p = <-free:
			default:
				p = &parsed{}
			}
			r.read(b, p)
			return p
		}
	}, func(p *parsed) error {
		if err := d.collect(p); err != nil {
			return err
		}
		im.progress(Progress{File: in.Name, Bytes: o.stream.Stored(), Entities: d.total()})
		select {
		case free <- p:
		default:
		}
		return nil
	})
	in.report.Entities = d.total()
	im.rep.Judged += d.judged
	im.rep.Proven += d.total() - d.judged
	if fault := asFault(in.Name, err); fault != nil {
		in.refuse(*fault)
		s.refused[in.number] = true
		return d.close()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	in.report.Fingerprint = hex.EncodeToString(o.stream.Fingerprint())
	if d.total() == 0 && len(d.root) == 0 && g.resources == nil {
		d.root = append(d.root, emptyRoot(g.scope))
	}
	if len(d.root) > 0 {
		for _, v := range d.root {
			in.report.Faults = append(in.report.Faults, faultOf(in.Name, v))
			if len(in.report.Faults) == mostFaults {
				break
			}
		}
		v := d.root[0]
		f := faultOf(in.Name, v)
		f.Detail = string(f.Code)
		f.Code = interchange.CodeRootInvalid
		in.refuse(f)
		s.refused[in.number] = true
		return d.close()
	}
	if o.Release != nil {
		im.release = o.Release.Name
	}
	if err := d.settle(ctx, g, find); err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	return nil
}

// mostFaults is how many places of a refusal are listed.
const mostFaults = 20

func faultOf(file string, v interchange.Violation) report.Fault {
	return report.Fault{File: file, Line: v.At.Line, Column: v.At.Column, Code: v.Code, Path: v.Path, Found: v.Found, Expected: v.Expected}
}
