package report

import (
	"regexp"
	"strings"

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

var (
	quoted = regexp.MustCompile(`"[^"]*"`)
	// Ids of elements often are those of people.
	personIn = regexp.MustCompile(`(<(?:[^<>:\s]*:)?(?:StudentUniqueId|StaffUniqueId)(?:\s[^<>]*)?>)[^<]*|(\s(?:id|ref)\s*=\s*)(?:"[^"]*"|'[^']*')|("(?:studentUniqueId|staffUniqueId)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"|[^,}\]]*)`)
)

func (f *Fault) redact() {
	hide := func(s string) string { return s }
	if f.Person != "" {
		person := regexp.MustCompile(`\b` + regexp.QuoteMeta(f.Person) + `\b`)
		hide = func(s string) string { return person.ReplaceAllString(s, masked) }
		f.Key, f.Person = f.maskedKey(), masked
	}
	// What a message quotes is a value of the element that it names. Others, such as stored keys that are alike, may be ids of people.
	element := f.Path[strings.LastIndexAny(f.Path, "/.")+1:]
	if !interchange.Shown(element, false) || strings.HasSuffix(strings.ToLower(element), "uniqueid") {
		f.Found, f.Expected = quoted.ReplaceAllString(f.Found, masked), quoted.ReplaceAllString(f.Expected, masked)
	}
	f.Detail = quoted.ReplaceAllString(f.Detail, masked)
	f.Found, f.Expected, f.Detail = hide(f.Found), hide(f.Expected), hide(f.Detail)
	if e := f.Excerpt; e != nil {
		for _, s := range []*string{&e.Before, &e.Fault, &e.After} {
			*s = hide(personIn.ReplaceAllString(*s, "${1}${2}${3}"+masked))
		}
	}
}

// maskedKey is the key, organization/cohort/person/begin date or the person alone, without the person.
func (f *Fault) maskedKey() string {
	if i := strings.LastIndex(f.Key, "/"+f.Person+"/"); i >= 0 {
		return f.Key[:i+1] + masked + f.Key[i+1+len(f.Person):]
	}
	return masked
}
