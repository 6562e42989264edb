package drop

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	gosync "sync"

	"cohortx/interchange/source"
)

// named puts a run into a file's name, before its endings: cohorts.xml.gz becomes cohorts.run12.xml.gz.
func named(name, run string) string {
	_, ending := source.Cut(name)
	return source.Stem(name) + "." + run + ending
}

// freeName is the path in dir of a file that is named after a run; with a number where that name is taken.
func freeName(dir, run, name string) string { return free(filepath.Join(dir, named(name, run))) }

// free is a path that nothing has: the one asked for, or with a number before its endings.
func free(path string) string {
	for n := 1; ; n++ {
		next := path
		if n > 1 {
			stem, ending := source.Cut(filepath.Base(path))
			next = filepath.Join(filepath.Dir(path), fmt.Sprintf("%s.%d%s", stem, n, ending))
		}
		if _, err := os.Lstat(next); err != nil {
			return next // there is none, or the folder cannot be read, and the rename will say so
		}
	}
}

var runInName = gosync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?:^|\.)run(\d+)(?:\.|$)`) })

// runOf is the run that a name in the archive has, the last where there are several: a file may have been named so when it came.
func runOf(name string) (run int64, ok bool) {
	all := runInName().FindAllStringSubmatch(strings.ReplaceAll(name, ".", ".."), -1) // so that matches do not share a dot
	if len(all) == 0 {
		return 0, false
	}
	run, err := strconv.ParseInt(all[len(all)-1][1], 10, 64)
	return run, err == nil
}
