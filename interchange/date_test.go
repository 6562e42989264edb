package interchange_test

import (
	"errors"
	"testing"
	"time"

	"cohortx/interchange"
)

// Every day of the years that are stored is read, written and placed as package time has it.
func TestParseDate_EveryDay(t *testing.T) {
	epoch := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2200; day = day.AddDate(0, 0, 1) {
		text := day.Format("2006-01-02")
		d, zoned, err := interchange.ParseDate([]byte(text))
		if err != nil || zoned || int(d) != int(day.Sub(epoch).Hours()/24) || d.String() != text || d != interchange.DateOf(day) {
			t.Fatalf("%s: %d %v %v, written %s", text, d, zoned, err, d)
		}
	}
}

func TestParseDate(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		zoned      bool
		err        error
	}{
		{"2025-09-14Z", "2025-09-14", true, nil},
		{"2025-09-14-06:00", "2025-09-14", true, nil},
		{"2025-09-14+14:00", "2025-09-14", true, nil},
		{"2024-02-29", "2024-02-29", false, nil},
		{"2025-09-14+00:00", "2025-09-14", true, nil},
		{"2025-09-14-14:00", "2025-09-14", true, nil},
		{"2000-02-29Z", "2000-02-29", true, nil},
		{"2024-02-29+01:00", "2024-02-29", true, nil},
		{"2100-02-29Z", "", false, interchange.ErrDate},
		{"2025-09-14z", "", false, interchange.ErrDate},
		{"2025-09-14+1:00", "", false, interchange.ErrDate},
		{"2025-09-14+01:60", "", false, interchange.ErrDate},
		{"2025-09-14+0100", "", false, interchange.ErrDate},
		{"2025-09-14 ", "", false, interchange.ErrDate},
		{"+2025-09-14", "", false, interchange.ErrDate},
		{"2025-09-31", "", false, interchange.ErrDate},
		{"2025-09-00", "", false, interchange.ErrDate},
		{"20250914", "", false, interchange.ErrDate},
		{"02025-09-14", "", false, interchange.ErrDate},
		{"025-09-14", "", false, interchange.ErrDate},
		{"２０２５-09-14", "", false, interchange.ErrDate},
		{"-0000-01-01", "", false, interchange.ErrDate},
		{"-", "", false, interchange.ErrDate},
		{"2025-09-14-", "", false, interchange.ErrDate},
		{"12024-02-29", "", false, interchange.ErrDateRange},
		{"12025-02-29", "", false, interchange.ErrDate},
		{"10000-02-29", "", false, interchange.ErrDateRange},
		{"20100-02-29", "", false, interchange.ErrDate},
		{"99999999999999999999-01-01", "", false, interchange.ErrDateRange},
		{"0001-01-01Z", "", false, interchange.ErrDateRange},
		{"1900-01-01", "1900-01-01", false, nil},
		{"2199-12-31", "2199-12-31", false, nil},
		{"2025-09-14+14:01", "", false, interchange.ErrDate},
		{"2025-02-29", "", false, interchange.ErrDate},
		{"1900-02-29", "", false, interchange.ErrDate},
		{"2025-13-01", "", false, interchange.ErrDate},
		{"2025-00-01", "", false, interchange.ErrDate},
		{"2025-9-14", "", false, interchange.ErrDate},
		{"9/14/2025", "", false, interchange.ErrDate},
		{"0000-01-01", "", false, interchange.ErrDate},
		{"", "", false, interchange.ErrDate},
		{"2025-09-14T00:00:00", "", false, interchange.ErrDate},
		{"1899-12-31", "", false, interchange.ErrDateRange},
		{"2200-01-01", "", false, interchange.ErrDateRange},
		{"12025-09-14", "", false, interchange.ErrDateRange},
		{"-2025-09-14", "", false, interchange.ErrDateRange},
	} {
		d, zoned, err := interchange.ParseDate([]byte(tt.text))
		if !errors.Is(err, tt.err) || d.String() != tt.want || err == nil && zoned != tt.zoned {
			t.Errorf("%q: %s %v %v, want %s %v %v", tt.text, d, zoned, err, tt.want, tt.zoned, tt.err)
		}
	}
}

// A school year runs from 1 July to 30 June, and is named after the year in which it ends.
func TestSchoolYear(t *testing.T) {
	for text, want := range map[string]string{"2025-06-30": "2024-2025", "2025-07-01": "2025-2026", "2026-06-30": "2025-2026"} {
		d, _, err := interchange.ParseDate([]byte(text))
		if err != nil || d.SchoolYear().String() != want {
			t.Errorf("%s: %s %v", text, d.SchoolYear(), err)
		}
	}
	for text, want := range map[string]interchange.SchoolYear{"2025-2026": 2026, "2026": 2026, "2025-2027": 0, "20252026": 0, "": 0} {
		if y, err := interchange.ParseSchoolYear([]byte(text)); y != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d %v", text, y, err)
		}
	}
	first, last := interchange.SchoolYear(2026).Days()
	if first.String() != "2025-07-01" || last.String() != "2026-06-30" {
		t.Errorf("%s to %s", first, last)
	}
}

// A date as text comes back as it was, and none is no text.
func TestDate_Text(t *testing.T) {
	for _, text := range []string{"2025-09-14", "1900-01-01", ""} {
		var d interchange.Date
		if err := d.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if back, err := d.MarshalText(); err != nil || string(back) != text || d.String() != text {
			t.Errorf("%q came back as %q, %v", text, back, err)
		}
	}
	d := interchange.Date(5)
	if err := d.UnmarshalText([]byte("x")); err == nil || d != 5 {
		t.Errorf("%v %v", d, err)
	}
	if interchange.NoDate.SchoolYear() != 0 || interchange.SchoolYear(0).String() != "" {
		t.Error("no date has a school year")
	}
}
