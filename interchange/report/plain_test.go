package report_test

import (
	"testing"

	"cohortx/interchange/report"
)

func TestPlain(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"255901107/1", "255901107/1"},
		{"école/Lesegruppe ä/日本", "école/Lesegruppe ä/日本"},
		{"a\nb", `a\nb`},
		{"a\r\tb", `a\r\tb`},
		{"\x1b[31mred", `\x1b[31mred`},
		{"\u009b31m", `\u009b31m`},       // CSI in one character
		{"abc\u202edef", `abc\u202edef`}, // right to left from here on
		{"a\u00a0b", `a\u00a0b`},         // a space that is none
		{"a\u200bb", `a\u200bb`},         // nothing to see
		{"caf\xe9.xml", `caf\xe9.xml`},   // a file name that is no UTF-8
		{"\ufffd stands here", "\ufffd stands here"},
		{`a\nb`, `a\nb`},
	} {
		if got := report.Plain(c.in); got != c.want {
			t.Errorf("Plain(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
