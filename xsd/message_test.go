package xsd

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
)

// strict is a schema with rules that no Ed-Fi schema has: patterns and required attributes.
const strict = `<schema xmlns="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t" elementFormDefault="qualified">
<element name="Root"><complexType><choice maxOccurs="unbounded"><element name="Book" type="t:Book"/><element name="Shop" type="t:Shop"/></choice></complexType></element>
<complexType name="Book"><sequence>
  <element name="Code" minOccurs="0"><simpleType><restriction base="t:Digits"><maxLength value="4"/><pattern value="[1-9].*"/></restriction></simpleType></element>
  <element name="Plain" type="t:Digits" minOccurs="0"/>
  <element name="Number" minOccurs="0"><simpleType><restriction base="int"><minInclusive value="5"/><pattern value="[0-9]"/><pattern value="[0-9]{3}"/></restriction></simpleType></element>
  <element name="Amount" minOccurs="0"><simpleType><restriction base="decimal"><pattern value=".*\.[0-9]{2}"/></restriction></simpleType></element>
</sequence>
  <attribute name="shelf" use="required"><simpleType><restriction base="string"><enumeration value="A"/><enumeration value="B"/></restriction></simpleType></attribute>
  <attribute name="on" type="date"/>
  <attribute name="mark"><simpleType><restriction base="string"><pattern value="[a-z]+"/></restriction></simpleType></attribute>
</complexType>
<complexType name="Shop"><sequence/>
  <attribute name="street" type="string" use="required"/><attribute name="number" type="integer" use="required"/>
</complexType>
<simpleType name="Digits"><restriction base="string"><pattern value="[0-9]*"/></restriction></simpleType>
</schema>`

// A message always says what was expected: the pattern, the type of an attribute.
func TestJudge_Expected(t *testing.T) {
	s, err := Compile(fstest.MapFS{"strict.xsd": {Data: []byte(strict)}}, "strict.xsd", "")
	if err != nil {
		t.Fatal(err)
	}
	j := newJudge(t, s)
	for _, tt := range []struct {
		book            string
		code            Code
		found, expected string
	}{
		{`<Book shelf="A"><Code>12x</Code></Book>`, ValuePattern, "12x", "a value of the pattern [0-9]* and of the pattern [1-9].*"},
		{`<Book shelf="A"><Code>12345</Code></Book>`, ValueTooLong, "12345", "at most 4 characters, of the pattern [0-9]* and of the pattern [1-9].*"},
		{`<Book shelf="A"><Plain>x</Plain></Book>`, ValuePattern, "x", "a value of the pattern [0-9]*"},
		{`<Book shelf="A"><Number>55</Number></Book>`, ValuePattern, "55", "a value of the pattern [0-9]|[0-9]{3}"},
		{`<Book shelf="A"><Number>4</Number></Book>`, ValueRange, "4", "an integer of at least 5, of the pattern [0-9]|[0-9]{3}"},
		{`<Book shelf="A"><Amount>1</Amount></Book>`, ValuePattern, "1", `a value of the pattern .*\.[0-9]{2}`},
		{`<Book shelf="A"><Amount>x</Amount></Book>`, ValueType, "x", `a value of the pattern .*\.[0-9]{2}`},
		{`<Book/>`, AttributeMissing, "no attribute shelf", "shelf, one of: A; B"},
		{`<Shop/>`, AttributeMissing, "no attribute street, number", "street, a value of type xs:string; number, an integer"},
		{`<Book shelf="C"/>`, AttributeValue, "C", "one of: A; B"},
		{`<Book shelf="A" on="9/14/2025"/>`, AttributeValue, "9/14/2025", "a date such as 2025-09-14"},
		{`<Book shelf="A" mark="7"/>`, AttributeValue, "7", "a value of the pattern [a-z]+"},
		{`<Book shelf="A" xsi:type=""/>`, AttributeValue, "", "no xsi:type, or the name of a type"},
	} {
		t.Run(tt.book, func(t *testing.T) {
			r, err := drive(s, []byte(`<Root xmlns="urn:t" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`+tt.book+`</Root>`))
			if err != nil {
				t.Fatal(err)
			}
			vs, err := j.Check(context.Background(), r.scope, r.fragments())
			if err != nil || len(vs) == 0 {
				t.Fatalf("%v %+v", err, vs)
			}
			if v := vs[0]; v.Code != tt.code || v.Found != tt.found || v.Expected != tt.expected {
				t.Errorf("%s: found %q, expected %q; want %s, %q, %q", v.Code, v.Found, v.Expected, tt.code, tt.found, tt.expected)
			}
			for _, v := range vs {
				if strings.TrimSpace(v.Expected) == "" {
					t.Errorf("%+v says nothing about what is expected", v)
				}
			}
		})
	}
}
