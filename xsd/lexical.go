package xsd

import (
	"math"
	"unicode/utf8"
)

// The functions of this file look at values after white-space processing, unless they say otherwise. What they accept is
// a subset of what the recommendation and libxml2 both accept; that is all the checker needs.

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// collapseSpace removes leading and trailing white space and makes one space of every run within. The result aliases
// text, or the scratch buffer where runs had to be changed.
func collapseSpace(text []byte, scratch *[]byte) []byte {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	for i, c := range text {
		if c > ' ' || c == ' ' && text[i+1] > ' ' { // the last byte is no space
			continue
		}
		b := append((*scratch)[:0], text[:i]...)
		for j := i; j < len(text); j++ {
			if !isSpace(text[j]) {
				b = append(b, text[j])
			} else if !isSpace(text[j+1]) {
				b = append(b, ' ')
			}
		}
		*scratch = b
		return b
	}
	return text
}

// isDate reports whether v is an xs:date of the years 0001 to 9999, with or without a time zone.
func isDate(v []byte) bool {
	if len(v) < 10 || v[4] != '-' || v[7] != '-' {
		return false
	}
	if !digits(v[0], v[1], v[2], v[3]) || !digits(v[5], v[6], v[8], v[9]) {
		return false
	}
	year := int(v[0]-'0')*1000 + int(v[1]-'0')*100 + int(v[2]-'0')*10 + int(v[3]-'0')
	month := int(v[5]-'0')*10 + int(v[6]-'0')
	day := int(v[8]-'0')*10 + int(v[9]-'0')
	if year == 0 || month == 0 || month > 12 || day == 0 || day > 28 && day > daysIn(year, month) {
		return false
	}
	return len(v) == 10 || isZone(v[10:])
}

func digits(a, b, c, d byte) bool { return a-'0' <= 9 && b-'0' <= 9 && c-'0' <= 9 && d-'0' <= 9 }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// isZone reports whether v is "Z", or an offset of up to 14 hours such as "-06:00".
func isZone(v []byte) bool {
	if len(v) == 1 {
		return v[0] == 'Z'
	}
	if len(v) != 6 || v[0] != '+' && v[0] != '-' || v[3] != ':' || !digits(v[1], v[2], v[4], v[5]) {
		return false
	}
	hour := int(v[1]-'0')*10 + int(v[2]-'0')
	minute := int(v[4]-'0')*10 + int(v[5]-'0')
	return minute < 60 && (hour < 14 || hour == 14 && minute == 0)
}

// parseInteger reads an integer that fits an int64, with an optional sign and leading zeros (24 digits at most).
func parseInteger(v []byte) (n int64, ok bool) {
	neg := false
	if len(v) > 0 && (v[0] == '-' || v[0] == '+') {
		neg = v[0] == '-'
		v = v[1:]
	}
	if len(v) == 0 || len(v) > 24 {
		return 0, false
	}
	var u uint64
	for _, c := range v {
		if c-'0' > 9 || u > math.MaxInt64/10 {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	switch {
	case neg && u <= math.MaxInt64+1:
		return -int64(u), true // right for the least int64, too
	case !neg && u <= math.MaxInt64:
		return int64(u), true
	}
	return 0, false
}

// isPlainNCName reports whether v is a name without a colon in ASCII.
func isPlainNCName(v []byte) bool {
	if len(v) == 0 || !nameStart(v[0]) {
		return false
	}
	for _, c := range v[1:] {
		if !nameStart(c) && c-'0' > 9 && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func nameStart(c byte) bool { return c|0x20-'a' < 26 || c == '_' }

// isNCName reports whether v is a name without a colon (Namespaces in XML 1.0, third edition; XML 1.0, fifth edition).
// libxml2 allows somewhat fewer characters; it has the last word, in the judge.
func isNCName(v []byte) bool {
	if isPlainNCName(v) {
		return true
	}
	for i := 0; i < len(v); {
		r, n := utf8.DecodeRune(v[i:])
		if r == utf8.RuneError && n <= 1 || !nameRune(r, i > 0) {
			return false
		}
		i += n
	}
	return len(v) > 0
}

func nameRune(r rune, inner bool) bool {
	switch {
	case r < 0x80:
		c := byte(r)
		return nameStart(c) || inner && (c-'0' <= 9 || c == '-' || c == '.')
	case r == 0xB7, r >= 0x300 && r <= 0x36F, r == 0x203F, r == 0x2040:
		return inner
	case r == 0xD7, r == 0xF7, r == 0x37E, r < 0xC0:
		return false
	case r <= 0x1FFF, r == 0x200C, r == 0x200D, r >= 0x2070 && r <= 0x218F, r >= 0x2C00 && r <= 0x2FEF,
		r >= 0x3001 && r <= 0xD7FF, r >= 0xF900 && r <= 0xFDCF, r >= 0xFDF0 && r <= 0xFFFD, r >= 0x10000 && r <= 0xEFFFF:
		return true
	}
	return false
}
