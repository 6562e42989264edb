package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/interchange/roster"
	"cohortx/store"
)

// prerequisiteBatch is how many rows of a prerequisite are held before they are written.
const prerequisiteBatch = 1000

// prerequisites applies the rows of one file of students, staff, education organizations, programs or sections inside a transaction.
type prerequisites struct {
	tx       *store.Tx
	dict     *store.Dictionaries
	file     int
	log      *rejectLog
	counts   report.Counts
	entities int64
	invalid  map[int64][]roster.Fault // what the official schema says, by the offset of the entity
	progress func(entities int64)     // called after every batch

	organizations   []store.EducationOrganizationRow
	students, staff []store.PersonRow
	programs        []store.ProgramRow
	early           []roster.Row // programs whose organization has not been seen yet
	sections        []store.SectionRow
	sessions        []store.SessionRow
}

// apply reads all rows and writes them. A *scan.Error means that the file is not well-formed and must be rolled back.
func (p *prerequisites) apply(ctx context.Context, rows *roster.Reader) error {
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return p.finish(ctx)
		}
		if err != nil {
			return err
		}
		if err := p.take(row); err != nil {
			return err
		}
		if p.held() >= prerequisiteBatch {
			if err := p.flush(ctx); err != nil {
				return err
			}
			p.progress(p.entities)
		}
	}
}

func (p *prerequisites) held() int {
	return len(p.organizations) + len(p.students) + len(p.staff) + len(p.programs) + len(p.sections) + len(p.sessions)
}

// take turns a row of the file into a row of the store, or into a reject.
func (p *prerequisites) take(row *roster.Row) error {
	if row.Kind == roster.CourseOfferingKind {
		return nil // nothing refers to them but sections, which carry the keys themselves
	}
	p.entities++
	row.Faults = append(row.Faults, p.invalid[row.At.Offset]...)
	if len(row.Faults) > 0 {
		return p.reject(row)
	}
	switch row.Kind {
	case roster.EducationOrganizationKind:
		p.organizations = append(p.organizations, organizationRow(row.EducationOrganization))
	case roster.StudentKind:
		p.students = append(p.students, personRow(p.dict.Students, row.Person))
	case roster.StaffKind:
		p.staff = append(p.staff, personRow(p.dict.Staff, row.Person))
	case roster.ProgramKind:
		if _, ok := p.dict.EducationOrganizations[row.Program.EducationOrganizationID]; !ok {
			early := *row // its organization may stand behind it, or be held; the values are the row's until the next one is read
			program := *row.Program
			early.Program, early.Raw = &program, nil
			p.early = append(p.early, early)
			return nil
		}
		p.program(row.Program)
	case roster.SessionKind:
		p.sessions = append(p.sessions, sessionRow(row.Session))
	case roster.SectionKind:
		key := sectionKey(row.Section)
		number, _ := p.dict.Sections.Add(key.AppendKey(nil))
		p.sections = append(p.sections, store.SectionRow{Number: number, SectionKey: key})
	}
	return nil
}

func (p *prerequisites) program(x *roster.Program) {
	key := interchange.ProgramKey{EducationOrganizationID: x.EducationOrganizationID, ProgramName: x.Name, ProgramType: x.Type.Value}
	number, _ := p.dict.Programs.Add(key.AppendKey(nil))
	p.programs = append(p.programs, store.ProgramRow{Number: number, ProgramKey: key, ProgramID: x.ProgramID})
}

// finish ends the file: programs that waited for their organizations are written, or rejected.
func (p *prerequisites) finish(ctx context.Context) error {
	if err := p.flush(ctx); err != nil {
		return err
	}
	for i := range p.early {
		row := &p.early[i]
		if _, ok := p.dict.EducationOrganizations[row.Program.EducationOrganizationID]; ok {
			p.program(row.Program)
			continue
		}
		row.Faults = append(row.Faults, roster.Fault{
			At: row.At, Code: string(interchange.CodeEducationOrganizationNotFound), Path: "Program/EducationOrganizationReference",
			Found: strconv.FormatInt(row.Program.EducationOrganizationID, 10), Expected: "an education organization of the store or of this file",
		})
		if err := p.reject(row); err != nil {
			return err
		}
	}
	return p.flush(ctx)
}

func (p *prerequisites) reject(row *roster.Row) error {
	p.counts.Add(row.Kind.String(), interchange.Rejected, 1)
	f := row.Faults[0]
	l := &logged{EntityName: row.Kind.String(), Start: row.At}
	l.At, l.End, l.Code, l.Key = f.At, row.End, interchange.Code(f.Code), row.Key
	l.Path, l.Found, l.Expected = f.Path, f.Found, f.Expected
	if row.Kind == roster.StudentKind || row.Kind == roster.StaffKind {
		l.Person = row.Key
	}
	for _, more := range row.Faults[1:] {
		l.Also = append(l.Also, interchange.Violation{At: more.At, Code: interchange.Code(more.Code), Path: more.Path, Found: more.Found, Expected: more.Expected})
	}
	return p.log.add(interchange.PlaceOf(p.file, row.At.Offset), l)
}

// flush writes what is held: organizations first, as programs refer to them.
func (p *prerequisites) flush(ctx context.Context) error {
	for _, step := range []struct {
		kind roster.Kind
		n    int
		put  func() ([]interchange.Outcome, error)
	}{
		{roster.EducationOrganizationKind, len(p.organizations), func() ([]interchange.Outcome, error) { return p.tx.PutEducationOrganizations(ctx, p.organizations) }},
		{roster.ProgramKind, len(p.programs), func() ([]interchange.Outcome, error) { return p.tx.PutPrograms(ctx, p.programs) }},
		{roster.SessionKind, len(p.sessions), func() ([]interchange.Outcome, error) { return p.tx.PutSessions(ctx, p.sessions) }},
		{roster.SectionKind, len(p.sections), func() ([]interchange.Outcome, error) { return p.tx.PutSections(ctx, p.sections) }},
		{roster.StaffKind, len(p.staff), func() ([]interchange.Outcome, error) { return p.tx.PutStaff(ctx, p.staff) }},
		{roster.StudentKind, len(p.students), func() ([]interchange.Outcome, error) { return p.tx.PutStudents(ctx, p.students) }},
	} {
		if step.n == 0 {
			continue
		}
		outcomes, err := step.put()
		if err != nil {
			return fmt.Errorf("write %s: %w", step.kind, err)
		}
		for _, o := range outcomes {
			p.counts.Add(step.kind.String(), o, 1)
		}
	}
	for i := range p.organizations {
		p.dict.EducationOrganizations[p.organizations[i].ID] = struct{}{}
	}
	p.organizations, p.programs, p.sections, p.sessions = p.organizations[:0], p.programs[:0], p.sections[:0], p.sessions[:0]
	p.staff, p.students = p.staff[:0], p.students[:0]
	return nil
}
