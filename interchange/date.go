package interchange

import (
	"errors"
	"math"
	"time"
)

// Date is a calendar date in days since 1970-01-01, or [NoDate].
type Date int32

// NoDate stands for an absent date: an association that has not ended.
const NoDate Date = math.MinInt32

// The years that are stored. An xs:date may have any year; a cohort's dates outside these are mistakes.
const (
	minYear = 1900
	maxYear = 2199
)

var (
	// ErrDate says that the text is no xs:date.
	ErrDate = errors.New("no date; expected a date such as 2025-09-14")
	// ErrDateRange says that the text is an xs:date, of a year outside 1900-2199.
	ErrDateRange = errors.New("date out of range; expected a year from 1900 to 2199")
)

// ParseDate reads an xs:date. The calendar date as it is written counts: a time zone is dropped, never shifted, and zoned reports it.
// The error is [ErrDate] or [ErrDateRange].
func ParseDate(s []byte) (d Date, zoned bool, err error) {
	if len(s) == 10 && s[4] == '-' && s[7] == '-' { // the usual form
		year, ok1 := digits(s[0:4])
		month, ok2 := digits(s[5:7])
		day, ok3 := digits(s[8:10])
		if !ok1 || !ok2 || !ok3 || year == 0 || !dayExists(year, month, day) {
			return NoDate, false, ErrDate
		}
		if year < minYear || year > maxYear {
			return NoDate, false, ErrDateRange
		}
		return daysOf(year, month, day), false, nil
	}
	return parseLongDate(s)
}

// parseLongDate reads the forms with a sign, a year of more than four digits, or a time zone.
func parseLongDate(s []byte) (Date, bool, error) {
	negative := len(s) > 0 && s[0] == '-'
	if negative {
		s = s[1:]
	}
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n < 4 || n > 4 && s[0] == '0' || len(s) < n+6 || s[n] != '-' || s[n+3] != '-' {
		return NoDate, false, ErrDate
	}
	month, ok1 := digits(s[n+1 : n+3])
	day, ok2 := digits(s[n+4 : n+6])
	zone := s[n+6:]
	if !ok1 || !ok2 || !isZone(zone) {
		return NoDate, false, ErrDate
	}
	// The calendar repeats every 400 years, so the last four digits tell whether the day exists.
	last, _ := digits(s[n-4 : n])
	if n == 4 && last == 0 {
		return NoDate, false, ErrDate // XSD 1.0 has no year 0
	}
	leap := last
	if n > 4 {
		leap = last + 10000*int(s[n-5]-'0') // 10000 is a multiple of 400; kept positive for the modulus
	}
	if negative {
		// XSD 1.0 does not say which negative years are leap years; be generous, the year is refused anyway.
		leap = 2000
	}
	if !dayExists(leap, month, day) {
		return NoDate, false, ErrDate
	}
	if negative || n > 4 || last < minYear || last > maxYear {
		return NoDate, len(zone) > 0, ErrDateRange
	}
	return daysOf(last, month, day), len(zone) > 0, nil
}

// isZone reports whether z is empty or a time zone: Z, +hh:mm or -hh:mm up to 14:00.
func isZone(z []byte) bool {
	if len(z) == 0 || len(z) == 1 && z[0] == 'Z' {
		return true
	}
	if len(z) != 6 || z[0] != '+' && z[0] != '-' || z[3] != ':' {
		return false
	}
	hour, ok1 := digits(z[1:3])
	minute, ok2 := digits(z[4:6])
	return ok1 && ok2 && (hour < 14 && minute < 60 || hour == 14 && minute == 0)
}

func digits(s []byte) (n int, ok bool) {
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func dayExists(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	if month == 2 && day == 29 {
		return year%4 == 0 && (year%100 != 0 || year%400 == 0)
	}
	return day <= monthDays[month]
}

// daysOf counts days since 1970-01-01 in the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms",
// days_from_civil).
func daysOf(year, month, day int) Date {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return Date(era*146097 + dayOfEra - 719468)
}

// civil is the inverse of daysOf.
func (d Date) civil() (year, month, day int) {
	z := int(d) + 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	dayOfEra := z - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	mp := (5*dayOfYear + 2) / 153
	day = dayOfYear - (153*mp+2)/5 + 1
	month = mp + 3
	year = yearOfEra + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// String returns the date as YYYY-MM-DD, "" for [NoDate].
func (d Date) String() string {
	if d == NoDate {
		return ""
	}
	return string(d.Append(nil))
}

// Append appends the date as YYYY-MM-DD; nothing for [NoDate].
func (d Date) Append(dst []byte) []byte {
	if d == NoDate {
		return dst
	}
	year, month, day := d.civil()
	return append(dst,
		byte('0'+year/1000%10), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-',
		byte('0'+month/10), byte('0'+month%10), '-', byte('0'+day/10), byte('0'+day%10))
}

// DateOf returns the calendar date of t in t's own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return daysOf(year, int(month), day)
}

// MarshalText implements [encoding.TextMarshaler] as String does.
func (d Date) MarshalText() ([]byte, error) { return d.Append(nil), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]; an empty text is [NoDate].
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = NoDate
		return nil
	}
	parsed, _, err := ParseDate(text)
	if err == nil {
		*d = parsed
	}
	return err
}

// SchoolYear returns the school year that the date falls into: from 1 July to 30 June.
func (d Date) SchoolYear() SchoolYear {
	if d == NoDate {
		return 0
	}
	year, month, _ := d.civil()
	if month >= 7 {
		year++
	}
	return SchoolYear(year)
}

// Days returns the first and the last day of a school year.
func (y SchoolYear) Days() (first, last Date) {
	return daysOf(int(y)-1, 7, 1), daysOf(int(y), 6, 30)
}
