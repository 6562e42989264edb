package batch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The documents that were generated from the schemas of 3.1, 4.0 and 5.1 have the verdicts that libxml2 gave them by the official
// schemas, in whatever way they are read.
func TestGenerated(t *testing.T) {
	const folder = "../../xsd/testdata/generated"
	for _, release := range []string{"v3.1.0", "v4.0.0", "v5.1.0"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			index, err := os.ReadFile(filepath.Join(folder, release, "INDEX.tsv"))
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(string(index)), "\n")[1:]
			var files []string
			for _, line := range lines {
				name, _, _ := strings.Cut(line, "\t")
				files = append(files, filepath.Join(folder, release, name))
			}
			for name, opt := range forms() {
				found := verdicts(t, opt, files...)
				for i, line := range lines {
					want := strings.Split(line, "\t")[1] == "VALID"
					if got := len(found[files[i]]) == 0; got != want {
						t.Errorf("%s: %s: valid %v, want %v: %q", name, files[i], got, want, found[files[i]])
					}
				}
			}
		})
	}
}
