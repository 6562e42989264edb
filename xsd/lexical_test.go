package xsd

import (
	"strings"
	"testing"
	"time"
)

// TestIsDate holds every day of four centuries against the standard library's calendar.
func TestIsDate(t *testing.T) {
	for year := 1900; year < 2300; year++ {
		for month := 0; month <= 13; month++ {
			for day := 0; day <= 32; day++ {
				v := []byte{byte('0' + year/1000), byte('0' + year/100%10), byte('0' + year/10%10), byte('0' + year%10), '-',
					byte('0' + month/10), byte('0' + month%10), '-', byte('0' + day/10), byte('0' + day%10)}
				_, err := time.Parse("2006-01-02", string(v))
				if got, want := isDate(v), err == nil; got != want {
					t.Fatalf("%s: got %v, want %v", v, got, want)
				}
			}
		}
	}
	for v, want := range map[string]bool{
		"2025-09-14Z": true, "2025-09-14+14:00": true, "2025-09-14-14:00": true, "2025-09-14+13:59": true, "2025-09-14-00:00": true,
		"2025-09-14+14:01": false, "2025-09-14+13:60": false, "2025-09-14+15:00": false, "2025-09-14z": false, "2025-09-14+0600": false, "2025-09-14+06:0": false,
		"2025-09-14T": false, "0000-01-01": false, "": false, "2025-09-1": false, "2025/09/14": false, "2025-09-14ZZ": false, "-2025-09-14": false, "+2025-09-14": false,
	} {
		if got := isDate([]byte(v)); got != want {
			t.Errorf("%s: got %v, want %v", v, got, want)
		}
	}
}

func TestCollapseSpace(t *testing.T) {
	for in, want := range map[string]string{
		"": "", " ": "", "a": "a", " a ": "a", "a b": "a b", "\t\r\n a\n\nb \t c ": "a b c", "a\tb": "a b", "a\u00a0b ": "a\u00a0b", "a\x01": "a\x01",
	} {
		var scratch []byte
		if got := string(collapseSpace([]byte(in), &scratch)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestParseInteger(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "-0": 0, "+7": 7, "007": 7, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63, "000009223372036854775807": 1<<63 - 1,
	} {
		if got, ok := parseInteger([]byte(in)); !ok || got != want {
			t.Errorf("%q: got %d %v, want %d", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "+", "-", "+-1", "1.", "1e1", "a", "9223372036854775808", "-9223372036854775809", "18446744073709551616", strings.Repeat("0", 25), "١"} {
		if got, ok := parseInteger([]byte(in)); ok {
			t.Errorf("%q: got %d, want none", in, got)
		}
	}
}

func TestIsNCName(t *testing.T) {
	for in, want := range map[string]bool{
		"A": true, "_1": true, "a.b-c": true, "é": true, "字": true, "a\u0300": true, "a·": true, "𐀀": true,
		"": false, "1": false, "-a": false, ".": false, "a b": false, "a:b": false, "\u0300": false, "×": false, "a\xff": false,
	} {
		if got := isNCName([]byte(in)); got != want {
			t.Errorf("%q: got %v, want %v", in, got, want)
		}
	}
}
