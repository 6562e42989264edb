package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cohortx/interchange"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// notProvoked are the codes that no file can provoke.
var notProvoked = map[interchange.Code]string{
	interchange.Code(xsd.SchemaViolation): "no rule of the Ed-Fi schemas is without a code of its own; needs a folder with others (--xsd)",
	interchange.Code(xsd.TooLarge):        "the scanner's limits (16 MiB an entity, 1 MiB an attribute) are hit first",
	interchange.Code(xsd.RootUnexpected):  "what has another root or namespace is refused before (root_unknown)",
}

// Every code is provoked by a script, which names it in what it expects: a pattern of stdout or stderr, or a golden file.
func TestScript_Codes(t *testing.T) {
	names, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	expected := map[string]bool{}
	word := regexp.MustCompile(`[a-z][a-z0-9]*(_[a-z0-9]+)+|[a-z]+`)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		script, files, _ := strings.Cut(string(text), "\n-- ")
		for _, line := range strings.Split(script, "\n") {
			if strings.HasPrefix(line, "stdout ") || strings.HasPrefix(line, "stderr ") {
				files += "\n" + line
			}
		}
		for _, w := range word.FindAllString(files, -1) {
			expected[w] = true
		}
	}
	codes := []interchange.Code{}
	for _, e := range interchange.Catalogue {
		codes = append(codes, e.Code)
	}
	for _, c := range []scan.Code{scan.NotWellFormed, scan.DoctypeRefused, scan.NULByte, scan.XMLVersion, scan.InvalidCharacter, scan.InvalidEncoding,
		scan.TooDeep, scan.EntityTooLarge, scan.NameTooLong, scan.AttributeTooLong, scan.TooManyNamespaces} {
		if _, ok := interchange.Explain(interchange.Code(c)); !ok {
			t.Errorf("the catalogue does not explain %s", c)
		}
	}
	for _, c := range codes {
		if why, exception := notProvoked[c]; exception == expected[string(c)] {
			if exception {
				t.Errorf("%s is provoked by a script, although: %s", c, why)
			} else {
				t.Errorf("no script provokes %s", c)
			}
		}
	}
}
