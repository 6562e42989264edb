// Command cohortbench measures cohortx against what one would use without it, in the same run and on the same files: xmllint, which only
// checks a file, and the sqlite3 shell, which imports the same rows, already resolved, from CSV. Machines differ and are noisy; the
// contenders take turns, and what counts is the ratio of the medians.
//
//	cohortbench -n 1000000 -release 2.0,5.2 -dir bench -json bench/result.json
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("cohortbench: ")
	b := &bench{Cores: runtime.NumCPU()}
	sizes := flag.String("n", "100000", "associations, one or more numbers separated by commas")
	releases := flag.String("release", "2.0,5.2", "releases of the files")
	flag.StringVar(&b.dir, "dir", "bench", "folder for the files; what is generated is kept for the next time")
	flag.StringVar(&b.bin, "bin", "bin", "folder of cohortx and cohortgen")
	flag.IntVar(&b.Rounds, "rounds", 3, "how often every contender runs")
	flag.StringVar(&b.profiles, "profiles", "", "also write CPU profiles of cohortx into this folder")
	out := flag.String("json", "", "also write the result to this file")
	flag.Parse()
	for _, release := range strings.Split(*releases, ",") {
		for _, size := range strings.Split(*sizes, ",") {
			n, err := strconv.Atoi(size)
			if err != nil || n < 1 {
				log.Fatalf("-n %s: expected numbers from 1 on, such as 100000,1000000", *sizes)
			}
			b.Sets = append(b.Sets, &set{Release: release, N: n, bench: b})
		}
	}
	if err := b.run(*out); err != nil {
		log.Fatal(err)
	}
}

// bench is one comparison. The exported fields of this package's types are the JSON result.
type bench struct {
	Cores  int    `json:"cores"`
	Rounds int    `json:"rounds"`
	Sets   []*set `json:"sets"`

	dir, bin string
	profiles string // folder for profiles of cohortx, "" for none
}

// set is what is measured on the files of one release and size.
type set struct {
	Release string    `json:"release"`
	N       int       `json:"associations"`
	Bytes   int64     `json:"bytes"` // of the interchange file
	Lines   []*line   `json:"lines"`
	Targets []*target `json:"targets"`

	bench *bench
}

func (b *bench) run(out string) error {
	if err := b.disk(); err != nil {
		return err
	}
	for _, s := range b.Sets {
		if err := s.run(); err != nil {
			return fmt.Errorf("release %s, %d associations: %w", s.Release, s.N, err)
		}
	}
	b.growth()
	b.print(os.Stdout)
	if out == "" {
		return nil
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}

func (s *set) run() error {
	if err := s.files(); err != nil {
		return err
	}
	s.contenders()
	for round := range s.bench.Rounds {
		var quick []*line
		for _, l := range s.Lines {
			fmt.Fprintf(os.Stderr, "release %s, %d associations, round %d of %d: %s\n", s.Release, s.N, round+1, s.bench.Rounds, l.Name)
			if l.small {
				quick = append(quick, l) // they take turns with each other
			} else if err := l.once(); err != nil {
				return fmt.Errorf("%s: %w", l.Name, err)
			}
		}
		if err := together(quick); err != nil {
			return err
		}
	}
	s.finish()
	s.tidy()
	return nil
}
