package batch

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"cohortx/interchange"
	"cohortx/interchange/report"
)

// leftOut notes what an export does not carry over: in the report, and whole in a file if one is asked for.
type leftOut struct {
	rep     *report.Export
	cohorts map[interchange.CohortKey]struct{} // left out, and so are their associations
	file    *os.File                           // nil: none is asked for
	out     *bufio.Writer
	err     error // of the file
}

// mostNotCarried is how many entities of each code are listed in the report; the counts are of all.
const mostNotCarried = 100

func newLeftOut(rep *report.Export, path string) (*leftOut, error) {
	l := &leftOut{rep: rep, cohorts: map[interchange.CohortKey]struct{}{}}
	if path == "" {
		return l, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write what is left out: %w", err)
	}
	l.file, l.out = f, bufio.NewWriter(f)
	return l, nil
}

// close ends the file.
func (l *leftOut) close() error {
	if l.file == nil {
		return nil
	}
	if err := errors.Join(l.err, l.out.Flush(), l.file.Close()); err != nil {
		return fmt.Errorf("write what is left out: %w", err)
	}
	return nil
}

// cohortNotCarried is about a cohort that the release cannot carry.
func cohortNotCarried(key interchange.CohortKey, why *interchange.CarryError) report.NotCarried {
	return report.NotCarried{Code: interchange.CodeNotConvertible, Kind: interchange.CohortKind.String(), Key: interchange.CohortName(key), Field: why.Field, Reason: why.Reason}
}

// associationNotCarried is about an association that the release cannot carry.
func associationNotCarried(a *interchange.Association, why *interchange.CarryError) report.NotCarried {
	return report.NotCarried{Code: interchange.CodeNotConvertible, Kind: a.Kind.String(), Key: associationName(a), Field: why.Field, Reason: why.Reason}
}

// orphan reports whether the cohort of an association is left out.
func (l *leftOut) orphan(a *interchange.Association) bool {
	if len(l.cohorts) == 0 {
		return false
	}
	_, gone := l.cohorts[a.CohortKey]
	return gone
}

// orphaned is about an association whose cohort is left out.
func orphaned(a *interchange.Association) report.NotCarried {
	return report.NotCarried{Code: interchange.CodeCohortLeftOut, Kind: a.Kind.String(), Key: associationName(a), Field: "CohortReference",
		Reason: "cohort " + interchange.CohortName(a.CohortKey) + " is left out", Consequence: true}
}

// datesNotCarried is about what no interchange document can hold of an association that is otherwise written: begin dates of sections. An
// import of the document leaves those that a store has as they are.
func datesNotCarried(a *interchange.Association) (report.NotCarried, bool) {
	dates := int64(0)
	for _, d := range a.SectionBegins {
		if d != interchange.NoDate {
			dates++
		}
	}
	if dates == 0 {
		return report.NotCarried{}, false
	}
	return report.NotCarried{Code: interchange.CodeValueLeftOut, Kind: a.Kind.String(), Key: associationName(a), Field: "sections.beginDate", Partly: true,
		Reason: report.Number(dates, "section has a begin date", "sections have begin dates")}, true
}

func (l *leftOut) add(n report.NotCarried) {
	switch {
	case n.Partly:
		l.rep.Partly++
	case n.Consequence:
		l.rep.Consequences++
		fallthrough
	default:
		l.rep.LeftOut++
	}
	l.rep.Codes[n.Code]++
	if l.rep.Codes[n.Code] <= mostNotCarried {
		l.rep.NotCarried = append(l.rep.NotCarried, n)
	}
	if l.file == nil || l.err != nil {
		return
	}
	line, err := json.Marshal(n)
	if err == nil {
		_, err = l.out.Write(append(line, '\n'))
	}
	l.err = err
}

func associationName(a *interchange.Association) string {
	return interchange.CohortName(a.CohortKey) + "/" + a.PersonUniqueID + "/" + a.BeginDate.String()
}
