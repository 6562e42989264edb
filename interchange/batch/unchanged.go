package batch

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"cohortx/interchange/report"
	"cohortx/interchange/roster"
	"cohortx/interchange/source"
	"cohortx/store"
)

// unchanged reports whether the last run applied exactly these files, in this order, wholly and with the same choices, and nobody has written
// to the store since: then there is nothing to do. A complete set is never skipped, as more than its files decides what it ends. It costs one
// reading of the files, and that only when their sizes are those of the last run.
func (im *importer) unchanged(ctx context.Context, inputs []*source.Input) (bool, error) {
	last := im.before
	if im.opt.Complete != nil || len(im.claimed.Refused) > 0 || im.opt.Force || im.opt.DryRun || im.opt.Schemas != "" || !im.untouched || last == nil {
		return false, nil
	}
	settings, err := json.Marshal(im.settings())
	if err != nil {
		return false, err
	}
	if last.State != store.Applied || last.ExitStatus != ExitOK || last.Mode != im.mode() || last.Rejects > 0 || last.Version != im.opt.Version ||
		!bytes.Equal(compactJSON(last.Settings), compactJSON(settings)) || len(inputs) == 0 || len(last.Files) != len(inputs) {
		return false, nil
	}
	for _, in := range inputs {
		if in.Size < 0 || !hasSize(last.Files, in.Size) {
			return false, nil
		}
	}
	// The store's list is in the order applied, which the inputs' contents decide, and their order among those of one content, as the last of
	// two that contradict each other is what holds. A file's size and hash are what it can be found by.
	taken := make([]bool, len(last.Files))
	after := map[string]int{} // of a content, or of the set, the place of the last one found
	var list []*input
	err = im.step("compare files with the last run", func() error {
		for _, in := range inputs {
			sum, err := in.Fingerprint(ctx)
			if err != nil {
				return err
			}
			i := indexOf(last.Files, taken, in.Size, sum)
			if i < 0 {
				return nil
			}
			f, part := last.Files[i], last.Files[i].Kind
			if part == roster.JSONLines.String() {
				part = roster.StudentCohort.String() // both are of the set
			}
			if i < after[part] {
				return nil
			}
			taken[i], after[part] = true, i
			list = append(list, &input{Input: in, number: len(list), report: report.File{
				Name: in.Name, Content: f.Kind, Release: f.Release, Fingerprint: hex.EncodeToString(sum), Bytes: in.Size, Verdict: "skipped",
			}})
		}
		return nil
	})
	if err != nil || len(list) != len(inputs) {
		return false, err
	}
	im.inputs, im.skipped, im.release = list, true, last.Release
	return true, nil
}

// skippedBy is the verdict on files that the last run applied, or skipped itself.
func skippedBy(last *store.RunRecord) string {
	if last.Files[0].Verdict == "skipped" {
		return last.Detail
	}
	return fmt.Sprintf("Skipped: run %d applied exactly these files, and nothing has changed since. --force applies them all the same.", last.Number)
}

func compactJSON(b []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, b) != nil {
		return b
	}
	return out.Bytes()
}

func hasSize(files []store.SourceFile, size int64) bool {
	for i := range files {
		if files[i].Bytes == size {
			return true
		}
	}
	return false
}

// indexOf is the place of the first file with this size and hash that is not taken; -1 for none.
func indexOf(files []store.SourceFile, taken []bool, size int64, sum []byte) int {
	for i := range files {
		if !taken[i] && files[i].Bytes == size && bytes.Equal(files[i].Fingerprint, sum) {
			return i
		}
	}
	return -1
}
