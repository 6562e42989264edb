package batch

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/interchange/source"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// ValidateOptions are the choices of a validation.
type ValidateOptions struct {
	ReadOptions
	Files []string
	// Each is called for every violation of a file, in the order of the file; ids that are missing come at its end.
	Each func(report.Fault)
}

// Validate checks files against the schema of their release and the rules of a document. It needs no store. Prerequisites are checked for
// well-formedness and for the types of the values that an import keeps.
func Validate(ctx context.Context, opt ValidateOptions) (*report.Validation, error) {
	start := time.Now()
	inputs, err := source.Expand(opt.Files)
	if err != nil {
		return nil, err
	}
	out := &report.Validation{Version: report.Version, Files: []report.ValidatedFile{}}
	for _, in := range inputs {
		v := &validation{opt: &opt, file: report.ValidatedFile{Name: in.Name, Codes: map[interchange.Code]int64{}}}
		err := v.check(ctx, &input{Input: in})
		if fault := asFault(in.Name, err); fault != nil {
			v.found(*fault)
			err = nil
		}
		in.Close()
		if err != nil {
			return nil, err
		}
		v.file.Valid = v.file.Violations == 0
		if !v.file.Valid {
			out.ExitStatus = ExitRefused
		}
		out.Files = append(out.Files, v.file)
	}
	out.Seconds = time.Since(start).Seconds()
	return out, nil
}

// validation is the checking of one file.
type validation struct {
	opt  *ValidateOptions
	file report.ValidatedFile
	ids  *documentIDs
}

func (v *validation) found(f report.Fault) {
	v.file.Violations++
	v.file.Codes[f.Code]++
	if v.opt.Each != nil {
		v.opt.Each(f)
	}
}

func (v *validation) check(ctx context.Context, in *input) error {
	o, err := in.open(ctx, &v.opt.ReadOptions, v.opt.source())
	if err != nil {
		return err
	}
	defer o.Close()
	v.file.Content, v.file.Encoding = o.Content.String(), o.stream.Encoding()
	if o.Release != nil {
		v.file.Release = o.Release.Name
	}
	switch {
	case o.Content.Cohorts():
		return v.document(ctx, o, v.found)
	case o.Content.Prerequisite() && o.Splitter != nil && v.opt.Schemas != "":
		v.file.Checked = "the whole schema"
		return v.document(ctx, o, func(f report.Fault) { v.found(unnamed(f)) })
	case o.Content.Prerequisite():
		return v.prerequisite(o)
	}
	return &scan.Error{At: scan.Pos{Line: 1, Column: 1}, Code: scan.Code(interchange.CodeContentUnknown), Found: o.Content.String(), Expected: "an interchange document or CSV with a header"}
}

// prerequisite checks what an import would keep of a file.
func (v *validation) prerequisite(o *opened) error {
	v.file.Checked = "well-formedness, and the types of the values that are kept; not the whole schema"
	rows, err := o.Rows()
	if err != nil {
		return err
	}
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		v.file.Entities++
		for _, f := range row.Faults {
			v.found(report.Fault{File: v.file.Name, Line: f.At.Line, Column: f.At.Column, Code: interchange.Code(f.Code), Path: f.Path, Found: f.Found, Expected: f.Expected})
		}
	}
}

// checked is what a worker finds in a block.
type checked struct {
	entities   int64
	judged     int64
	violations []interchange.Violation
	ids        parsed // only ids and uses
	err        error
}

func (c *checked) failed() bool { return c.err != nil }

// unnamed hides the value of a fault in a file about people: all of them may be personal there.
func unnamed(f report.Fault) report.Fault {
	switch xsd.Code(f.Code) {
	case xsd.ValueType, xsd.ValueTooLong, xsd.ValueTooShort, xsd.ValueRange, xsd.ValueEnumeration, xsd.ValuePattern:
		if n := utf8.RuneCountInString(f.Found); !strings.HasPrefix(f.Found, "a value of ") {
			f.Found = fmt.Sprintf("a value of %d characters", n)
		}
	}
	return f
}

// document checks every entity against the schema. found takes the violations.
func (v *validation) document(ctx context.Context, o *opened, found func(report.Fault)) error {
	g, root, err := o.engine(&v.opt.ReadOptions)
	if err != nil {
		return err
	}
	v.file.Note = g.note()
	for _, x := range root {
		found(faultOf(v.file.Name, x))
	}
	v.ids = newDocumentIDs("")
	faults := false
	err = inOrder(ctx, o.blocks(&v.opt.ReadOptions), v.opt.jobs(), func() func(*scan.Block) *checked {
		return g.newChecker(ctx).check
	}, func(c *checked) error {
		v.file.Entities += c.entities
		v.file.Judged += c.judged
		v.file.Proven += c.entities - c.judged
		faults = faults || len(c.violations) > 0
		v.merge(c, found)
		if v.opt.Progress != nil {
			v.opt.Progress(Progress{File: v.file.Name, Bytes: o.stream.Stored(), Entities: v.file.Entities})
		}
		return c.err
	})
	if err != nil {
		return err
	}
	if v.file.Entities == 0 && !faults && len(root) == 0 && g.resources == nil {
		v.found(faultOf(v.file.Name, emptyRoot(g.scope)))
	}
	v.dangling()
	return nil
}

// newChecker returns a reader that only checks.
func (g *engine) newChecker(ctx context.Context) *reader {
	r := &reader{validator: g.newValidator(), ctx: ctx}
	r.skim()
	return r
}

// check is the work of a validation on one block.
func (r *reader) check(b *scan.Block) *checked {
	c := &checked{}
	entities, root, judged, err := r.block(r.ctx, b)
	c.err, c.judged, c.entities = err, int64(judged), int64(len(entities)+r.skimmed())
	c.violations = append(c.violations, root...)
	for i := range entities {
		e := &entities[i]
		c.violations = append(c.violations, e.Violations...)
		r.ids(e, &c.ids, false)
	}
	slices.SortStableFunc(c.violations, func(a, b interchange.Violation) int { return int(a.At.Offset - b.At.Offset) })
	return c
}

// merge takes in a block: its violations, and among them those of ids that the document had before.
func (v *validation) merge(c *checked, found func(report.Fault)) {
	violations := c.violations
	p := &c.ids
	for i := range p.ids {
		x := &p.ids[i]
		id := p.bytes(x.id)
		state := idState{entity: x.entity, line: int32(x.at.Line), column: int32(x.at.Column), target: x.target}
		n, first := v.ids.define(id, state)
		if first {
			continue
		}
		violations = append(violations, interchange.Violation{At: x.at, Code: interchange.CodeIDDuplicate, Path: "@id", Found: "id " + short(id),
			Expected: fmt.Sprintf("an id of its own; the first one is at line %d", v.ids.state(n).line)})
	}
	slices.SortStableFunc(violations, func(a, b interchange.Violation) int { return int(a.At.Offset - b.At.Offset) })
	for _, x := range violations {
		found(faultOf(v.file.Name, x))
	}
	for i := range p.uses {
		x := &p.uses[i]
		v.ids.use(p.bytes(x.id), x.at.Line, x.at.Column)
	}
}

// dangling reports each id that is referred to and that no element has, at the first reference to it.
func (v *validation) dangling() {
	var list []report.Fault
	for i := range v.ids.states {
		s := &v.ids.states[i]
		if s.target == noTarget {
			list = append(list, report.Fault{File: v.file.Name, Line: int(s.line), Column: int(s.column), Code: interchange.CodeRefDangling, Path: "@ref",
				Found: "ref " + short(v.ids.names.Key(uint32(i+1))), Expected: "the id of an element of this file"})
		}
	}
	slices.SortFunc(list, func(a, b report.Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	for _, f := range list {
		v.found(f)
	}
}
