package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"cohortx/interchange/report"
)

const schemaFile = "../../interchange/report/report.schema.json"

// reportSchema is the schema of reports as it is in the repository, but that nothing may be in a report that it does not name: what it promises
// is that fields may be added, and it is to be added to then.
var reportSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	closeObjects(doc)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("report.schema.json")
})

// closeObjects forbids further properties wherever properties are named.
func closeObjects(schema any) {
	switch x := schema.(type) {
	case map[string]any:
		if _, ok := x["properties"].(map[string]any); ok && x["type"] == "object" {
			x["additionalProperties"] = false
		}
		for _, v := range x {
			closeObjects(v)
		}
	case []any:
		for _, v := range x {
			closeObjects(v)
		}
	}
}

// checkReport holds a report against the schema.
func checkReport(text []byte) error {
	schema, err := reportSchema()
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(doc)
}

// checkReports holds every report below a folder against the schema, and asks for a page beside it.
func checkReports(dir string) (n int, err error) {
	walk := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".report.json") && filepath.Base(path) != "report.json" {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil {
			n++
			err = checkReport(text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		page, err := os.ReadFile(strings.TrimSuffix(path, ".json") + ".html")
		if err == nil && !bytes.HasSuffix(page, []byte("</html>\n")) {
			err = errors.New("its page is cut off")
		}
		return err
	})
	return n, walk
}

// The schema finds what is not as it says.
func TestReport_Schema(t *testing.T) {
	rep := report.NewRun("test", "cohorts.db")
	rep.State, rep.Verdict = "applied", "Applied: 1 change."
	var text bytes.Buffer
	if err := report.JSON(&text, rep); err != nil {
		t.Fatal(err)
	}
	if err := checkReport(text.Bytes()); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"state": "applied"`, `"state": "fine"`},
		{`"entities": 0`, `"entities": -1`},
		{`"entities": 0`, `"entities": 0, "more": 1`},
		{`"rejects": []`, `"rejects": null`},
		{`"version": 1,`, ``},
	} {
		changed := strings.Replace(text.String(), change[0], change[1], 1)
		if changed == text.String() || checkReport([]byte(changed)) == nil {
			t.Errorf("%s in place of %s is not found:\n%s", change[1], change[0], changed)
		}
	}
}

// Every field of the schema stands in the README.
func TestReadme_Report(t *testing.T) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	var collect func(any)
	collect = func(x any) {
		switch x := x.(type) {
		case map[string]any:
			if list, ok := x["properties"].(map[string]any); ok {
				for name := range list {
					fields[name] = true
				}
			}
			for _, v := range x {
				collect(v)
			}
		case []any:
			for _, v := range x {
				collect(v)
			}
		}
	}
	collect(schema)
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## The report\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !strings.Contains(section, "`"+name+"`") && !strings.Contains(section, "`"+name+"[]`") {
			t.Errorf("README.md, The report: it does not describe %s", name)
		}
	}
	if len(fields) < 40 {
		t.Errorf("%d fields: is the schema read rightly?", len(fields))
	}
}
