package main

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
)

// runRecord is a run as `runs --json` prints it.
type runRecord struct {
	Run        int64          `json:"run"`
	State      string         `json:"state"`
	Command    string         `json:"command"`
	Release    string         `json:"release,omitempty"`
	Program    string         `json:"program"`
	PID        int            `json:"pid"`
	Host       string         `json:"host"`
	Started    time.Time      `json:"started"`
	Finished   *time.Time     `json:"finished,omitempty"`
	ExitStatus int            `json:"exit_status"` // -1: not finished
	RevertedBy int64          `json:"reverted_by,omitempty"`
	Verdict    string         `json:"verdict,omitempty"`
	Counts     report.Counts  `json:"counts"`
	Rejected   int64          `json:"rejected"`
	Files      []runFile      `json:"files,omitempty"`
	Rejects    []report.Fault `json:"rejects,omitempty"`
	*heldRecord
}

type runFile struct {
	Name        string `json:"name"`
	Content     string `json:"content"`
	Release     string `json:"release,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	Bytes       int64  `json:"bytes"`
	Entities    int64  `json:"entities"`
	Rejected    int64  `json:"rejected"`
	Verdict     string `json:"verdict"`
	Refusal     string `json:"refusal,omitempty"`
}

func recordOf(r store.RunRecord) runRecord {
	out := runRecord{
		Run: r.Number, State: string(r.State), Command: r.Command, Release: r.Release, Program: r.Version, PID: r.PID, Host: r.Host, Started: r.Started,
		ExitStatus: r.ExitStatus, Verdict: r.Detail, Counts: report.Counts(r.Counts), Rejected: r.Rejects,
	}
	if out.Counts == nil {
		out.Counts = report.Counts{}
	}
	if !r.Finished.IsZero() {
		out.Finished = &r.Finished
	}
	for _, f := range r.Files {
		out.Files = append(out.Files, runFile{
			Name: f.Name, Content: f.Kind, Release: f.Release, Fingerprint: fmt.Sprintf("%x", f.Fingerprint), Bytes: f.Bytes, Entities: f.Entities,
			Rejected: f.Rejects, Verdict: f.Verdict, Refusal: f.Detail,
		})
	}
	return out
}

func faultOf(r store.Reject) report.Fault {
	return report.Fault{
		File: r.File, Line: r.Line, Column: r.Column, Code: interchange.Code(r.Code), Kind: r.Kind, Key: r.Key, Path: r.Path, Found: r.Found,
		Expected: r.Expected, Detail: r.Detail,
	}
}

// printRuns lists runs, the newest first.
func printRuns(w io.Writer, runs []store.RunRecord, reverted map[int64]int64, asJSON bool) error {
	if asJSON {
		list := make([]runRecord, 0, len(runs))
		for _, r := range runs {
			list = append(list, recordOf(r))
			list[len(list)-1].RevertedBy = reverted[r.Number]
		}
		return report.JSON(w, list)
	}
	if len(runs) == 0 {
		_, err := fmt.Fprintln(w, "No runs yet.")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "run\tstarted\tstate\texit\trejects\twhat happened")
	for _, r := range runs {
		exit := "-"
		if r.ExitStatus >= 0 {
			exit = fmt.Sprint(r.ExitStatus)
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%d\t%s\n", r.Number, r.Started.Local().Format("2006-01-02 15:04:05"), r.State, exit, r.Rejects, countsLine(r.Counts)+revertedBy(reverted[r.Number]))
	}
	return t.Flush()
}

func revertedBy(run int64) string {
	if run == 0 {
		return ""
	}
	return fmt.Sprintf("; reverted by run %d", run)
}

// countsLine sums outcomes over all kinds: "2 created, 1 ended".
func countsLine(c store.Counts) string {
	var parts []string
	for _, o := range interchange.Outcomes {
		n := int64(0)
		for _, of := range c {
			n += of[o.String()]
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(parts, ", ")
}

// printRun shows one run with its files and rejects.
func printRun(w io.Writer, r store.RunRecord, rejects iter.Seq2[store.Reject, error], held *heldRecord, reverted map[int64]int64, asJSON bool) error {
	record := recordOf(r)
	record.RevertedBy = reverted[r.Number]
	record.heldRecord = held
	if asJSON {
		for reject, err := range rejects {
			if err != nil {
				return err
			}
			record.Rejects = append(record.Rejects, faultOf(reject))
		}
		return report.JSON(w, record)
	}
	fmt.Fprintf(w, "Run %d: %s, started %s", r.Number, r.State, r.Started.Local().Format("2006-01-02 15:04:05"))
	if record.Finished != nil {
		fmt.Fprintf(w, ", %.1f s, exit status %d", r.Finished.Sub(r.Started).Seconds(), r.ExitStatus)
	}
	fmt.Fprintf(w, "%s\n%s\n", revertedBy(record.RevertedBy), report.Plain(r.Detail))
	for _, f := range record.Files {
		fmt.Fprintf(w, "  %s (%s): %s, %s, %s rejected\n", report.Plain(f.Name), f.Content, f.Verdict, report.Number(f.Entities, "entity", "entities"), report.Thousands(f.Rejected))
		if f.Refusal != "" {
			fmt.Fprintf(w, "    %s\n", report.Plain(f.Refusal))
		}
	}
	kinds := make([]string, 0, len(r.Counts))
	for kind := range r.Counts {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		fmt.Fprintf(w, "  %s: %s\n", kind, countsLine(store.Counts{kind: r.Counts[kind]}))
	}
	if r.Rejects > 0 {
		fmt.Fprintln(w, "Rejects:")
	}
	for reject, err := range rejects {
		if err != nil {
			return err
		}
		f := faultOf(reject)
		fmt.Fprintf(w, "  %s\n", f.Message())
	}
	held.print(w, r.Number)
	return nil
}
