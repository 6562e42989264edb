package drop_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cohortx/interchange/batch"
	"cohortx/interchange/drop"
)

const organization = `<InterchangeEducationOrganization xmlns="http://ed-fi.org/5.2.0"><School><SchoolId>%d</SchoolId>` +
	`<NameOfInstitution>Invented School</NameOfInstitution></School></InterchangeEducationOrganization>`

// folder is a drop folder with a store beside it.
type folder struct {
	*testing.T
	dir string
	opt drop.Options
}

func newFolder(t *testing.T) *folder {
	dir := t.TempDir()
	f := &folder{T: t, dir: filepath.Join(dir, "drop")}
	if err := os.MkdirAll(filepath.Join(f.dir, "inbox"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.opt = drop.Options{Folder: f.dir, Import: batch.ImportOptions{
		Store: filepath.Join(dir, "cohorts.db"), Command: "drop", Version: "test", Limit: batch.DefaultLimit, ReadOptions: batch.ReadOptions{MaxRatio: 500, Jobs: 1},
	}}
	return f
}

func (f *folder) open() *drop.Drop {
	f.Helper()
	d, err := drop.Open(f.opt)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { d.Close() })
	return d
}

func (f *folder) put(name, text string) {
	f.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, "inbox", name), []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
}

// taken are the files that a look has taken, as name:folder.
func taken(look *drop.Look) (list []string) {
	for _, r := range look.Runs {
		for _, x := range r.Filed {
			if x.File != "" {
				list = append(list, x.File+":"+filepath.Base(filepath.Dir(x.To)))
			}
		}
	}
	return list
}

func left(look *drop.Look) (list []string) {
	for _, l := range look.Left {
		list = append(list, l.File+": "+l.Why)
	}
	return list
}

func (f *folder) equal(what string, got, want []string) {
	f.Helper()
	if !slices.Equal(got, want) {
		f.Errorf("%s %q, want %q", what, got, want)
	}
}

// A file that changes between two looks, or comes with the second, is left for the next time; one that stays is taken.
func TestOnce_Growing(t *testing.T) {
	f := newFolder(t)
	f.opt.Settle = time.Hour
	waits := 0
	f.opt.Wait = func(_ context.Context, d time.Duration) error {
		if waits++; d != time.Hour {
			t.Errorf("waited for %s", d)
		}
		if waits == 1 {
			f.put("growing.xml", fmt.Sprintf(organization, 2))
			f.put("late.xml", fmt.Sprintf(organization, 3))
		}
		return nil
	}
	f.put("growing.xml", "<Inter")
	f.put("whole.xml", fmt.Sprintf(organization, 1))
	d := f.open()
	look, err := d.Once(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	f.equal("taken", taken(look), []string{"whole.xml:archive"})
	f.equal("left", left(look), []string{"growing.xml: it is still growing", "late.xml: it is still growing"})
	if look, err = d.Once(context.Background()); err != nil {
		t.Fatal(err)
	}
	f.equal("taken", taken(look), []string{"growing.xml:archive", "late.xml:archive"})
}

// A complete set is taken whole or not at all: what a missing file does not name would be ended.
func TestOnce_Whole(t *testing.T) {
	f := newFolder(t)
	f.opt.Whole = true
	f.put("a.xml", fmt.Sprintf(organization, 1))
	f.put("b.xml.part", "<Inter")
	d := f.open()
	look, err := d.Once(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	f.equal("taken", taken(look), nil)
	f.equal("left", left(look), []string{"b.xml.part: it is still on its way",
		"a.xml: the files of a complete set are taken together, and b.xml.part is still on its way"})
}

// Without an upload under way, a file that changes while it is claimed ends the claim: all files are in the inbox again.
func TestOnce_ChangedWhileClaimed(t *testing.T) {
	f := newFolder(t)
	f.put("a.xml", fmt.Sprintf(organization, 1))
	f.put("b.xml", fmt.Sprintf(organization, 2))
	f.opt.At = func(point string) {
		if point == drop.AtClaiming {
			f.put("b.xml", "<Inter")
			f.put("a.xml", fmt.Sprintf(organization, 3)) // a newer one, under the name of the one just claimed
		}
	}
	d := f.open()
	look, err := d.Once(context.Background())
	if err == nil || !strings.Contains(err.Error(), "b.xml changed while it was claimed") {
		t.Fatalf("error %v", err)
	}
	f.equal("taken", taken(look), nil)
	for name, want := range map[string]string{"inbox/b.xml": "<Inter", "inbox/a.xml": fmt.Sprintf(organization, 3), "quarantine/a.run1.xml": fmt.Sprintf(organization, 1)} {
		if got, err := os.ReadFile(filepath.Join(f.dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if entries, _ := os.ReadDir(filepath.Join(f.dir, "work")); len(entries) > 0 {
		t.Errorf("work holds %v", entries)
	}
}

// Watching applies what was there, then what comes, and ends with its context.
func TestWatch(t *testing.T) {
	f := newFolder(t)
	f.put("first.xml", fmt.Sprintf(organization, 1))
	d := f.open()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var got []string
	err := d.Watch(ctx, time.Hour, func(look *drop.Look, err error) {
		if err != nil {
			t.Error(err)
		}
		for _, name := range taken(look) {
			got = append(got, name)
			switch name {
			case "first.xml:archive":
				f.put("second.part", fmt.Sprintf(organization, 2))
				if err := os.Rename(filepath.Join(f.dir, "inbox", "second.part"), filepath.Join(f.dir, "inbox", "second.xml")); err != nil {
					t.Error(err)
				}
			case "second.xml:archive":
				stop()
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
	f.equal("taken", got, []string{"first.xml:archive", "second.xml:archive"})
}

// Watching hears of what comes while a run is going, and of an inbox that was removed and made anew.
func TestWatch_Hears(t *testing.T) {
	f := newFolder(t)
	arrive := func(name string, n int) {
		f.put(name+".part", fmt.Sprintf(organization, n))
		if err := os.Rename(filepath.Join(f.dir, "inbox", name+".part"), filepath.Join(f.dir, "inbox", name+".xml")); err != nil {
			t.Error(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	points := 0
	f.opt.At = func(point string) {
		if point == drop.AtCommitted {
			if points++; points == 1 {
				arrive("during", 2)
			}
		}
	}
	arrive("first", 1)
	d := f.open()
	var got []string
	err := d.Watch(ctx, time.Hour, func(look *drop.Look, err error) {
		if err != nil {
			t.Error(err)
		}
		for _, name := range taken(look) {
			got = append(got, name)
			switch name {
			case "during.xml:archive":
				if err := os.Remove(filepath.Join(f.dir, "inbox")); err != nil {
					t.Error(err)
				}
				if err := os.Mkdir(filepath.Join(f.dir, "inbox"), 0o700); err != nil {
					t.Error(err)
				}
				arrive("anew", 3)
			case "anew.xml:archive":
				arrive("heard", 4)
			case "heard.xml:archive":
				stop()
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
	f.equal("taken", got, []string{"first.xml:archive", "during.xml:archive", "anew.xml:archive", "heard.xml:archive"})
}

// A run that is in the store says so also when its files cannot be put away; the next look does it.
func TestOnce_CannotFile(t *testing.T) {
	f := newFolder(t)
	f.put("a.xml", fmt.Sprintf(organization, 1))
	archive := filepath.Join(f.dir, "archive")
	f.opt.At = func(point string) {
		if point == drop.AtCommitted {
			if err := os.Rename(archive, archive+".away"); err != nil {
				t.Error(err)
			}
		}
	}
	d := f.open()
	_, err := d.Once(context.Background())
	if err == nil || !strings.Contains(err.Error(), "run 1 is in the store, but its files could not all be put away from ") {
		t.Fatalf("error %v", err)
	}
	if err := os.Rename(archive+".away", archive); err != nil {
		t.Fatal(err)
	}
	look, err := d.Once(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	f.equal("taken", taken(look), []string{"a.xml:archive"})
	if len(look.Runs) != 1 || !look.Runs[0].Again || look.Runs[0].Report.Run != 1 {
		t.Errorf("runs %+v", look.Runs)
	}
}

// A second process is told who holds the folder.
func TestOpen_Locked(t *testing.T) {
	f := newFolder(t)
	f.open()
	_, err := drop.Open(f.opt)
	host, _ := os.Hostname()
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d on %s since ", os.Getpid(), host)) {
		t.Errorf("error %v", err)
	}
}

// Files that would have one name in the archive keep apart, and the rejects of two files that differ in their ending only lie beside the right
// one.
func TestOnce_Clashes(t *testing.T) {
	f := newFolder(t)
	f.opt.Import.Limit = batch.Limit{} // no reject at all
	f.put("a.xml", fmt.Sprintf(organization, 1))
	f.put("a.csv", "student_unique_id\nS1,too many\n")
	f.put(strings.Repeat("x", 210)+"1.xml", fmt.Sprintf(organization, 2))
	f.put(strings.Repeat("x", 210)+"2.xml", fmt.Sprintf(organization, 3))
	d := f.open()
	for _, name := range []string{"archive/a.run1.xml", "archive/run1.report.json", "archive/" + strings.Repeat("x", 200) + ".run1.xml"} {
		if err := os.WriteFile(filepath.Join(f.dir, name), []byte("of another store"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Once(context.Background()); err != nil {
		t.Fatal(err)
	}
	x := strings.Repeat("x", 200)
	for folder, want := range map[string][]string{
		"archive":    {"a.run1.2.xml", "a.run1.xml", "run1.report.2.html", "run1.report.2.json", "run1.report.json", x + ".run1.2.xml", x + ".run1.3.xml", x + ".run1.xml"},
		"quarantine": {"a.run1.csv", "a.run1.rejects.csv", "run1.report.html", "run1.report.json"},
		"work":       nil, "inbox": nil,
	} {
		entries, err := os.ReadDir(filepath.Join(f.dir, folder))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		f.equal(folder, got, want)
	}
	for _, name := range []string{"a.run1.xml", "run1.report.json", x + ".run1.xml"} {
		if text, _ := os.ReadFile(filepath.Join(f.dir, "archive", name)); string(text) != "of another store" {
			t.Errorf("%s was overwritten", name)
		}
	}
}
