package resource

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"cohortx/interchange"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// leaf reads a string, a number or a boolean.
func (d *Decoder) leaf(m *member, kind jsontext.Kind) error {
	raw, err := d.json.ReadValue()
	if err != nil {
		return err
	}
	at := int(d.json.InputOffset()) - len(raw)
	value := d.block.Bytes[d.from+at : d.from+at+len(raw)]
	right := kind == '0' // integer, year
	switch m.shape {
	case text, descriptor, date:
		right = kind == '"'
	case boolean:
		right = kind == 't' || kind == 'f'
	}
	if kind == '"' {
		if value, err = d.unquote(raw, at); err != nil {
			return err
		}
	}
	if !right {
		d.violation(at, xsd.ValueType, m.path, kindName(kind), wanted[m.shape])
	} else {
		var fault *xsd.ValueFault
		if value, fault = d.check(m, value); fault != nil {
			d.violation(at, fault.Code, m.path, found(m, value), fault.Expected)
		}
	}
	// What is at fault becomes a node too: it may be a part of the key by which messages name the entity.
	if m.field == interchange.FieldAcademicSubject {
		d.subject = len(d.nodes)
	}
	if m.field == interchange.FieldCodeValue {
		d.term(m, at, value)
		return nil
	}
	n := d.open(m, at)
	d.nodes[n].Value = value
	d.close(n)
	return nil
}

// found words a value for a message.
func found(m *member, value []byte) string {
	if m.shape == integer || m.shape == year {
		return shortened(string(value))
	}
	return quoted(value)
}

func shortened(s string) string {
	const most = 60 // digits
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// check holds a value against its type and returns it as nodes have it.
func (d *Decoder) check(m *member, value []byte) ([]byte, *xsd.ValueFault) {
	typed := value
	switch m.shape {
	case boolean:
		return value, nil
	case date:
		v, ok := d.date(value)
		if !ok {
			return value, &xsd.ValueFault{Code: xsd.ValueType, Expected: "a date such as 2025-09-14"}
		}
		return v, nil
	case integer, year:
		if bytes.ContainsAny(value, ".eE") {
			return value, &xsd.ValueFault{Code: xsd.ValueType, Expected: wanted[m.shape] + ", without fraction or exponent"}
		}
		if m.shape == year {
			y, err := interchange.ParseSchoolYear(value)
			if err != nil {
				return value, &xsd.ValueFault{Code: xsd.ValueRange, Expected: wanted[year]}
			}
			typed = []byte(y.String())
		}
	case text, descriptor:
		if bytes.ContainsFunc(value, suspicious) {
			if what, bad := interchange.NotXML(string(value)); bad {
				return value, &xsd.ValueFault{Code: xsd.ValueType, Expected: "no character that XML cannot hold; here is " + what}
			}
		}
	}
	_, fault := d.types[m.slot].now.value(typed, &d.scratch)
	if fault != nil && m.shape == year {
		fault = &xsd.ValueFault{Code: xsd.ValueEnumeration, Expected: "a school year that the Data Standard lists"}
	}
	return value, fault
}

// date returns the calendar date of a date or a date-time (RFC 3339, also without a zone), with its zone. The time of day is dropped: where it
// is not midnight, or its zone not UTC, a Z stays behind to tell.
func (d *Decoder) date(value []byte) ([]byte, bool) {
	day, clock, is := bytes.Cut(value, []byte{'T'})
	if !is {
		_, _, err := interchange.ParseDate(value)
		return value, err != interchange.ErrDate
	}
	_, zoned, err := interchange.ParseDate(day)
	if err == interchange.ErrDate || zoned {
		return value, false
	}
	midnight, ok := isClock(clock)
	if !ok {
		return value, false
	}
	if midnight {
		return day, true
	}
	from := len(d.arena)
	d.arena = append(append(d.arena, day...), 'Z')
	return d.arena[from:len(d.arena):len(d.arena)], true
}

// isClock reads hh:mm:ss, with a fraction and a zone or without.
func isClock(s []byte) (midnight, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return false, false
	}
	if !isNumber(s[0:2], 23) || !isNumber(s[3:5], 59) || !isNumber(s[6:8], 59) {
		return false, false
	}
	midnight = string(s[:8]) == "00:00:00"
	s = s[8:]
	if len(s) > 1 && s[0] == '.' {
		n := 1
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			midnight = midnight && s[n] == '0'
			n++
		}
		if n == 1 {
			return false, false
		}
		s = s[n:]
	}
	if len(s) == 0 || string(s) == "Z" {
		return midnight, true
	}
	// A zone is what may stand behind a date, too.
	_, _, err := interchange.ParseDate(append([]byte("2000-01-01"), s...))
	return false, err == nil
}

// isNumber reports whether two digits are a number up to most.
func isNumber(s []byte, most byte) bool {
	return s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9' && (s[0]-'0')*10+s[1]-'0' <= most
}

// suspicious are the characters among which are those that XML cannot hold.
func suspicious(r rune) bool { return r < ' ' || r >= 0xfff0 }

// unquote returns the characters of a JSON string.
func (d *Decoder) unquote(raw []byte, at int) ([]byte, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return d.block.Bytes[d.from+at+1 : d.from+at+len(raw)-1], nil
	}
	from := len(d.arena)
	var err error
	if d.arena, err = jsontext.AppendUnquote(d.arena, raw); err != nil || !utf8.Valid(d.arena[from:]) {
		return nil, &scan.Error{At: d.place(at), Code: scan.InvalidCharacter, Found: "an escape that is no character", Expected: "a whole surrogate pair, such as \\ud83d\\ude00"}
	}
	return d.arena[from:len(d.arena):len(d.arena)], nil
}

// qualified takes apart a descriptor of releases 2.x, "namespace/code value" with a namespace that is the address of an XML file. Anything
// else is a code value.
func qualified(value string) (namespace, code string) {
	const end = ".xml/"
	if i := strings.Index(value, end); i > 0 && strings.Contains(value[:i], "://") {
		return value[:i+len(end)-1], value[i+len(end):]
	}
	return "", value
}

// term makes the nodes of a term in the key of a section of 2.x: its code value, and its namespace.
func (d *Decoder) term(m *member, at int, value []byte) {
	namespace, code := qualified(string(value))
	d.nodes = append(d.nodes, interchange.Node{Slot: m.slot, Field: interchange.FieldCodeValue, Offset: int32(at), Value: value[len(value)-len(code):]})
	d.close(len(d.nodes) - 1)
	if namespace != "" {
		d.nodes = append(d.nodes, interchange.Node{Slot: m.slot, Field: interchange.FieldNamespace, Offset: int32(at), Value: value[:len(namespace)]})
		d.close(len(d.nodes) - 1)
	}
}

// form finds out whether the descriptors of a Cohort are enumeration values of 2.x: "Study Hall", where a descriptor is
// "uri://ed-fi.org/CohortTypeDescriptor#Study Hall".
func (d *Decoder) form() {
	old := true
	for i := range d.nodes[d.base:] {
		n := &d.nodes[d.base+i]
		switch n.Field {
		case interchange.FieldCohortType, interchange.FieldCohortScope:
			_, fault := d.types[n.Slot].old.value(n.Value, &d.scratch)
			old = old && fault == nil
		case interchange.FieldAcademicSubject:
			old = old && !bytes.ContainsRune(n.Value, '#')
		}
	}
	if !old {
		return
	}
	d.nodes[d.base].Slot = oldCohort
	if d.subject == 0 {
		return
	}
	// In 2.x the subject is a reference to a descriptor. It goes to the end: the order of a Cohort's elements means nothing any more.
	subject := d.nodes[d.subject]
	d.nodes[d.subject].Field = interchange.NoField
	at := len(d.nodes)
	d.nodes = append(d.nodes, interchange.Node{Slot: subject.Slot, Field: interchange.FieldOtherReference, Offset: subject.Offset})
	d.term(all[subject.Slot], int(subject.Offset), subject.Value)
	d.close(at)
	d.close(d.base)
}

func (t *simpleType) value(text []byte, scratch *[]byte) ([]byte, *xsd.ValueFault) {
	return t.schema.Value(t.slot, text, scratch)
}
