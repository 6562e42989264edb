package report_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"cohortx/interchange/report"
)

// The pages of real runs, in Chromium. `make test-report` installs it; REPORT_SHOTS=FOLDER keeps what it saw, REPORT_LARGE=1 tests the page of a
// large run too.
func TestPage_Browser(t *testing.T) {
	b := newBrowser(t)
	p := buildPrograms(t)
	for _, name := range p.nights(t) {
		b.look(t, name)
	}
}

// The report of a run with 1,000,000 associations and 50,000 rejects is small, and opens in less than a second.
func TestPage_Large(t *testing.T) {
	if os.Getenv("REPORT_LARGE") == "" {
		t.Skip("it takes a minute; make test-report does it")
	}
	b := newBrowser(t)
	p := buildPrograms(t)
	rep, name := p.large(t)
	if rep.Entities < 1_000_000 || rep.Rejected < 50_000 {
		t.Fatalf("%d entities, %d rejected", rep.Entities, rep.Rejected)
	}
	for _, file := range []string{name, strings.TrimSuffix(name, ".html") + ".json"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if t.Logf("%s: %d bytes", filepath.Base(file), info.Size()); info.Size() >= 3_000_000 {
			t.Errorf("%s has %d bytes, want less than 3 MB", file, info.Size())
		}
	}
	b.look(t, name)
	var took []float64
	for range 3 {
		b.do(t, chromedp.Navigate("file://"+name))
		took = append(took, get(t, b, chromedp.Evaluate[float64](`performance.getEntriesByType("navigation")[0].duration`)))
	}
	if t.Logf("opened in %.0f ms", took); slices.Min(took) >= 1000 {
		t.Errorf("the page opened in %.0f ms, want less than 1000", took)
	}
}

// browser is Chromium with one page open.
type browser struct {
	ctx    context.Context
	mu     sync.Mutex
	wrong  []string // what it complained of
	loaded []string // what it asked for
}

func newBrowser(t *testing.T) *browser {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no Chromium; make test-report installs it")
	}
	opt := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opt...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx}
	b.do(t)
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	call(t, b, network.Enable, network.EnableParams{})
	call(t, b, runtime.Enable, cdp.Empty{})
	call(t, b, log.Enable, cdp.Empty{})
	return b
}

// hear notes what a page does that it should not.
func (b *browser) hear(e any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := e.(type) {
	case *runtime.EventConsoleAPICalled:
		b.wrong = append(b.wrong, fmt.Sprintf("console.%s", e.Type))
	case *runtime.EventExceptionThrown:
		b.wrong = append(b.wrong, e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		b.wrong = append(b.wrong, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		b.loaded = append(b.loaded, e.Request.URL)
	}
}

func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func get[T any](t *testing.T, b *browser, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func call[P, R any](t *testing.T, b *browser, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		t.Fatal(err)
	}
}

// look opens a page wide and narrow, light and dark, and holds it against its report.json.
func (b *browser) look(t *testing.T, name string) {
	rep := readReport(t, strings.TrimSuffix(name, ".html")+".json")
	for _, width := range []int64{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%s/%d/%s", strings.TrimSuffix(filepath.Base(name), ".report.html"), width, scheme), func(t *testing.T) {
				b.mu.Lock()
				b.wrong, b.loaded = nil, nil
				b.mu.Unlock()
				call(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 640})
				call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
				b.do(t, chromedp.Navigate("file://"+name))
				wide := get(t, b, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
				text := get(t, b, chromedp.Evaluate[string](`document.querySelector("#verdict").textContent`))
				if wide > width {
					t.Errorf("the page is %d pixels wide, want at most %d", wide, width)
				}
				if text != report.Plain(rep.Verdict) {
					t.Errorf("the page says %q, the report %q", text, rep.Verdict)
				}
				b.counts(t, rep)
				b.mu.Lock()
				for _, x := range b.wrong {
					t.Errorf("Chromium says: %s", x)
				}
				for _, url := range b.loaded {
					if url != "file://"+name && !strings.HasPrefix(url, "data:") {
						t.Errorf("the page asks for %s", url)
					}
				}
				if len(b.loaded) == 0 {
					t.Error("no request was seen: is the network watched?")
				}
				b.mu.Unlock()
				b.keep(t, fmt.Sprintf("%s-%d-%s", strings.TrimSuffix(filepath.Base(name), ".report.html"), width, scheme))
			})
		}
	}
}

// counts holds every count on the page against the report.
func (b *browser) counts(t *testing.T, rep *report.Run) {
	type cell struct{ Kind, Outcome, Of, Code, Text string }
	cells := get(t, b, chromedp.Evaluate[[]cell](`[...document.querySelectorAll("[data-kind],[data-of],[data-code]")].map(e => ({...e.dataset, text: e.textContent}))`))
	seen := report.Counts{}
	of := map[string]int64{"entities": rep.Entities, "rejected": rep.Rejected, "held_back": rep.HeldBackCount()}
	codes := map[string]int64{}
	for _, g := range slices.Concat(rep.Rejects, rep.Warnings) {
		codes[string(g.Code)] = g.Count
	}
	for _, c := range cells {
		n, err := strconv.ParseInt(strings.ReplaceAll(c.Text, ",", ""), 10, 64)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		switch {
		case c.Kind != "":
			if seen[c.Kind] == nil {
				seen[c.Kind] = map[string]int64{}
			}
			seen[c.Kind][c.Outcome] = n
		case c.Of != "" && of[c.Of] != n:
			t.Errorf("%s: the page says %d, the report %d", c.Of, n, of[c.Of])
		case c.Code != "":
			if codes[c.Code] != n {
				t.Errorf("%s: the page says %d, the report %d", c.Code, n, codes[c.Code])
			}
			delete(codes, c.Code)
		}
	}
	if len(codes) > 0 {
		t.Errorf("the page lacks %v", codes)
	}
	if got, want := fmt.Sprint(seen), fmt.Sprint(rep.Counts); got != want {
		t.Errorf("the page counts %s, the report %s", got, want)
	}
}

// keep keeps pictures of the page, and a page for printing, if somebody wants to look.
func (b *browser) keep(t *testing.T, name string) {
	dir := os.Getenv("REPORT_SHOTS")
	if dir == "" {
		return
	}
	shot := get(t, b, chromedp.FullScreenshot(100))
	paper := get(t, b, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	for file, data := range map[string][]byte{name + ".png": shot, name + ".pdf": paper} {
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func readReport(t *testing.T, name string) *report.Run {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rep := &report.Run{}
	if err := json.Unmarshal(text, rep); err != nil {
		t.Fatal(err)
	}
	return rep
}

// programs are cohortx and cohortgen, and a folder to work in.
type programs struct{ dir string }

func buildPrograms(t *testing.T) *programs {
	p := &programs{t.TempDir()}
	if out, err := exec.Command("go", "build", "-o", p.dir+"/", "cohortx/cmd/cohortx", "cohortx/cmd/cohortgen").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return p
}

// run runs a program in the folder and returns its exit status.
func (p *programs) run(t *testing.T, program string, args ...string) int {
	t.Helper()
	cmd := exec.Command(filepath.Join(p.dir, program), args...)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if status := cmd.ProcessState.ExitCode(); status != 0 && status != 2 && status != 3 && status != 5 {
		t.Fatalf("%s %q: exit status %d\n%s", program, args, status, out)
	}
	return cmd.ProcessState.ExitCode()
}

// nights is a store's life: a first load, nights with changes, one with rejects, one that is refused, a complete set of which removals are held
// back. The pages of the last four are worth a look.
func (p *programs) nights(t *testing.T) (pages []string) {
	const n = "--associations=6000"
	p.run(t, "cohortgen", n, "--out", "first", "--release", "5.2")
	p.run(t, "cohortx", "import", "first")
	for night := range 14 {
		seed := fmt.Sprint(night + 2)
		p.run(t, "cohortgen", n, "--change", fmt.Sprint(1+night%3), "--seed", "1", "--out", "night", "--release", "5.2", "--only-associations")
		p.vary(t, filepath.Join(p.dir, "night", "student-cohort.xml"), seed)
		p.run(t, "cohortx", "import", "--overlap", "allow", "--db", "cohorts.db", "night")
	}
	p.spoil(t, filepath.Join(p.dir, "night", "student-cohort.xml"))
	if got := p.run(t, "cohortx", "import", "--max-rejects", "50%", "night"); got != 2 {
		t.Fatalf("exit status %d of a night with rejects", got)
	}
	p.run(t, "cohortx", "import", "night") // too many of them
	if err := os.WriteFile(filepath.Join(p.dir, "cut.xml"), []byte("<InterchangeStudentCohort xmlns=\"http://ed-fi.org/5.2.0\">\n  <Cohort>"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(t, "cohortx", "import", "cut.xml")
	p.run(t, "cohortgen", "--associations=3000", "--out", "half", "--release", "5.2", "--only-associations")
	if got := p.run(t, "cohortx", "import", "--mode", "full", "half"); got != 5 {
		t.Fatalf("exit status %d of a complete set that lacks half", got)
	}
	all, err := filepath.Glob(filepath.Join(p.dir, "cohorts.db.reports", "*.html"))
	if err != nil || len(all) < 18 {
		t.Fatal(all, err)
	}
	for _, run := range []int{15, 16, 17, 18, 19} {
		pages = append(pages, filepath.Join(p.dir, "cohorts.db.reports", fmt.Sprintf("run%d.report.html", run)))
	}
	return pages
}

// vary makes one night differ from the last: other students have new end dates.
func (p *programs) vary(t *testing.T, name, seed string) {
	p.edit(t, name, func(line string, number int) string {
		k, _ := strconv.Atoi(seed)
		if number%(211+k) == 0 {
			line = strings.Replace(line, "2025-09-", "2025-08-", 1)
		}
		return line
	})
}

// spoil puts faults of several kinds into a file.
func (p *programs) spoil(t *testing.T, name string) {
	p.edit(t, name, func(line string, number int) string {
		switch {
		case strings.Contains(line, "<BeginDate>") && number%97 == 0:
			return strings.Replace(line, "<BeginDate>", "<BeginDate>on ", 1)
		case strings.Contains(line, "<StudentUniqueId>") && number%31 == 0:
			return strings.Replace(line, "<StudentUniqueId>", "<StudentUniqueId>0", 1)
		case strings.Contains(line, "<CohortIdentifier>") && number%41 == 0:
			return strings.Replace(line, "<CohortIdentifier>", "<CohortIdentifier>Reading-group-of-", 1)
		}
		return line
	})
}

func (p *programs) edit(t *testing.T, name string, change func(line string, number int) string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		out.WriteString(change(line, number))
	}
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// large imports 1,000,000 associations, of some of which the students are not stored.
func (p *programs) large(t *testing.T) (*report.Run, string) {
	p.run(t, "cohortgen", "--associations=1000000", "--out", "large", "--release", "5.2", "--csv")
	students, err := os.ReadFile(filepath.Join(p.dir, "large", "students.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var kept bytes.Buffer
	lines := bufio.NewScanner(bytes.NewReader(students))
	for n := 0; lines.Scan(); n++ {
		if n == 0 || n%18 != 0 {
			kept.Write(append(lines.Bytes(), '\n'))
		}
	}
	if err := os.WriteFile(filepath.Join(p.dir, "large", "students.csv"), kept.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := p.run(t, "cohortx", "import", "--db", "large.db", "large"); got != 2 {
		t.Fatalf("exit status %d", got)
	}
	name := filepath.Join(p.dir, "large.db.reports", "run1.report.html")
	return readReport(t, strings.TrimSuffix(name, ".html")+".json"), name
}
