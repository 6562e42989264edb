package drop

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cohortx/interchange/source"
)

// named puts a run into a file's name, before its endings: cohorts.xml.gz becomes cohorts.run12.xml.gz.
func named(name, run string) string {
	stem, ending := splitName(name)
	return stem + "." + run + ending
}

// splitName cuts a name before its endings that we know, else before its last one.
func splitName(name string) (stem, ending string) {
	lower := strings.ToLower(name)
	endings := source.Endings()
	slices.SortFunc(endings, func(a, b string) int { return len(b) - len(a) }) // .xml.gz before .gz
	for _, e := range endings {
		if strings.HasSuffix(lower, e) {
			return name[:len(name)-len(e)], name[len(name)-len(e):]
		}
	}
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext), ext
}

// freeName is the path in dir of a file that is named after a run; with a number where that name is taken.
func freeName(dir, run, name string) string { return free(filepath.Join(dir, named(name, run))) }

// free is a path that nothing has: the one asked for, or with a number before its endings.
func free(path string) string {
	for n := 1; ; n++ {
		next := path
		if n > 1 {
			stem, ending := splitName(filepath.Base(path))
			next = filepath.Join(filepath.Dir(path), fmt.Sprintf("%s.%d%s", stem, n, ending))
		}
		if _, err := os.Lstat(next); err != nil {
			return next // there is none, or the folder cannot be read, and the rename will say so
		}
	}
}

var runInName = regexp.MustCompile(`(?:^|\.)run(\d+)(?:\.|$)`)

// runOf is the run that a name in the archive has, the last where there are several: a file may have been named so when it came.
func runOf(name string) (run int64, ok bool) {
	all := runInName.FindAllStringSubmatch(strings.ReplaceAll(name, ".", ".."), -1) // so that matches do not share a dot
	if len(all) == 0 {
		return 0, false
	}
	run, err := strconv.ParseInt(all[len(all)-1][1], 10, 64)
	return run, err == nil
}
