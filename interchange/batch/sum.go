package batch

import (
	"context"
	"encoding/hex"
	"log/slog"

	"cohortx/interchange/source"
)

// sum keeps the hashes of an input that has been read to its end. Its SHA-256 may be computed while other things are done; summed waits for it.
func (im *importer) sum(ctx context.Context, in *input, s *source.Stream) {
	in.fingerprint, in.sha256 = s.Fingerprint(), s.SHA256()
	if in.sha256 != nil {
		return
	}
	im.sums.Go(func() {
		var err error
		in.sha256, err = in.SHA256(ctx, in.fingerprint)
		if err != nil || in.sha256 == nil {
			slog.Warn("the file has changed since it was read, or cannot be read again; its SHA-256 is not known", "file", in.Name, "error", err)
		}
	})
}

// summed puts the SHA-256 of the files into their reports.
func (im *importer) summed() {
	im.sums.Wait()
	for _, in := range im.inputs {
		if in.sha256 != nil {
			in.report.SHA256 = hex.EncodeToString(in.sha256)
		}
	}
}
