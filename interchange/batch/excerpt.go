package batch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/interchange/roster"
	"cohortx/xsd/scan"
)

// culprits are the elements, or members in JSON, that are at fault when an entity as a whole was rejected for a code.
var culprits = map[interchange.Code][]string{
	interchange.CodeStudentNotFound:   {"StudentReference", "studentReference"},
	interchange.CodeStaffNotFound:     {"StaffReference", "staffReference"},
	interchange.CodeCohortNotFound:    {"CohortReference", "cohortReference"},
	interchange.CodeRefTargetRejected: {"CohortReference"},
	interchange.CodeRefAmbiguous:      {"CohortReference"},
	interchange.CodeRefDangling:       {"CohortReference"},
	interchange.CodeReferenceConflict: {"CohortReference"},
	interchange.CodeReferenceCycle:    {"CohortReference"},
	interchange.CodeSectionNotFound:   {"SectionReference", "sections"},
	interchange.CodeProgramNotFound:   {"ProgramReference", "programs"},
	interchange.CodeEducationOrganizationNotFound: {"EducationOrganizationReference",
		"educationOrganizationReference"},
	interchange.CodeOverlap: {"BeginDate", "beginDate"},
}

// show gives the examples of an input their excerpts.
func (x *excerpts) show(in *input, examples []*example) error {
	for _, e := range examples {
		if e.at.File() != in.number {
			continue
		}
		found := x.found[e.at.Offset()]
		raw, err := x.text(found)
		if err != nil {
			return err
		}
		e.excerpt = excerptOf(in, x.scope, raw, found.at, e.l)
	}
	return nil
}

// excerptOf is a rejected entity as reports show it, with the fault marked; nil when it cannot be shown. raw is the entity in the characters
// of the input.
func excerptOf(in *input, scope *scan.Scope, raw []byte, entity scan.Pos, l *logged) *report.Excerpt {
	var parts []part
	var err error
	if in.content == roster.JSONLines {
		parts, err = jsonParts(raw)
	} else {
		parts, err = xmlParts(raw, scope, in.content != roster.StudentCohort)
	}
	if err != nil {
		return nil // it was read before: whatever is wrong, a report without an excerpt is better than none
	}
	from, to := faultIn(parts, int(l.At.Offset-entity.Offset), culprits[l.Code])
	e := &report.Excerpt{Line: entity.Line}
	for i := range parts {
		p := &parts[i]
		switch {
		case p.from < from:
			e.Before += p.text
		case p.from < to:
			e.Fault += p.text
		default:
			e.After += p.text
		}
	}
	// As deep as the entity is indented, its lines are too, by spaces or tabs.
	depth := max(entity.Column-1, 0)
	plain := strings.NewReplacer("\r", "", "\n"+strings.Repeat(" ", depth), "\n", "\n"+strings.Repeat("\t", depth), "\n")
	for _, s := range []*string{&e.Before, &e.Fault, &e.After} {
		*s = plain.Replace(*s)
	}
	e.Shorten()
	return e
}

// part is a token of an entity, as an excerpt shows it.
type part struct {
	from  int    // offset in the entity
	text  string // what is shown
	opens string // an element, or a member, that starts here
	shuts bool   // the end of one
	depth int    // of what opens, or shuts
}

// faultIn is the range of parts that is marked: what starts at the offset of a fault, else the first element that a code is about; nothing
// when there is neither.
func faultIn(parts []part, offset int, names []string) (from, to int) {
	is := func(p *part) bool { return p.opens != "" && p.depth > 0 && p.from == offset }
	i := slices.IndexFunc(parts, func(p part) bool { return is(&p) })
	if i < 0 && offset > 0 { // a value, or something that has no start tag: what is open there
		for k := range parts {
			if p := &parts[k]; p.from <= offset && p.opens != "" && p.depth > 0 {
				i = k
			}
		}
	}
	if i < 0 {
		i = slices.IndexFunc(parts, func(p part) bool { return slices.Contains(names, p.opens) })
	}
	if i < 0 {
		return 0, 0
	}
	depth := parts[i].depth
	for _, p := range parts[i+1:] {
		switch {
		case p.shuts && p.depth == depth:
			return parts[i].from, p.from + 1
		case p.depth <= depth:
			return parts[i].from, p.from
		}
	}
	return parts[i].from, parts[len(parts)-1].from + 1
}

// hidden stands for a value that is not shown: values of people appear as their length only.
func hidden(characters int) string { return fmt.Sprintf("[%d characters]", characters) }

// xmlParts are the tokens of an entity in XML.
func xmlParts(raw []byte, scope *scan.Scope, people bool) (parts []part, err error) {
	var s scan.Scanner
	s.Reset(&scan.Block{Bytes: raw, At: scan.Pos{Line: 1, Column: 1}, Scope: scope})
	var open []string
	lookups := 0
	for {
		kind, err := s.Next()
		if err != nil {
			return nil, err
		}
		p := part{from: s.Offset(), text: string(raw[s.Offset():s.EndOffset()])}
		switch kind {
		case scan.EndOfBlock:
			return parts, nil
		case scan.StartElement:
			name := string(s.Name().Local)
			if slices.ContainsFunc(s.Attrs(), func(a scan.Attr) bool { return !plainAttribute(&s, a) }) {
				p.text = "<" + name + " ...>"
				if s.SelfClosing() {
					p.text = "<" + name + " .../>"
				}
			}
			p.opens, p.depth = name, len(open)
			open = append(open, name)
			if strings.HasSuffix(name, "Lookup") {
				lookups++
			}
		case scan.EndElement:
			if s.Offset() == s.EndOffset() || len(parts) > 0 && parts[len(parts)-1].from == s.Offset() {
				p.text = "" // of an element that closes itself
			}
			if strings.HasSuffix(open[len(open)-1], "Lookup") {
				lookups--
			}
			open = open[:len(open)-1]
			p.shuts, p.depth = true, len(open)
		case scan.Text, scan.CData:
			p.depth = len(open)
			if s.IsSpace() {
				break
			}
			if !interchange.Shown(open[len(open)-1], lookups > 0 || people) {
				p.text = hidden(utf8.RuneCount(bytes.TrimSpace(s.Text())))
			} else if kind == scan.CData || !s.Plain() {
				p.text = escaped.Replace(string(s.Text())) // as plain text, so that it can be masked
			}
		case scan.Comment:
			p.depth, p.text = len(open), "<!-- ... -->"
		case scan.ProcInst:
			p.depth, p.text = len(open), "<? ... ?>"
		}
		parts = append(parts, p)
	}
}

var escaped = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// plainAttribute reports whether an attribute is one that the standard has.
func plainAttribute(s *scan.Scanner, a scan.Attr) bool {
	if a.Name.Space == scan.NoSpace {
		return string(a.Name.Local) == "id" || string(a.Name.Local) == "ref"
	}
	return s.URI(a.Name.Space) == "http://www.w3.org/2001/XMLSchema-instance"
}

// jsonParts are the tokens of an entity in JSON, and what stands between them.
func jsonParts(raw []byte) (parts []part, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	var names []string // of the members that are open, by depth
	for at := 0; ; {
		container, n := d.StackIndex(d.StackDepth())
		named := container == '{' && n%2 == 0
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return nil, err
		}
		text := string(raw[at:d.InputOffset()])
		lead := len(text) - len(strings.TrimLeft(text, " \t\r\n,:"))
		p := part{from: at + lead, text: text[lead:], depth: d.StackDepth()}
		switch kind := token.Kind(); {
		case kind == '}' || kind == ']':
			p.depth++
			names = names[:min(len(names), p.depth)]
		case kind == '{' || kind == '[':
		case named:
			p.opens = token.String()
			names = append(names[:min(len(names), p.depth-1)], p.opens)
		default:
			p.depth++
			if len(names) == 0 || !interchange.Shown(names[len(names)-1], false) {
				p.text = `"` + hidden(utf8.RuneCountInString(token.String())) + `"`
			}
		}
		if lead > 0 {
			parts = append(parts, part{from: at, text: text[:lead], depth: p.depth})
		}
		parts = append(parts, p)
		at = int(d.InputOffset())
	}
}
