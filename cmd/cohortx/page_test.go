package main

import (
	"html"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	unseen = regexp.MustCompile(`(?s)<head>.*</head>|<title>.*?</title>`)
	breaks = regexp.MustCompile(`</?(p|h1|h2|h3|li|ul|tr|dd|section|div|table|pre|header|footer|details|summary|title|br)\b[^>]*>`)
	cells  = regexp.MustCompile(`</(td|th|dt|span|code)>`)
	marks  = regexp.MustCompile(`<(/?)mark>`)
	tags   = regexp.MustCompile(`<[^>]*>`)
	// When and how long differs from one run to the next.
	whens = regexp.MustCompile(`\w+day, \d+ \w+ \d{4}, \d\d:\d\d:\d\d \w+|\d+ \w+ 20\d\d|under 1 ms|\d+(\.\d)? m?s\b( to \d+(\.\d)? m?s\b)?|[\d,]+ entities a second, [\d.]+ MB/s|\d+ MiB|active on [\d-]+`)
)

// page prints what a page says, without what differs from run to run; marked text stands in »«.
func page(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: page FILE")
	}
	text := unseen.ReplaceAllString(ts.ReadFile(args[0]), "")
	text = marks.ReplaceAllStringFunc(text, func(m string) string {
		if strings.Contains(m, "/") {
			return "«"
		}
		return "»"
	})
	text = breaks.ReplaceAllString(text, "\n")
	text = tags.ReplaceAllString(cells.ReplaceAllString(text, " "), "")
	text = whens.ReplaceAllString(html.UnescapeString(text), "WHEN")
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimRight(line, " "); strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("page.txt"), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}
