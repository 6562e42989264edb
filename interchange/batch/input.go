package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/interchange/resource"
	"cohortx/interchange/roster"
	"cohortx/interchange/source"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// input is one file of a run.
type input struct {
	*source.Input
	number  int // place among the files of the run, as in interchange.Place
	content roster.Content
	release *interchange.Release
	report  report.File
}

// opened is an input that is being read from its start.
type opened struct {
	*roster.File
	stream *source.Stream
}

func (o *opened) Close() error { return o.stream.Close() }

// open starts reading an input and finds out what it holds. A *scan.Error says why it cannot be read.
func (in *input) open(ctx context.Context, opt *ReadOptions, src source.Options) (*opened, error) {
	stream, err := in.Open(ctx, src)
	if err != nil {
		return nil, err
	}
	file, err := roster.Sniff(ctx, stream, roster.Options{AsRelease: opt.AsRelease, Schemas: opt.Schemas, Scan: opt.Scan})
	if err != nil {
		stream.Close()
		return nil, err
	}
	if file.Splitter != nil && opt.AsRelease != nil {
		if file.Release, err = file.Release.In(file.Splitter.Scope().URI(file.Splitter.Scope().Name.Space)); err != nil {
			stream.Close()
			return nil, err
		}
	}
	return &opened{file, stream}, nil
}

// survey opens every input once to see what it is, and puts the inputs into the order in which they depend on each other; those of one
// content stay as they were given. An input that tells nothing known is refused: its report says why.
func survey(ctx context.Context, inputs []*source.Input, opt *ReadOptions) ([]*input, error) {
	var list []*input
	for _, i := range inputs {
		in := &input{Input: i, report: report.File{Name: i.Name, Bytes: i.Size}}
		list = append(list, in)
		o, err := in.open(ctx, opt, opt.source())
		if err != nil {
			if fault := asFault(in.Name, err); fault != nil {
				in.refuse(*fault)
				continue
			}
			return nil, err
		}
		in.content, in.release = o.Content, o.Release
		in.report.Content, in.report.Encoding = o.Content.String(), o.stream.Encoding()
		if o.Release != nil {
			in.report.Release = o.Release.Name
		}
		if in.Size < 0 {
			// What can be read once only is kept while it is read; take it all, so that it can be read again from there.
			if err := in.Drain(o.stream); err != nil {
				o.Close()
				if fault := asFault(in.Name, err); fault != nil {
					in.refuse(*fault)
					continue
				}
				return nil, err
			}
		}
		if err := o.Close(); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(list, func(a, b *input) int { return int(a.content.Order()) - int(b.content.Order()) })
	for n, in := range list {
		in.number = n
	}
	return list, nil
}

// refuse notes why the file is not applied.
func (in *input) refuse(f report.Fault) {
	in.report.Verdict, in.report.ExitStatus = "refused", ExitRefused
	in.report.Refusal = &f
}

// asFault turns an error about the content of a file into a fault; nil if it is none.
func asFault(name string, err error) *report.Fault {
	var x *scan.Error
	if !errors.As(err, &x) {
		return nil
	}
	return &report.Fault{File: name, Line: x.At.Line, Column: x.At.Column, Code: interchange.Code(x.Code), Found: x.Found, Expected: x.Expected}
}

// schemaError says which schema cannot be used, and where it was looked for if that is a folder of official ones.
func schemaError(r *interchange.Release, folder string, err error) error {
	if folder != "" {
		return fmt.Errorf("schema of release %s in %s: %w", r.Name, folder, err)
	}
	return fmt.Errorf("schema of release %s: %w", r.Name, err)
}

// officialSchemas are the files of the prerequisites in a folder of official Ed-Fi XSDs.
var officialSchemas = map[roster.Content]string{
	roster.EducationOrganizations: "Interchange-EducationOrganization.xsd",
	roster.Sessions:               "Interchange-EducationOrgCalendar.xsd",
	roster.MasterSchedule:         "Interchange-MasterSchedule.xsd",
	roster.StaffMembers:           "Interchange-StaffAssociation.xsd",
	roster.Students:               "Interchange-Student.xsd",
}

// engine makes what the workers on a document need, and says what is wrong with its root.
func (o *opened) engine(opt *ReadOptions) (*engine, []interchange.Violation, error) {
	if o.Content == roster.JSONLines {
		types, err := resource.LoadTypes()
		return &engine{resources: types}, nil, err
	}
	schema, err := interchange.LoadSchema(o.Release, opt.Schemas)
	if file, ok := officialSchemas[o.Content]; ok {
		schema, err = interchange.LoadOfficial(opt.Schemas, file)
	}
	if err != nil {
		return nil, nil, schemaError(o.Release, opt.Schemas, err)
	}
	g := &engine{schema: schema, release: o.Release, scope: o.Splitter.Scope(), distrust: opt.Distrust}
	if plainRoot(g.scope, schema) {
		return g, nil, nil
	}
	judge, err := judgeOf(schema)
	if err != nil {
		return nil, nil, schemaError(o.Release, opt.Schemas, err)
	}
	found, err := judge.CheckRoot(g.scope)
	if err != nil {
		return nil, nil, err
	}
	var root []interchange.Violation
	for _, v := range found {
		root = append(root, interchange.LocaliseRoot(g.scope, v))
	}
	return g, root, nil
}

// note says that the tables of a schema prove nothing, and why; "" if they do.
func (g *engine) note() string {
	if g.schema == nil {
		return "" // JSON resources have no XSD
	}
	if ok, why := g.schema.Tabled(); !ok {
		return "libxml2 alone decides, which is slower: the tables cannot follow this schema, as " + why
	}
	return ""
}

// plainRoot reports whether a root is the schema's and has no attribute but those that say where a schema lies. Then there is nothing to ask
// libxml2, which takes longer to get ready than a small file to be checked.
func plainRoot(scope *scan.Scope, s *xsd.Schema) bool {
	if string(scope.Name.Local) != s.Root() || scope.URI(scope.Name.Space) != s.TargetNamespace() {
		return false
	}
	for _, a := range scope.Attrs {
		if name := string(a.Name.Local); a.Name.Space != scan.XSISpace || name != "schemaLocation" && name != "noNamespaceSchemaLocation" {
			return false
		}
	}
	return true
}

// emptyRoot is the violation of a root without children.
func emptyRoot(scope *scan.Scope) interchange.Violation {
	return interchange.Violation{
		At: scope.At, Code: interchange.Code(xsd.ElementMissing), Path: string(scope.Name.Local), Found: "no entity",
		Expected: "at least one Cohort, StudentCohortAssociation or StaffCohortAssociation",
	}
}
