package main

import "strings"

// form is a way to write an entity. All forms of an entity mean the same.
type form uint8

const (
	formPlain     form = iota // indented with tabs, as Ed-Fi's samples are
	formSpaces                // indented with four blanks
	formOneLine               // not indented
	formCRLF                  // lines end in CR LF
	formComment               // comments between the elements and within a value
	formReference             // a value begins with a character reference
	formPadded                // blanks around values whose type collapses them: dates and integers
	formRef                   // the cohort by ref to an id in the same file, instead of its key
	forms
)

// hole is where a value goes in a template. In a template's text it is written {name}.
type hole uint8

const (
	holeNone hole = iota
	holePerson
	holeOrg
	holeCohort   // the cohort's identifier
	holeCohortID // number of the cohort, for its xml id
	holeBegin
	holeBeginRest // without its first character
	holeEnd
	holeAccess
	holeSchool
	holeSection
	holeIDAttribute // ` id="COHT_n"` or nothing
	holeNumber      // a running number in a description
	holeType
	holeScope
)

var holes = map[string]hole{
	"person": holePerson, "org": holeOrg, "cohort": holeCohort, "cohort_id": holeCohortID, "begin": holeBegin, "begin_rest": holeBeginRest,
	"end": holeEnd, "access": holeAccess, "school": holeSchool, "section": holeSection, "id": holeIDAttribute,
	"number": holeNumber, "type": holeType, "scope": holeScope,
}

// piece is literal text followed by a hole.
type piece struct {
	text string
	hole hole
}

// template is an entity's text, or a part of it, in one form.
type template []piece

// parse cuts text at its holes.
func parse(text string) template {
	var t template
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		if !found {
			return append(t, piece{text: before})
		}
		name, after, _ := strings.Cut(rest, "}")
		h, ok := holes[name]
		if !ok {
			panic("cohortgen: a template names an unknown hole: " + name)
		}
		t = append(t, piece{before, h})
		text = after
	}
	return t
}

// in writes text, which is in the plain form, in another one.
func (f form) in(text string) template {
	switch f {
	case formSpaces:
		text = strings.ReplaceAll(text, "\t", "    ")
	case formOneLine:
		lines := strings.SplitAfter(text, "\n")
		for i := range lines {
			lines[i] = strings.TrimSpace(lines[i])
		}
		text = strings.Join(lines, "")
	case formCRLF:
		text = strings.ReplaceAll(text, "\n", "\r\n")
	case formComment:
		text = strings.Replace(text, "<CohortReference>", "<!-- cohort -->\n\t\t<CohortReference>", 1)
		text = strings.Replace(text, "{cohort}", "<!-- <number> -->{cohort}", 1)
	case formReference:
		text = strings.Replace(text, "{begin}", "&#50;{begin_rest}", 1) // all dates begin with a 2
		text = strings.Replace(text, "study group", "study&#x20;group", 1)
	case formPadded:
		for _, h := range []string{"{begin}", "{end}", "{org}"} {
			text = strings.ReplaceAll(text, h, " "+h+" ")
		}
	}
	return parse(text)
}

// associationForm is an association in one form, in the parts that are or are not there.
type associationForm struct {
	head, end, section, access, tail template
}

const cohortByKey = `		<CohortReference>
			<CohortIdentity>
				<CohortIdentifier>{cohort}</CohortIdentifier>
				<EducationOrganizationReference>
					<EducationOrganizationIdentity>
						<EducationOrganizationId>{org}</EducationOrganizationId>
					</EducationOrganizationIdentity>
				</EducationOrganizationReference>
			</CohortIdentity>
		</CohortReference>
`

const cohortByRef = `		<CohortReference ref="COHT_{cohort_id}"/>
`

func (r release) associationForm(f form, staff bool) associationForm {
	kind := "Student"
	if staff {
		kind = "Staff"
	}
	cohort := cohortByKey
	if f == formRef {
		cohort = cohortByRef
	}
	head := "\t<" + kind + "CohortAssociation>\n" +
		"\t\t<" + kind + "Reference>\n\t\t\t<" + kind + "Identity>\n" +
		"\t\t\t\t<" + kind + "UniqueId>{person}</" + kind + "UniqueId>\n" +
		"\t\t\t</" + kind + "Identity>\n\t\t</" + kind + "Reference>\n" +
		cohort + "\t\t<BeginDate>{begin}</BeginDate>\n"
	a := associationForm{
		head:    f.in(head),
		end:     f.in("\t\t<EndDate>{end}</EndDate>\n"),
		section: f.in(r.sectionReference()),
		access:  f.in("\t\t<StudentRecordAccess>{access}</StudentRecordAccess>\n"),
		tail:    f.in("\t</" + kind + "CohortAssociation>\n"),
	}
	if f == formOneLine {
		a.tail = append(a.tail, piece{text: "\n"})
	}
	return a
}

// sectionReference is the reference to a section of the cohort's school by its key.
func (r release) sectionReference() string {
	if r.Descriptors {
		return indent(2, "<SectionReference>\n\t<SectionIdentity>\n"+
			"\t\t<SectionIdentifier>{school}-{section}-2026</SectionIdentifier>\n"+
			indent(2, r.courseOfferingReference())+
			"\t</SectionIdentity>\n</SectionReference>\n")
	}
	return indent(2, "<SectionReference>\n\t<SectionIdentity>\n"+
		indent(2, locationReference)+indent(2, classPeriodReference)+indent(2, r.courseOfferingReference())+
		"\t\t<UniqueSectionCode>{school}-{section}-2026</UniqueSectionCode>\n"+
		"\t\t<SequenceOfCourse>1</SequenceOfCourse>\n\t</SectionIdentity>\n</SectionReference>\n")
}

const (
	schoolReference      = "<SchoolReference>\n\t<SchoolIdentity>\n\t\t<SchoolId>{school}</SchoolId>\n\t</SchoolIdentity>\n</SchoolReference>\n"
	locationReference    = "<LocationReference>\n\t<LocationIdentity>\n\t\t<ClassroomIdentificationCode>{section}</ClassroomIdentificationCode>\n\t\t<SchoolReference>\n\t\t\t<SchoolIdentity>\n\t\t\t\t<SchoolId>{school}</SchoolId>\n\t\t\t</SchoolIdentity>\n\t\t</SchoolReference>\n\t</LocationIdentity>\n</LocationReference>\n"
	classPeriodReference = "<ClassPeriodReference>\n\t<ClassPeriodIdentity>\n\t\t<ClassPeriodName>0{section} - Traditional</ClassPeriodName>\n\t\t<SchoolReference>\n\t\t\t<SchoolIdentity>\n\t\t\t\t<SchoolId>{school}</SchoolId>\n\t\t\t</SchoolIdentity>\n\t\t</SchoolReference>\n\t</ClassPeriodIdentity>\n</ClassPeriodReference>\n"
)

func (r release) courseOfferingReference() string {
	session := "<SessionReference>\n\t<SessionIdentity>\n" + indent(2, schoolReference) + "\t\t<SchoolYear>" + schoolYear + "</SchoolYear>\n" +
		"\t\t<Term>\n\t\t\t<CodeValue>Fall Semester</CodeValue>\n\t\t</Term>\n\t</SessionIdentity>\n</SessionReference>\n"
	parts := indent(2, session) + indent(2, schoolReference)
	if r.Descriptors {
		session = "<SessionReference>\n\t<SessionIdentity>\n\t\t<SessionName>" + sessionName + "</SessionName>\n\t\t<SchoolYear>" + schoolYear +
			"</SchoolYear>\n" + indent(2, schoolReference) + "\t</SessionIdentity>\n</SessionReference>\n"
		parts = indent(2, schoolReference) + indent(2, session)
	}
	return "<CourseOfferingReference>\n\t<CourseOfferingIdentity>\n\t\t<LocalCourseCode>MATH-{section}</LocalCourseCode>\n" + parts +
		"\t</CourseOfferingIdentity>\n</CourseOfferingReference>\n"
}

// cohortForm is a Cohort in one form; every so many have a subject or a program.
type cohortForm struct {
	head, subject, org, program, tail template
}

func (r release) cohortForm(f form) cohortForm {
	subject := r.structured("AcademicSubject", "Reading")
	if !r.Descriptors {
		subject = "\n\t\t\t" + subject + "\n\t\t"
	}
	const org = "<EducationOrganizationReference>\n\t<EducationOrganizationIdentity>\n\t\t<EducationOrganizationId>{org}</EducationOrganizationId>\n\t</EducationOrganizationIdentity>\n</EducationOrganizationReference>\n"
	programType := "\t\t<ProgramType>" + r.descriptor("ProgramType", programName) + "</ProgramType>\n"
	programOrg := strings.ReplaceAll(indent(2, org), "{org}", "{school}")
	name := "\t\t<ProgramName>" + programName + "</ProgramName>\n"
	program := "<ProgramReference>\n\t<ProgramIdentity>\n" + programType + name + programOrg + "\t</ProgramIdentity>\n</ProgramReference>\n"
	if r.Descriptors {
		program = "<ProgramReference>\n\t<ProgramIdentity>\n" + programOrg + name + programType + "\t</ProgramIdentity>\n</ProgramReference>\n"
	}
	c := cohortForm{
		head: f.in("\t<Cohort{id}>\n\t\t<CohortIdentifier>{cohort}</CohortIdentifier>\n" +
			"\t\t<CohortDescription>Reading &amp; study group {number}, “quiet” room</CohortDescription>\n" +
			"\t\t<CohortType>" + r.descriptor("CohortType", "{type}") + "</CohortType>\n" +
			"\t\t<CohortScope>" + r.descriptor("CohortScope", "{scope}") + "</CohortScope>\n"),
		subject: f.in("\t\t<AcademicSubject>" + subject + "</AcademicSubject>\n"),
		org:     f.in(indent(2, org)),
		program: f.in(indent(2, program)),
		tail:    f.in("\t</Cohort>\n"),
	}
	if f == formOneLine {
		c.tail = append(c.tail, piece{text: "\n"})
	}
	return c
}

const programName = "Bilingual"

// indent puts n tabs before each line.
func indent(n int, lines string) string {
	tabs := strings.Repeat("\t", n)
	var b strings.Builder
	for line := range strings.Lines(lines) {
		b.WriteString(tabs)
		b.WriteString(line)
	}
	return b.String()
}
