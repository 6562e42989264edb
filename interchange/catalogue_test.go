package interchange_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"cohortx/interchange"
)

// codesIn finds the constants of a folder's packages that are codes: of a type Code, or named code... with one. The map tells where each stands.
func codesIn(t *testing.T, dir string) map[interchange.Code]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	codes := map[interchange.Code]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Type == nil {
				return true
			}
			typ := ""
			switch x := spec.Type.(type) {
			case *ast.Ident:
				typ = x.Name
			case *ast.SelectorExpr:
				typ = x.Sel.Name
			}
			for i, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok && typ == "Code" && lit.Kind == token.STRING {
					code, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					codes[interchange.Code(code)] = name + ": " + spec.Names[i].Name
				}
			}
			return true
		})
	}
	if len(codes) == 0 {
		t.Fatalf("no codes found in %s", dir)
	}
	return codes
}

// Every code that a package has is explained, and nothing else is.
func TestCatalogue_Whole(t *testing.T) {
	used := map[interchange.Code]string{}
	for _, dir := range []string{".", "../xsd", "../xsd/scan", "source", "roster"} {
		for code, where := range codesIn(t, dir) {
			used[code] = where
			if _, ok := interchange.Explain(code); !ok {
				t.Errorf("%s is not explained (%s)", code, where)
			}
		}
	}
	for _, e := range interchange.Catalogue {
		if used[e.Code] == "" {
			t.Errorf("%s is explained, and no package has such a constant", e.Code)
		}
	}
}

// Codes that stand as plain words in the source are explained, too.
func TestCatalogue_PlainWords(t *testing.T) {
	for _, dir := range []string{"roster", "batch", "source"} {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for rest := string(text); ; {
				_, after, ok := strings.Cut(rest, "Code: \"")
				if !ok {
					break
				}
				code, _, _ := strings.Cut(after, `"`)
				if _, ok := interchange.Explain(interchange.Code(code)); !ok {
					t.Errorf("%s: %q is not explained", name, code)
				}
				rest = after
			}
		}
	}
}

// An entry tells a person who has never seen the code what happened and what to do.
func TestCatalogue_Entries(t *testing.T) {
	seen := map[interchange.Code]bool{}
	for _, e := range interchange.Catalogue {
		if seen[e.Code] {
			t.Errorf("%s stands there twice", e.Code)
		}
		seen[e.Code] = true
		if e.Class.String() == "" {
			t.Errorf("%s has no class", e.Code)
		}
		for what, text := range map[string]string{"meaning": e.Meaning, "remedy": e.Remedy} {
			if len(text) < 10 || !strings.HasSuffix(text, ".") || !unicode.IsUpper([]rune(text)[0]) && !strings.HasPrefix(text, "libxml2") && !strings.HasPrefix(text, "xsi:") {
				t.Errorf("the %s of %s is no sentence: %q", what, e.Code, text)
			}
		}
		if e.Example == "" && e.Class != interchange.Warns {
			t.Errorf("%s has no example", e.Code)
		}
		if got, ok := interchange.Explain(e.Code); !ok || got != e {
			t.Errorf("Explain(%s) gives %+v", e.Code, got)
		}
	}
	if e, ok := interchange.Explain("no_such_code"); ok || e.Code != "no_such_code" {
		t.Errorf("%+v", e)
	}
}
