package drop

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cohortx/interchange"
	"cohortx/interchange/batch"
	"cohortx/interchange/report"
	"cohortx/interchange/source"
	"cohortx/store"
)

// claim is the files of one run, in a folder of their own below work. claim.json there says what it is.
type claim struct {
	dir string

	Run     int64     `json:"run"`
	Started time.Time `json:"started"` // of the run; tells it from a run of the same number in another store, or in a copy of this one
	Files   []claimed `json:"files"`
}

// claimed is one file of a claim.
type claimed struct {
	Name    string        `json:"name"`
	Role    role          `json:"role,omitempty"`
	Bytes   int64         `json:"bytes"`
	Refusal *report.Fault `json:"refusal,omitempty"` // why it was refused before it was read
}

type role string

const (
	data         role = ""
	theManifest  role = "manifest"
	marker       role = "marker"
	claimFile         = "claim.json"
	rejectsDir        = "rejects"
	claimingName      = ".claiming" // behind the folder's name while the claim is not complete
)

// runDir is the name of a run's folder in work.
func runDir(run int64) string { return fmt.Sprintf("run%d", run) }

// claim moves what has arrived to work. It moves all or nothing: after a crash the folder's name says whether all was there.
func (d *Drop) claim(ctx context.Context, run store.RunRecord, a arrived) (_ *claim, err error) {
	c := &claim{dir: d.path(work, runDir(run.Number)), Run: run.Number, Started: run.Started}
	unfinished := c.dir + claimingName
	if err := os.Mkdir(unfinished, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.unclaim(unfinished))
		}
	}()
	for i, f := range a.files {
		if f.marker {
			// First the marker: a marker without its file is harmless, while one that stays would vouch for the next file of this name.
			name := f.name + d.opt.DoneSuffix
			if err := rename(d.path(inbox, name), filepath.Join(unfinished, name)); err != nil {
				return nil, err
			}
			c.Files = append(c.Files, claimed{Name: name, Role: marker})
		}
		x, err := d.take(ctx, f, unfinished, a)
		if err != nil {
			return nil, err
		}
		c.Files = append(c.Files, x)
		if i == 0 {
			d.opt.At(AtClaiming)
		}
	}
	if err := c.write(unfinished); err != nil {
		return nil, err
	}
	if err := rename(unfinished, c.dir); err != nil {
		return nil, err
	}
	sync(d.path(work))
	sync(d.path(inbox))
	return c, nil
}

// take moves one file and looks at it again, now that nobody else can put something in its place.
func (d *Drop) take(ctx context.Context, f found, dir string, a arrived) (claimed, error) {
	x := claimed{Name: f.name, Bytes: f.info.Size(), Refusal: a.refusal}
	if f.name == manifestName {
		x.Role = theManifest
	}
	to := filepath.Join(dir, f.name)
	if err := rename(d.path(inbox, f.name), to); errors.Is(err, fs.ErrPermission) {
		return x, fmt.Errorf("claim %s: %w: the user that cohortx runs as must be able to write into %s", f.name, err, d.path(inbox))
	} else if err != nil {
		return x, fmt.Errorf("claim %s: %w", f.name, err)
	}
	info, err := os.Lstat(to)
	if err != nil {
		return x, err
	}
	if !f.same(info) {
		return x, fmt.Errorf("%s changed while it was claimed: it stays in the inbox for the next time", f.name)
	}
	if !info.Mode().IsRegular() {
		x.Refusal = &report.Fault{File: f.name, Line: 1, Column: 1, Code: interchange.CodeNotReadable, Found: kindOf(info.Mode()), Expected: "a regular file"}
		return x, nil
	}
	if err := os.Chmod(to, 0o600); err != nil && !errors.Is(err, fs.ErrPermission) { // of another owner: the folder keeps others out
		return x, err
	}
	if file, err := os.Open(to); errors.Is(err, fs.ErrPermission) {
		x.Refusal = &report.Fault{File: f.name, Line: 1, Column: 1, Code: interchange.CodeNotReadable, Found: "permissions " + info.Mode().Perm().String(), Expected: "a file that can be read"}
		return x, nil
	} else if err != nil {
		return x, err
	} else if err := file.Close(); err != nil {
		return x, err
	}
	if _, named := a.named(f.name); named && x.Refusal == nil {
		if x.Refusal, err = a.manifest.verify(ctx, f.name, to); err != nil {
			return x, err
		}
	}
	return x, nil
}

// named reports whether a manifest names a file.
func (a arrived) named(name string) (sum [32]byte, ok bool) {
	if a.manifest != nil {
		sum, ok = a.manifest.sums[name]
	}
	return sum, ok
}

func kindOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// unclaim gives the files of a claim that never became complete back to the inbox: data before markers. Where a newer file of the same name
// has arrived meanwhile, the older one, which nobody has read, goes to the quarantine.
func (d *Drop) unclaim(dir string) error {
	if err := removeUnfinished(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	isMarker := func(name string) bool { return !source.Importable(name) }
	for _, markers := range []bool{false, true} {
		for _, e := range entries {
			name := e.Name()
			if name == claimFile || isMarker(name) != markers {
				continue
			}
			from, to := filepath.Join(dir, name), d.path(inbox, name)
			if _, err := os.Lstat(to); err == nil {
				to = freeName(d.path(quarantine), strings.TrimSuffix(filepath.Base(dir), claimingName), name)
			}
			if err := rename(from, to); err != nil {
				return err
			}
		}
	}
	return os.RemoveAll(dir)
}

// write notes what the claim is. Names are escaped as in a URL, as JSON is UTF-8 and they need not be.
func (c *claim) write(dir string) error {
	out := *c
	out.Files = slices.Clone(c.Files)
	for i := range out.Files {
		out.Files[i].Name = url.PathEscape(out.Files[i].Name)
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(dir, claimFile), text)
}

// writeWhole writes a file that is there wholly or not at all.
func writeWhole(name string, text []byte) error {
	return report.Replace(name, 0o600, func(w *bufio.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

func readClaim(dir string) (*claim, error) {
	text, err := os.ReadFile(filepath.Join(dir, claimFile))
	if err != nil {
		return nil, err
	}
	c := &claim{dir: dir}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, claimFile), err)
	}
	for i := range c.Files {
		if c.Files[i].Name, err = url.PathUnescape(c.Files[i].Name); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, claimFile), err)
		}
	}
	return c, nil
}

// inputs are the claim's files as an import wants them, named as they were in the inbox.
func (c *claim) inputs() (batch.Claimed, error) {
	out := batch.Claimed{Rejects: filepath.Join(c.dir, rejectsDir)}
	if err := os.MkdirAll(out.Rejects, 0o700); err != nil {
		return out, err
	}
	for _, f := range c.Files {
		if f.Refusal != nil {
			out.Refused = append(out.Refused, batch.Refused{Name: f.Name, Bytes: f.Bytes, Fault: *f.Refusal})
			continue
		}
		if f.Role != data {
			continue
		}
		path := filepath.Join(c.dir, f.Name)
		found, err := source.Expand([]string{path})
		if err != nil {
			out.Refused = append(out.Refused, batch.Refused{Name: f.Name, Bytes: f.Bytes, Fault: report.Fault{
				File: f.Name, Line: 1, Column: 1, Code: interchange.CodeArchiveRefused,
				Found: strings.ReplaceAll(err.Error(), path, f.Name), Expected: "an archive of files that can be imported"}})
			continue
		}
		for _, in := range found {
			in.Name = f.Name + strings.TrimPrefix(in.Name, path)
			out.Inputs = append(out.Inputs, in)
		}
	}
	return out, nil
}
