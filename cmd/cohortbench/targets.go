package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// target is one line of what cohortx promises.
type target struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Must  float64 `json:"must"` // at most
	Aim   float64 `json:"aim"`  // at most
	Unit  string  `json:"unit,omitempty"`
}

func (t *target) verdict() string {
	switch {
	case t.Value <= t.Aim:
		return "aim reached"
	case t.Value <= t.Must:
		return "must reached"
	}
	return "MISSED"
}

func (s *set) line(name string) *line {
	for _, l := range s.Lines {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// finish computes medians, ratios and the targets of one set.
func (s *set) finish() {
	for _, l := range s.Lines {
		l.Median, l.CPU = median(l.Seconds), median(l.cpu)
		if !l.small {
			l.PerSecond = float64(s.N) / l.Median
			if l.Name != shell {
				l.MBPerSecond = float64(l.bytes) / 1e6 / l.Median
			}
		}
	}
	for _, l := range s.Lines {
		if to := s.line(l.Against); to != nil {
			l.Ratio, l.CPURatio = l.Median/to.Median, l.CPU/to.CPU
		}
	}
	ratio := func(name string, must, aim float64) {
		l := s.line(name)
		s.Targets = append(s.Targets, &target{Name: l.Name + " against " + l.Against, Value: l.Ratio, Must: must, Aim: aim})
	}
	ratio(validate, 1./10, 1./20)
	ratio(firstImport, 1./3, 1./4)
	s.Targets = append(s.Targets, &target{Name: firstImport + " against " + shell, Value: s.line(firstImport).Median / s.line(shell).Median, Must: 0.8, Aim: 0.45})
	ratio(nightImport, 1./4, 1./8)
	ratio(sameImport, 1./20, 1./40)
	ratio(export, 1./4, 1./8)
	ratio(validateSmall, 1, 1./2)
	peak := 0.0
	for _, l := range s.Lines {
		if strings.HasPrefix(l.Name, "cohortx") {
			peak = max(peak, l.PeakMB)
		}
	}
	must, aim := 250.0, 120.0
	if s.N > 1_000_000 {
		must, aim = 500, 250
	}
	s.Targets = append(s.Targets, &target{Name: "memory at the peak, the largest of all cohortx lines", Value: peak, Must: must, Aim: aim, Unit: "MB"})
}

// growth compares the cost of an association between the sizes of a release.
func (b *bench) growth() {
	for _, large := range b.Sets {
		for _, small := range b.Sets {
			if small.Release != large.Release || small.N*10 != large.N {
				continue
			}
			for _, name := range []string{validate, firstImport, nightImport, export} {
				cost := func(s *set) float64 { return s.line(name).Median / float64(s.N) }
				large.Targets = append(large.Targets, &target{
					Name: fmt.Sprintf("cost per association of %s, against %d", name, small.N), Value: cost(large) / cost(small), Must: 1.3, Aim: 1.1,
				})
			}
		}
	}
}

// targeted is the size for which targets are set. Smaller sets show what grows with the size, and the start, which weighs more there.
const targeted = 1_000_000

// print writes two tables in Markdown.
func (b *bench) print(w io.Writer) {
	fmt.Fprintf(w, "Medians of %d rounds on %d processors. The shell's page cache is %d MiB, that of cohortx 16 MiB.\n\n", b.Rounds, b.Cores, shellCache>>10)
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(t, "| release\t| associations\t| contender\t| seconds\t| CPU s\t| MB/s\t| associations/s\t| peak MB\t| time\t| CPU\t| against\t|")
	fmt.Fprintln(t, "|---\t|---:\t|---\t|---:\t|---:\t|---:\t|---:\t|---:\t|---:\t|---:\t|---\t|")
	for _, s := range b.Sets {
		for _, l := range s.Lines {
			against := "\t|\t|"
			if l.Ratio > 0 {
				against = fmt.Sprintf("1/%.1f\t| 1/%.1f\t| %s", 1/l.Ratio, 1/l.CPURatio, l.Against)
			}
			fmt.Fprintf(t, "| %s\t| %d\t| %s\t| %.4f\t| %.4f\t| %s\t| %s\t| %.0f\t| %s\t|\n", s.Release, s.N, l.Name, l.Median, l.CPU, whole(l.MBPerSecond), whole(l.PerSecond), l.PeakMB, against)
		}
	}
	t.Flush()
	fmt.Fprintln(w)
	fmt.Fprintln(t, "| release\t| associations\t| target\t| is\t| must\t| aim\t|\t|")
	fmt.Fprintln(t, "|---\t|---:\t|---\t|---:\t|---:\t|---:\t|---\t|")
	for _, s := range b.Sets {
		if s.N < targeted && slices.ContainsFunc(b.Sets, func(s *set) bool { return s.N >= targeted }) {
			continue
		}
		for _, x := range s.Targets {
			fmt.Fprintf(t, "| %s\t| %d\t| %s\t| %.3g %s\t| %.3g\t| %.3g\t| %s\t|\n", s.Release, s.N, x.Name, x.Value, x.Unit, x.Must, x.Aim, x.verdict())
		}
	}
	t.Flush()
}

// whole is a number without its fraction; "" for none.
func whole(x float64) string {
	if x == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", x)
}
