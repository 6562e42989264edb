package report

import (
	"fmt"
	"html"
	"html/template"
	"slices"
	"strings"
)

// chart shows one number of the last runs as bars, the newest at the right.
type chart struct {
	Name  string
	Value string // of this run; "" when it is none of them
	Usual string // what it mostly is; "" with few runs
	Odd   bool   // this run is far off
	bars  []barOf
	Width int
	First int64 // number of the first run, and of the last
	Last  int64
}

// barOf is one run, in the coordinates of the chart, which is stretched to its place on the page.
type barOf struct {
	x      int
	height float64
	tone   string // this, or how the run ended: good, warn, bad
	cut    bool   // it is higher than the chart
	title  string
}

// Drawing is the bars as SVG. A template of their markup would take longer than the rest of the page.
func (c chart) Drawing() template.HTML {
	var b strings.Builder
	for _, x := range c.bars {
		fmt.Fprintf(&b, `<rect class="base" x="%d" y="%d" width="8" height="2"/><rect class="run %s" x="%d" y="%.1f" width="8" height="%.1f"><title>%s</title></rect>`,
			x.x, chartHeight, x.tone, x.x, chartHeight-x.height, x.height, html.EscapeString(x.title))
		if x.cut {
			fmt.Fprintf(&b, `<rect class="cut" x="%d" y="5" width="8" height="2"/>`, x.x)
		}
	}
	return template.HTML(b.String())
}

const (
	chartHeight = 48
	barStep     = 10 // from one bar to the next; a bar is two less
	fewestBars  = 12 // so that two are not as wide as the page
)

// measures are the numbers that the charts show.
var measures = []struct {
	name  string
	of    func(p *Past) float64
	write func(float64) string
	slack float64 // differences up to it are nothing odd
}{
	{"created", func(p *Past) float64 { return float64(p.Created) }, whole, 5},
	{"ended", func(p *Past) float64 { return float64(p.Ended) }, whole, 5},
	{"rejected", func(p *Past) float64 { return float64(p.Rejected) }, whole, 5},
	{"duration", func(p *Past) float64 { return p.Seconds }, duration, 2},
}

func whole(n float64) string { return Thousands(int64(n)) }

func (r *Run) charts() (list []chart) {
	n := len(r.History)
	if n < 2 {
		return nil
	}
	for _, m := range measures {
		c := chart{Name: m.name, Width: max(n, fewestBars) * barStep, First: r.History[0].Run, Last: r.History[n-1].Run}
		earlier := []float64{}
		for i := range r.History {
			if p := &r.History[i]; p.Run != r.Run {
				earlier = append(earlier, m.of(p))
			}
		}
		low, high := usual(earlier)
		top := highest(r.History, m.of)
		for i := range r.History {
			p := &r.History[i]
			v := m.of(p)
			b := barOf{x: i*barStep + 1, tone: tone(p.ExitStatus), cut: v > top}
			if v > 0 {
				b.height = max(min(v/top, 1)*chartHeight, 1.5)
			}
			b.title = fmt.Sprintf("Run %d, %s, %s: %s", p.Run, p.Started.Local().Format("2 January 2006"), words(p.State), m.write(v))
			if p.Run == r.Run {
				b.tone += " this"
				c.Value = m.write(v)
				c.Odd = len(earlier) >= fewRuns && (v > 2*high+m.slack || 2*v+m.slack < low)
			}
			c.bars = append(c.bars, b)
		}
		if len(earlier) >= fewRuns {
			c.Usual = m.write(low)
			if m.write(low) != m.write(high) {
				c.Usual += " to " + m.write(high)
			}
		}
		list = append(list, c)
	}
	return list
}

// fewRuns is from how many earlier runs on one can say what is usual.
const fewRuns = 5

// usual is between what four of five values lie: without the lowest and the highest tenth.
func usual(values []float64) (low, high float64) {
	if len(values) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(values))
	tenth := (len(sorted) + 5) / 10
	return sorted[tenth], sorted[len(sorted)-1-tenth]
}

// highest is the value of a bar that is as high as the chart. One that is far higher than the others, such as the first load of all, is cut
// off, so that the others can be told apart.
func highest(list []Past, of func(*Past) float64) float64 {
	values := []float64{}
	for i := range list {
		values = append(values, of(&list[i]))
	}
	top := slices.Max(values)
	if _, high := usual(values); high > 0 {
		top = min(top, 3*high)
	}
	if top == 0 {
		return 1
	}
	return top
}
