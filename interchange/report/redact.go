package report

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"cohortx/interchange"
)

// masked stands where --redact has taken something out.
const masked = "(masked)"

// Redact takes out the unique ids of students and staff members: of keys, messages and excerpts. Counts, places and codes stay.
func (r *Run) Redact() {
	r.Redacted = true
	for i := range r.Files {
		f := &r.Files[i]
		if f.Refusal != nil {
			f.Refusal.redact()
		}
		for j := range f.Faults {
			f.Faults[j].redact()
		}
	}
	for _, groups := range [][]Group{r.Rejects, r.Warnings} {
		for i := range groups {
			for j := range groups[i].First {
				groups[i].First[j].redact()
			}
		}
	}
	for i := range r.Conflicts {
		r.Conflicts[i].First = []string{}
	}
	for i := range r.HeldBack {
		r.HeldBack[i].First = []string{} // keys, and nothing else
	}
}

// Expressions are compiled when they are first needed: most runs redact nothing.
var (
	quoted = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"(?:[^"\\]|\\.)*"|"[^"]*"`) })
	// Ids of elements often are those of people.
	personIn = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(<(?:[^<>:\s]*:)?(?:StudentUniqueId|StaffUniqueId)(?:\s[^<>]*)?>)[^<]*|(\s(?:id|ref)\s*=\s*)(?:"[^"]*"|'[^']*')|("(?:studentUniqueId|staffUniqueId)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"|[^,}\]]*)`)
	})
)

func (f *Fault) redact() {
	hide := func(s string) string { return s }
	if person := f.Person; person != "" {
		hide = func(s string) string { return maskWord(s, person) }
		f.Key, f.Person = f.maskedKey(), masked
	} else if f.Key != "" && ofPeople(f.Kind) { // recalled from a store that has no report of the run
		f.Key = masked
	}
	// What a message quotes is a value of the element that it names. Others, such as stored keys that are alike, may be ids of people.
	element := f.Path[strings.LastIndexAny(f.Path, "/.")+1:]
	if !interchange.Shown(element, false) || strings.HasSuffix(strings.ToLower(element), "uniqueid") {
		f.Found, f.Expected = quoted().ReplaceAllString(f.Found, masked), quoted().ReplaceAllString(f.Expected, masked)
	}
	if f.Code == interchange.CodeReferenceConflict && (ofPeople(element) || strings.HasSuffix(element, "UniqueId")) {
		f.Found, f.Expected = masked, "" // two ids
	}
	f.Detail = quoted().ReplaceAllString(f.Detail, masked)
	f.Found, f.Expected, f.Detail = hide(f.Found), hide(f.Expected), hide(f.Detail)
	if e := f.Excerpt; e != nil {
		for _, s := range []*string{&e.Before, &e.Fault, &e.After} {
			*s = hide(personIn().ReplaceAllString(*s, "${1}${2}${3}"+masked))
		}
	}
}

// ofPeople reports whether a kind of entity, or of reference, is about a student or a staff member.
func ofPeople(kind string) bool {
	kind = strings.ToLower(kind)
	return kind == "" || strings.Contains(kind, "student") || strings.Contains(kind, "staff")
}

// maskWord masks an id wherever it is not a part of a longer word.
func maskWord(s, id string) string {
	inWord := func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }
	first, _ := utf8.DecodeRuneInString(id)
	last, _ := utf8.DecodeLastRuneInString(id)
	var out strings.Builder
	for from := 0; ; {
		i := strings.Index(s[from:], id)
		if i < 0 {
			out.WriteString(s[from:])
			return out.String()
		}
		i += from
		to := i + len(id)
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[to:])
		if inWord(first) && inWord(before) || inWord(last) && inWord(after) {
			to = i + len(string(first))
			out.WriteString(s[from:to])
		} else {
			out.WriteString(s[from:i] + masked)
		}
		from = to
	}
}

// maskedKey is the key, organization/cohort/person/begin date or the person alone, without the person.
func (f *Fault) maskedKey() string {
	if i := strings.LastIndex(f.Key, "/"+f.Person+"/"); i >= 0 {
		return f.Key[:i+1] + masked + f.Key[i+1+len(f.Person):]
	}
	return masked
}
