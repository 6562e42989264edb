package batch

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
)

// Recall gives the report of a run as far as the store remembers it: without warnings, steps and the names of reject files.
func Recall(ctx context.Context, path string, number int64) (*report.Run, error) {
	db, err := store.Open(ctx, path, store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	run, found, err := db.RunByNumber(ctx, number)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("%s has no run %d", path, number)
	}
	r := report.NewRun(run.Version, path)
	r.Run, r.State, r.Verdict, r.ExitStatus, r.Started, r.Rejected = run.Number, string(run.State), run.Detail, run.ExitStatus, run.Started, run.Rejects
	if run.Counts != nil {
		r.Counts = report.Counts(run.Counts)
	}
	if !run.Finished.IsZero() {
		r.Seconds = run.Finished.Sub(run.Started).Seconds()
	}
	for _, f := range run.Files {
		r.Entities += f.Entities
		r.Files = append(r.Files, recallFile(f))
	}
	if err := recallRejects(ctx, db, r); err != nil {
		return nil, err
	}
	return r, recallHeld(ctx, db, r)
}

func recallFile(f store.SourceFile) report.File {
	out := report.File{Name: f.Name, Content: f.Kind, Release: f.Release, SHA256: hex.EncodeToString(f.SHA256), Bytes: f.Bytes, Entities: f.Entities,
		Rejected: f.Rejects, Verdict: f.Verdict}
	switch f.Verdict {
	case "refused", "rolled_back":
		out.ExitStatus = ExitRefused
		fault := recallFault(f)
		out.Refusal = &fault
	case "applied_with_rejects":
		out.ExitStatus = ExitRejects
	}
	return out
}

// recallHeld lists what the run held back; of the keys, those that no later run has named.
func recallHeld(ctx context.Context, db *store.DB, r *report.Run) error {
	if r.State != string(store.HeldBack) && r.State != string(store.Refused) { // of a set of which one file was refused
		return nil
	}
	held, err := db.HeldRun(ctx, r.Run)
	if err != nil {
		return err
	}
	for _, p := range held.Parts {
		r.HeldBack = append(r.HeldBack, report.HeldBack{Code: p.Held, Kind: p.Kind.String(), EducationOrganizationID: p.EducationOrganizationID,
			Count: p.Absent, Of: p.Active, First: []string{}})
	}
	for x, err := range db.HeldRemovals(ctx, r.Run) {
		if err != nil {
			return err
		}
		i := slices.IndexFunc(held.Parts, func(p store.HeldPart) bool {
			return p.Kind == x.Kind && p.EducationOrganizationID == x.EducationOrganizationID
		})
		if h := &r.HeldBack[i]; len(h.First) < groupExamples {
			h.First = append(h.First, x.Key())
		}
	}
	if r.State == string(store.HeldBack) && len(r.HeldBack) == 0 {
		r.HeldBack = []report.HeldBack{{Code: interchange.CodeNoAssociations, First: []string{}}}
	}
	return nil
}

// recallFault takes a refusal's message apart, see [report.Fault.Message].
func recallFault(f store.SourceFile) report.Fault {
	out := report.Fault{File: f.Name, Line: 1, Column: 1}
	rest, ok := strings.CutPrefix(f.Detail, report.Plain(f.Name)+":")
	part := strings.SplitN(rest, ":", 4) // line, column, code, text
	if !ok || len(part) < 4 {
		out.Detail = f.Detail
		return out
	}
	out.Line, _ = strconv.Atoi(part[0]) // 0 where it is no number
	out.Column, _ = strconv.Atoi(part[1])
	out.Code = interchange.Code(strings.TrimSpace(part[2]))
	out.Found = strings.TrimPrefix(strings.TrimSpace(part[3]), "found ")
	return out
}

func recallRejects(ctx context.Context, db *store.DB, r *report.Run) error {
	var rejects groups
	for x, err := range db.Rejects(ctx, r.Run) {
		if err != nil {
			return err
		}
		if x.Consequence {
			r.Consequences++
		}
		rejects.add(interchange.Code(x.Code), x.Consequence, func() report.Fault {
			return report.Fault{
				File: x.File, Line: x.Line, Column: x.Column, Code: interchange.Code(x.Code), Kind: x.Kind, Key: x.Key, Path: x.Path,
				Found: x.Found, Expected: x.Expected, Detail: x.Detail,
			}
		})
	}
	r.Rejects = rejects.list()
	return nil
}
