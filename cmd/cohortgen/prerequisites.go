package main

import "strings"

// The official XSDs require more of a student or a school than a key and a name; what they require is written.

func (g *generator) studentsXML(o *output) error {
	o.text(g.Release.open("Student"))
	for n := range g.students {
		p := g.person(false, n)
		o.text("\t<Student>\n\t\t<StudentUniqueId>")
		o.number(g.studentID(n))
		o.text("</StudentUniqueId>\n")
		if !g.Release.Descriptors {
			o.text("\t\t<StudentIdentificationCode>\n\t\t\t<IdentificationCode>L")
			o.number(n + 1)
			o.text("</IdentificationCode>\n\t\t\t<StudentIdentificationSystem>\n\t\t\t\t<CodeValue>Local</CodeValue>\n\t\t\t</StudentIdentificationSystem>\n" +
				"\t\t\t<AssigningOrganizationIdentificationCode>Local</AssigningOrganizationIdentificationCode>\n\t\t</StudentIdentificationCode>\n")
		}
		name(o, p)
		if !g.Release.Descriptors {
			o.text("\t\t<Sex>" + sex(p) + "</Sex>\n")
		}
		o.text("\t\t<BirthData>\n\t\t\t<BirthDate>" + p.birth + "</BirthDate>\n\t\t</BirthData>\n")
		if !g.Release.Descriptors {
			o.text("\t\t<HispanicLatinoEthnicity>false</HispanicLatinoEthnicity>\n")
		}
		o.text("\t</Student>\n")
		if err := o.spill(); err != nil {
			return err
		}
	}
	o.text("</InterchangeStudent>\n")
	return nil
}

func (g *generator) staffXML(o *output) error {
	o.text(g.Release.open("StaffAssociation"))
	for n := range g.staff {
		p := g.person(true, n)
		o.text("\t<Staff>\n\t\t<StaffUniqueId>")
		o.number(g.staffID(n))
		o.text("</StaffUniqueId>\n")
		name(o, p)
		o.text("\t\t<Sex>" + g.Release.descriptor("Sex", sex(p)) + "</Sex>\n\t\t<BirthDate>" + p.birth + "</BirthDate>\n" +
			"\t\t<HispanicLatinoEthnicity>false</HispanicLatinoEthnicity>\n\t</Staff>\n")
		if err := o.spill(); err != nil {
			return err
		}
	}
	o.text("</InterchangeStaffAssociation>\n")
	return nil
}

func name(o *output, p person) {
	o.text("\t\t<Name>\n\t\t\t<FirstName>" + p.first + "</FirstName>\n\t\t\t<LastSurname>" + p.last + "</LastSurname>\n\t\t</Name>\n")
}

func sex(p person) string {
	if p.female {
		return "Female"
	}
	return "Male"
}

// orgsXML writes every organization, and after each district its program.
func (g *generator) orgsXML(o *output) error {
	r := g.Release
	o.text(r.open("EducationOrganization"))
	for n := range g.orgs {
		element, category := "School", "School"
		if g.isDistrict(n) {
			element, category = "LocalEducationAgency", "Local Education Agency"
		}
		o.text("\t<" + element + ` id="ORG_`)
		o.number(g.orgID(n))
		o.text("\">\n")
		if !r.Descriptors {
			o.text("\t\t<StateOrganizationId>")
			o.number(g.orgID(n))
			o.text("</StateOrganizationId>\n")
		}
		o.text("\t\t<NameOfInstitution>" + g.orgName(n) + "</NameOfInstitution>\n" +
			"\t\t<EducationOrganizationCategory>" + r.descriptor("EducationOrganizationCategory", category) + "</EducationOrganizationCategory>\n" +
			"\t\t<Address>\n\t\t\t<StreetNumberName>")
		o.number(n + 1)
		o.text(" Long Street</StreetNumberName>\n\t\t\t<City>Fallowmere</City>\n\t\t\t<StateAbbreviation>" + r.descriptor("StateAbbreviation", "TX") +
			"</StateAbbreviation>\n\t\t\t<PostalCode>73334</PostalCode>\n\t\t\t<AddressType>" + r.descriptor("AddressType", "Physical") + "</AddressType>\n\t\t</Address>\n" +
			"\t\t<" + element + "Id>")
		o.number(g.orgID(n))
		o.text("</" + element + "Id>\n")
		if g.isDistrict(n) {
			o.text("\t\t<LocalEducationAgencyCategory>" + r.descriptor("LocalEducationAgencyCategory", "Independent") + "</LocalEducationAgencyCategory>\n")
		} else {
			grade := r.structured("GradeLevel", "Ninth grade")
			if !r.Descriptors {
				grade = "\n\t\t\t" + grade + "\n\t\t"
			}
			o.text("\t\t<GradeLevel>" + grade + "</GradeLevel>\n")
			if g.orgs > 1 {
				o.text("\t\t<LocalEducationAgencyReference ref=\"ORG_")
				o.number(g.orgID(g.district(n)))
				o.text("\"/>\n")
			}
		}
		o.text("\t</" + element + ">\n")
		if n == g.district(n) {
			o.text("\t<Program>\n\t\t<EducationOrganizationReference>\n\t\t\t<EducationOrganizationIdentity>\n\t\t\t\t<EducationOrganizationId>")
			o.number(g.orgID(n))
			o.text("</EducationOrganizationId>\n\t\t\t</EducationOrganizationIdentity>\n\t\t</EducationOrganizationReference>\n" +
				"\t\t<ProgramName>" + programName + "</ProgramName>\n\t\t<ProgramType>" + r.descriptor("ProgramType", programName) + "</ProgramType>\n\t</Program>\n")
		}
		if err := o.spill(); err != nil {
			return err
		}
	}
	o.text("</InterchangeEducationOrganization>\n")
	return nil
}

func (g *generator) sectionsXML(o *output) error {
	r := g.Release
	text := "\t<Section>\n\t\t<UniqueSectionCode>{school}-{section}-2026</UniqueSectionCode>\n\t\t<SequenceOfCourse>1</SequenceOfCourse>\n" +
		indent(2, r.courseOfferingReference()) + indent(2, schoolReference) + indent(2, locationReference) + indent(2, classPeriodReference) + "\t</Section>\n"
	if r.Descriptors {
		text = "\t<Section>\n\t\t<SectionIdentifier>{school}-{section}-2026</SectionIdentifier>\n" + indent(2, r.courseOfferingReference()) + "\t</Section>\n"
	}
	o.text(r.open("MasterSchedule"))
	if err := g.sections(o, text); err != nil {
		return err
	}
	o.text("</InterchangeMasterSchedule>\n")
	return nil
}

// sections fills in the template for every section of every school that an association can name.
func (g *generator) sections(o *output, text string) error {
	t := parse(text)
	for org := range g.orgs {
		if g.isDistrict(org) && g.school(org) != org {
			continue
		}
		for section := range sectionsPerSchool {
			for _, p := range t {
				o.text(p.text)
				switch p.hole {
				case holeSchool:
					o.number(g.orgID(org))
				case holeSection:
					o.number(uint64(section))
				}
			}
			if err := o.spill(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *generator) sectionsCSV(o *output) error {
	if g.Release.Descriptors {
		o.text("section_identifier,local_course_code,school_id,school_year,session_name\n")
		return g.sections(o, "{school}-{section}-2026,MATH-{section},{school},"+schoolYear+","+sessionName+"\n")
	}
	o.text("unique_section_code,local_course_code,school_id,school_year,sequence_of_course,class_period_name,classroom_identification_code,term\n")
	return g.sections(o, "{school}-{section}-2026,MATH-{section},{school},"+schoolYear+",1,0{section} - Traditional,{section},Fall Semester\n")
}

func (g *generator) programsCSV(o *output) error {
	o.text("education_organization_id,program_name,program_type\n")
	for n := range g.orgs {
		if n != g.district(n) {
			continue
		}
		o.number(g.orgID(n))
		o.text("," + programName + "," + g.Release.descriptor("ProgramType", programName) + "\n")
		if err := o.spill(); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) studentsCSV(o *output) error { return g.peopleCSV(o, false) }
func (g *generator) staffCSV(o *output) error    { return g.peopleCSV(o, true) }

func (g *generator) peopleCSV(o *output, staff bool) error {
	kind, count, id := "student", g.students, g.studentID
	if staff {
		kind, count, id = "staff", g.staff, g.staffID
	}
	o.text(kind + "_unique_id,last_surname,first_name,birth_date\n")
	for n := range count {
		p := g.person(staff, n)
		o.number(id(n))
		o.text("," + p.last + "," + p.first + "," + p.birth + "\n")
		if err := o.spill(); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) orgsCSV(o *output) error {
	o.text("education_organization_id,name,category\n")
	for n := range g.orgs {
		category := "School"
		if g.isDistrict(n) {
			category = "Local Education Agency"
		}
		o.number(g.orgID(n))
		o.text("," + strings.ReplaceAll(g.orgName(n), ",", " ") + "," + g.Release.descriptor("EducationOrganizationCategory", category) + "\n")
		if err := o.spill(); err != nil {
			return err
		}
	}
	return nil
}
