package scan_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cohortx/xsd/scan"
)

func TestScanner_Next(t *testing.T) {
	for name, tt := range map[string]struct{ doc, want string }{
		"Empty":               {"<r/>", ""},
		"EmptyWithEnd":        {"<r></r>", ""},
		"Text":                {"<r><a>x</a></r>", "[a:x]"},
		"SelfClosing":         {"<r><a/><b /></r>", "[a:][b:]"},
		"EndTagSpace":         {"<r><a>x</a \n></r\t>", "[a:x]"},
		"Nested":              {"<r><a><b>1</b><b>2</b></a></r>", "[a:[b:1][b:2]]"},
		"SamePrefixNames":     {"<r><StudentReference/><StudentReferenc/><StudentReferencf/><StudentReference1/></r>", "[StudentReference:][StudentReferenc:][StudentReferencf:][StudentReference1:]"},
		"PredefinedEntities":  {"<r><a>&lt;&amp;&gt;&quot;&apos;</a></r>", `[a:<&>"']`},
		"AmpersandOnce":       {"<r><a>&amp;lt;</a></r>", "[a:&lt;]"},
		"CharacterReferences": {"<r><a>&#65;&#x41;&#x00000041;&#x1F600;&#xe9;&#13;</a></r>", "[a:AAA\U0001F600é\r]"},
		"LineEnds":            {"<r><a>1\r\n2\r3\n4\r\r\n5</a></r>", "[a:1\n2\n3\n4\n\n5]"},
		"CData":               {"<r><a><![CDATA[<b>&amp;]]]></a></r>", "[a:<b>&amp;]]"},
		"CDataEmpty":          {"<r><a><![CDATA[]]></a></r>", "[a:]"},
		"CDataLineEnds":       {"<r><a><![CDATA[1\r\n2]]></a></r>", "[a:1\n2]"},
		"CDataBrackets":       {"<r><a><![CDATA[]]]]><![CDATA[>]]></a></r>", "[a:]]>]"},
		"Brackets":            {"<r><a>]] ]>]</a></r>", "[a:]] ]>]]"},
		"Greater":             {"<r><a>1>0</a></r>", "[a:1>0]"},
		"Comment":             {"<r><a>1<!-- <b> & - -->2</a></r>", "[a:12]"},
		"CommentEmpty":        {"<r><a><!----></a></r>", "[a:]"},
		"ProcInst":            {"<r><a>1<?p <b> & ?? ?>2<?q?></a></r>", "[a:12]"},
		"ProcInstXMLish":      {"<?xml-stylesheet href='a'?><r><?xmlx?></r>", ""},
		"Attributes":          {`<r><a id="1" ref = '2'/></r>`, `[a id="1" ref="2":]`},
		"AttributeOtherQuote": {`<r><a x="'" y='"' z=">"/></r>`, `[a x="'" y="\"" z=">":]`},
		"AttributeSpace":      {"<r><a x='1\r\n2\t3\n4\r5'/></r>", `[a x="1 2 3 4 5":]`},
		"AttributeReferences": {"<r><a x='&#10;&#13;&#9;&lt;&#x20;'/></r>", `[a x="\n\r\t< ":]`},
		"AttributeLineEnds":   {"<r><a\nx='1'\r\n\ty='2'\n/></r>", `[a x="1" y="2":]`},
		"ColumnNames":         {"<r><é·>x</é·><_.-1/></r>", "[é·:x][_.-1:]"},
		"FifthEditionName":    {"<r><\U00010000/></r>", "[\U00010000:]"},
		"Characters":          {"<r><a>\u0085\u2028\uFFFD\U0010FFFF\t\u007f</a></r>", "[a:\u0085\u2028\uFFFD\U0010FFFF\t\u007f]"},
		"BOMInside":           {"<r><a>\ufeff</a></r>", "[a:\ufeff]"},
		"BOM":                 {"\ufeff<r><a>x</a></r>", "[a:x]"},
		"DeclaredVersion":     {"<?xml version='1.0'?><r/>", ""},
		"DeclaredAll":         {"<?xml version = \"1.0\" encoding='UTF-8' standalone='yes' ?>\n<r/>", ""},
		"DeclaredStandalone":  {"<?xml version='1.0' standalone='no'?><r/>", ""},
		"AroundTheRoot":       {"\n<!-- a --><?p?>\n<r/>\n<!-- b --><?q?>\r\n\t ", ""},
		"SixtyFourDeep":       {"<r>" + strings.Repeat("<a>", 63) + strings.Repeat("</a>", 63) + "</r>", strings.Repeat("[a:", 63) + strings.Repeat("]", 63)},
		"LongName":            {"<r><" + strings.Repeat("n", 1000) + "/></r>", "[" + strings.Repeat("n", 1000) + ":]"},
		"Prefixes":            {"<p:r xmlns:p='u'><p:a p:x='1' x='2' xml:lang='en'/></p:r>", `[a x="1" x="2" lang="en":]`},
		"XMLPrefixDeclared":   {"<r xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", ""},
		"DefaultTakenBack":    {"<r xmlns='u'><a xmlns=''><b/></a></r>", "[a:[b:]]"},
		"SameURITwoPrefixes":  {"<r xmlns:p='u' xmlns:q='u'><a p:x='1' q:y='2'/></r>", `[a x="1" y="2":]`},
		"DefaultIsNoAttrs":    {"<r xmlns='u' xmlns:p='u'><a x='1' p:x='2'/></r>", `[a x="1" x="2":]`},
		"DeclaredAfterUse":    {"<r><p:a p:x='1' xmlns:p='u'/></r>", `[a x="1":]`},
		"EndOfPrefixScope":    {"<r xmlns:p='u'><a xmlns:p='v'><p:b/></a><p:b/></r>", "[a:[b:]][b:]"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := contentOf(tt.doc)
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			if got != tt.want {
				t.Errorf("found %q\nexpected %q", got, tt.want)
			}
			sameHoweverCut(t, tt.doc)
		})
	}
}

func TestScanner_Next_Errors(t *testing.T) {
	deep := "<r>" + strings.Repeat("<a>", 64)
	many := make([]string, 257)
	for i := range many {
		many[i] = fmt.Sprintf("xmlns:n%d='u'", i)
	}
	for name, tt := range map[string]struct {
		doc  string
		code scan.Code
		line int
		col  int
		want string // in Found, "" when that says enough
	}{
		"Empty":               {"", scan.NotWellFormed, 1, 1, "end of the file"},
		"OnlySpace":           {" \n ", scan.NotWellFormed, 2, 2, "end of the file"},
		"OnlyComment":         {"<!-- a -->", scan.NotWellFormed, 1, 11, "end of the file"},
		"TextBeforeRoot":      {"\n x<r/>", scan.NotWellFormed, 2, 2, "'x'"},
		"TextAfterRoot":       {"<r/>\n x", scan.NotWellFormed, 2, 2, "'x'"},
		"TextAfterLongRoot":   {"<r><a/></r>\n x", scan.NotWellFormed, 2, 2, "'x'"},
		"CDataAfterRoot":      {"<r/><![CDATA[]]>", scan.NotWellFormed, 1, 5, "CDATA"},
		"CDataBeforeRoot":     {"<![CDATA[]]><r/>", scan.NotWellFormed, 1, 1, "CDATA"},
		"ReferenceAfterRoot":  {"<r/>&#32;", scan.NotWellFormed, 1, 5, "'&'"},
		"SecondRoot":          {"<r/><s/>", scan.NotWellFormed, 1, 5, "second root"},
		"EndTagAfterRoot":     {"<r></r></r>", scan.NotWellFormed, 1, 8, "</r>"},
		"EndTagFirst":         {"</r>", scan.NotWellFormed, 1, 1, "</r>"},
		"RootNotClosed":       {"<r>\n<a/>", scan.NotWellFormed, 2, 5, "end of the file"},
		"ElementNotClosed":    {"<r>\n<a><b/>", scan.NotWellFormed, 2, 8, "end of the file"},
		"TagCutOff":           {"<r>\n<a", scan.NotWellFormed, 2, 3, "end of the file"},
		"RootTagCutOff":       {"<r", scan.NotWellFormed, 1, 3, "end of the file"},
		"EndTagCutOff":        {"<r></r", scan.NotWellFormed, 1, 7, "end of the file"},
		"QuoteNotClosed":      {"<r><a x='1></a></r>", scan.NotWellFormed, 1, 12, "'<'"},
		"CommentNotClosed":    {"<r><!-- </r>", scan.NotWellFormed, 1, 13, "end of the file"},
		"EpilogCutOff":        {"<r/><!-- ", scan.NotWellFormed, 1, 10, "end of the file"},
		"WrongEndTag":         {"<r>\n<a><b></a></b></r>", scan.NotWellFormed, 2, 7, "</a>"},
		"WrongRootEndTag":     {"<r><a/></s>", scan.NotWellFormed, 1, 8, "</s>"},
		"LongerRootEndTag":    {"<r><a/></rr>", scan.NotWellFormed, 1, 8, "</rr>"},
		"EndTagTooMany":       {"<r><a></a></a></r>", scan.NotWellFormed, 1, 11, "</a>"},
		"EndTagAttribute":     {"<r><a></a x='1'></r>", scan.NotWellFormed, 1, 11, "'x'"},
		"EndTagOtherPrefix":   {"<r xmlns:p='u' xmlns:q='u'><p:a></q:a></r>", scan.NotWellFormed, 1, 33, "</q:a>"},
		"EndTagSpaceFirst":    {"<r><a></ a></r>", scan.NotWellFormed, 1, 9, "white space"},
		"SpaceAfterLess":      {"<r>\n 1 < 2</r>", scan.NotWellFormed, 2, 5, "white space"},
		"DigitAfterLess":      {"<r><1/></r>", scan.NotWellFormed, 1, 5, "'1'"},
		"EmptyTag":            {"<r><></></r>", scan.NotWellFormed, 1, 5, "'>'"},
		"Ampersand":           {"<r>AT&T</r>", scan.NotWellFormed, 1, 6, "'&'"},
		"AmpersandSpace":      {"<r>a & b</r>", scan.NotWellFormed, 1, 6, "'&'"},
		"AmpersandSemicolon":  {"<r>&;</r>", scan.NotWellFormed, 1, 4, "'&'"},
		"UndeclaredEntity":    {"<r><a>\n&nbsp;</a></r>", scan.NotWellFormed, 2, 1, "&nbsp;"},
		"EntityCase":          {"<r>&AMP;</r>", scan.NotWellFormed, 1, 4, "&AMP;"},
		"ReferenceOpen":       {"<r><a>&#65</a></r>", scan.NotWellFormed, 1, 11, "'<'"},
		"ReferenceOpenLast":   {"<r>&#65</r>", scan.NotWellFormed, 1, 4, "&#65"},
		"AmpersandInElement":  {"<r><a>AT&T</a></r>", scan.NotWellFormed, 1, 9, "'&'"},
		"ReferenceEmpty":      {"<r>&#;</r>", scan.NotWellFormed, 1, 6, "';'"},
		"ReferenceHexCase":    {"<r>&#X41;</r>", scan.NotWellFormed, 1, 6, "'X'"},
		"ReferenceHexDigit":   {"<r>&#x4g;</r>", scan.NotWellFormed, 1, 8, "'g'"},
		"ReferenceNUL":        {"<r>&#0;</r>", scan.InvalidCharacter, 1, 4, "&#0;"},
		"ReferenceControl":    {"<r>&#x1;</r>", scan.InvalidCharacter, 1, 4, "&#x1;"},
		"ReferenceSurrogate":  {"<r>&#xD800;</r>", scan.InvalidCharacter, 1, 4, "&#xD800;"},
		"ReferenceFFFE":       {"<r>&#xFFFE;</r>", scan.InvalidCharacter, 1, 4, "&#xFFFE;"},
		"ReferenceBeyond":     {"<r>&#x110000;</r>", scan.InvalidCharacter, 1, 4, "&#x110000;"},
		"ReferenceOverflow":   {"<r>&#99999999999999999999;</r>", scan.InvalidCharacter, 1, 4, ""},
		"ReferenceInAttr":     {"<r><a x='&y;'/></r>", scan.NotWellFormed, 1, 10, "&y;"},
		"SectionEnd":          {"<r><a>1]]>2</a></r>", scan.NotWellFormed, 1, 8, "]]>"},
		"SectionEndBetween":   {"<r>]]]></r>", scan.NotWellFormed, 1, 5, "]]>"},
		"DoubleHyphen":        {"<r><!-- a -- b --></r>", scan.NotWellFormed, 1, 11, "--"},
		"TripleHyphen":        {"<r><!-- a ---></r>", scan.NotWellFormed, 1, 11, "--"},
		"CommentGreater":      {"<r><!--></r>", scan.NotWellFormed, 1, 13, "end of the file"},
		"UnknownDeclaration":  {"<r><!ELEMENT a></r>", scan.NotWellFormed, 1, 4, "<!"},
		"CDataLowerCase":      {"<r><![cdata[x]]></r>", scan.NotWellFormed, 1, 4, "<!"},
		"Doctype":             {"<?xml version='1.0'?>\n<!DOCTYPE r [<!ENTITY a 'b'>]>\n<r>&a;</r>", scan.DoctypeRefused, 2, 1, ""},
		"DoctypeInside":       {"<r><a><!DOCTYPE r></a></r>", scan.DoctypeRefused, 1, 7, ""},
		"DoctypeAfter":        {"<r/><!DOCTYPE r>", scan.DoctypeRefused, 1, 5, ""},
		"Version11":           {"<?xml version=\"1.1\"?><r/>", scan.XMLVersion, 1, 16, "1.1"},
		"Version2":            {"<?xml version='2'?><r/>", scan.XMLVersion, 1, 16, "2"},
		"DeclarationEmpty":    {"<?xml?><r/>", scan.NotWellFormed, 1, 6, "'?'"},
		"DeclarationNoValue":  {"<?xml version?><r/>", scan.NotWellFormed, 1, 14, "'?'"},
		"DeclarationOrder":    {"<?xml encoding='UTF-8' version='1.0'?><r/>", scan.NotWellFormed, 1, 7, "encoding"},
		"DeclarationTwice":    {"<?xml version='1.0' version='1.0'?><r/>", scan.NotWellFormed, 1, 21, "version"},
		"DeclarationGlued":    {"<?xml version='1.0'encoding='UTF-8'?><r/>", scan.NotWellFormed, 1, 20, "'e'"},
		"DeclarationUnknown":  {"<?xml version='1.0' lang='en'?><r/>", scan.NotWellFormed, 1, 21, "lang"},
		"DeclarationEncoding": {"<?xml version='1.0' encoding='8'?><r/>", scan.NotWellFormed, 1, 31, "8"},
		"DeclarationAlone":    {"<?xml version='1.0' standalone='YES'?><r/>", scan.NotWellFormed, 1, 33, "YES"},
		"DeclarationUpper":    {"<?XML version='1.0'?><r/>", scan.NotWellFormed, 1, 1, "<?XML"},
		"DeclarationLater":    {"\n<?xml version='1.0'?><r/>", scan.NotWellFormed, 2, 1, "<?xml"},
		"DeclarationInside":   {"<r><?xml version='1.0'?></r>", scan.NotWellFormed, 1, 4, "<?xml"},
		"DeclarationSecond":   {"<?xml version='1.0'?><?xml version='1.0'?><r/>", scan.NotWellFormed, 1, 22, "<?xml"},
		"InstructionNoTarget": {"<r><? p?></r>", scan.NotWellFormed, 1, 6, "white space"},
		"InstructionColon":    {"<r><?a:b?></r>", scan.NotWellFormed, 1, 6, "a:b"},
		"InstructionGlued":    {"<r><?p+?></r>", scan.NotWellFormed, 1, 7, "'+'"},
		"InstructionOpen":     {"<r><?p </r>", scan.NotWellFormed, 1, 12, "end of the file"},
		"NUL":                 {"<r><a>\x00</a></r>", scan.NULByte, 1, 7, ""},
		"NULBetween":          {"<r>\x00</r>", scan.NULByte, 1, 4, ""},
		"NULInComment":        {"<r><!--\x00--></r>", scan.NULByte, 1, 8, ""},
		"NULInCData":          {"<r><![CDATA[ab\x00]]></r>", scan.NULByte, 1, 15, ""},
		"NULInInstruction":    {"<r><?p \x00?></r>", scan.NULByte, 1, 8, ""},
		"NULInName":           {"<r><a\x00/></r>", scan.NULByte, 1, 6, ""},
		"NULInValue":          {"<r><a x='\x00'/></r>", scan.NULByte, 1, 10, ""},
		"NULInEndTag":         {"<r><a></a\x00></r>", scan.NULByte, 1, 10, ""},
		"NULFirst":            {"\x00<r/>", scan.NULByte, 1, 1, ""},
		"NULLast":             {"<r/>\x00", scan.NULByte, 1, 5, ""},
		"Control":             {"<r><a>abcdefghij\x0b</a></r>", scan.InvalidCharacter, 1, 17, "U+000B"},
		"FFFE":                {"<r><a>é\ufffe</a></r>", scan.InvalidCharacter, 1, 8, "U+FFFE"},
		"FFFFInComment":       {"<r><!--\uffff--></r>", scan.InvalidCharacter, 1, 8, "U+FFFF"},
		"ByteFF":              {"<r><a>\xff</a></r>", scan.InvalidEncoding, 1, 7, "FF"},
		"Latin1":              {"<r><a>Jos\xe9</a></r>", scan.InvalidEncoding, 1, 10, "E9"},
		"Overlong":            {"<r>\xc0\xaf</r>", scan.InvalidEncoding, 1, 4, "C0"},
		"Surrogate":           {"<r>\xed\xa0\x80</r>", scan.InvalidEncoding, 1, 4, "ED"},
		"Beyond":              {"<r>\xf4\x90\x80\x80</r>", scan.InvalidEncoding, 1, 4, "F4"},
		"CutOffCharacter":     {"<r>\xe2\x82", scan.InvalidEncoding, 1, 4, "E2"},
		"CharacterInAttr":     {"<r><a x='\xff'/></r>", scan.InvalidEncoding, 1, 10, "FF"},
		"CharacterInName":     {"<r><a\xff/></r>", scan.InvalidEncoding, 1, 6, "FF"},
		"AttributeTwice":      {"<r><a x='1' x='2'/></r>", scan.NotWellFormed, 1, 13, "x"},
		"AttributeTwiceByNS":  {"<r xmlns:p='u' xmlns:q='u'><a p:x='1' q:x='2'/></r>", scan.NotWellFormed, 1, 39, "q:x"},
		"AttributeTwiceMany":  {"<r><a " + attributes(40) + " n3='x'/></r>", scan.NotWellFormed, 1, 317, "n3"},
		"DeclarationTwiceNS":  {"<r xmlns:p='u' xmlns:p='u'/>", scan.NotWellFormed, 1, 16, "xmlns:p"},
		"DefaultTwice":        {"<r xmlns='u' xmlns='u'/>", scan.NotWellFormed, 1, 14, "xmlns"},
		"AttributesGlued":     {"<r><a x='1'y='2'/></r>", scan.NotWellFormed, 1, 12, "'y'"},
		"AttributeNoValue":    {"<r><a x/></r>", scan.NotWellFormed, 1, 8, "'/'"},
		"AttributeUnquoted":   {"<r><a x=1/></r>", scan.NotWellFormed, 1, 9, "'1'"},
		"LessInValue":         {"<r><a x='<'/></r>", scan.NotWellFormed, 1, 10, "'<'"},
		"SlashNotLast":        {"<r><a / ></r>", scan.NotWellFormed, 1, 8, "white space"},
		"LessInTag":           {"<r><a <b/></r>", scan.NotWellFormed, 1, 7, "'<'"},
		"PrefixUnbound":       {"<r>\n<p:a/></r>", scan.NotWellFormed, 2, 2, "prefix p"},
		"PrefixOutOfScope":    {"<r><a xmlns:p='u'/><p:b/></r>", scan.NotWellFormed, 1, 21, "prefix p"},
		"PrefixOfAttribute":   {"<r><a p:x='1'/></r>", scan.NotWellFormed, 1, 7, "prefix p"},
		"PrefixOfRoot":        {"<p:r/>", scan.NotWellFormed, 1, 2, "prefix p"},
		"PrefixXMLNS":         {"<r><xmlns:a/></r>", scan.NotWellFormed, 1, 5, "xmlns"},
		"PrefixEmpty":         {"<r><:a/></r>", scan.NotWellFormed, 1, 5, "':'"},
		"LocalEmpty":          {"<r xmlns:p='u'><p:/></r>", scan.NotWellFormed, 1, 19, "'/'"},
		"LocalDigit":          {"<r xmlns:p='u'><p:1/></r>", scan.NotWellFormed, 1, 19, "'1'"},
		"TwoColons":           {"<r xmlns:p='u'><p:a:b/></r>", scan.NotWellFormed, 1, 20, "':'"},
		"BindXML":             {"<r xmlns:xml='u'/>", scan.NotWellFormed, 1, 4, "prefix xml"},
		"BindXMLNS":           {"<r xmlns:xmlns='u'/>", scan.NotWellFormed, 1, 4, "xmlns"},
		"BindToXML":           {"<r xmlns:p='http://www.w3.org/XML/1998/namespace'/>", scan.NotWellFormed, 1, 4, "prefix xml"},
		"DefaultToXMLNS":      {"<r xmlns='http://www.w3.org/2000/xmlns/'/>", scan.NotWellFormed, 1, 4, "xmlns"},
		"PrefixTakenBack":     {"<r xmlns:p='u'><a xmlns:p=''/></r>", scan.NotWellFormed, 1, 19, "prefix p"},
		"TooDeep":             {deep, scan.TooDeep, 1, 4 + 63*3, ""},
		"TooDeepSelfClosing":  {"<r>" + strings.Repeat("<a>", 63) + "<a/>" + strings.Repeat("</a>", 63) + "</r>", scan.TooDeep, 1, 4 + 63*3, ""},
		"NameTooLong":         {"<r><" + strings.Repeat("n", 1001) + "/></r>", scan.NameTooLong, 1, 5, ""},
		"NameTooLongInAttr":   {"<r><a " + strings.Repeat("n", 1001) + "='1'/></r>", scan.NameTooLong, 1, 7, ""},
		"NameTooLongInEnd":    {"<r><a></" + strings.Repeat("n", 1001) + "></r>", scan.NameTooLong, 1, 9, ""},
		"ValueTooLong":        {"<r><a x='" + strings.Repeat("n", 1<<20+1) + "'/></r>", scan.AttributeTooLong, 1, 7, ""},
		"TooManyNamespaces":   {"<r><a " + strings.Join(many, " ") + "/></r>", scan.TooManyNamespaces, 1, 3737, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := listing(tt.doc, scan.Options{})
			var e *scan.Error
			if !errors.As(err, &e) {
				t.Fatalf("found error %v, expected a *scan.Error", err)
			}
			if e.Code != tt.code || e.At.Line != tt.line || e.At.Column != tt.col || !strings.Contains(e.Found, tt.want) || e.Expected == "" {
				t.Errorf("found %v\nexpected %d:%d: %s: found ...%s...", e, tt.line, tt.col, tt.code, tt.want)
			}
			if len(tt.doc) < 100_000 {
				sameHoweverCut(t, tt.doc)
			}
		})
	}
}

func attributes(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("n%d='x'", i)
	}
	return strings.Join(list, " ")
}

// sameHoweverCut checks that neither tokens nor error depend on the size of blocks and reads.
func sameHoweverCut(t *testing.T, doc string) {
	t.Helper()
	want, wantErr := listing(doc, scan.Options{})
	for _, size := range []int{1, 2, 7, 30} {
		got, err := slowly(doc, size)
		if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("cut at %d: found\n%s%v\nexpected\n%s%v", size, got, err, want, wantErr)
		}
	}
}

func TestScanner_Corpus(t *testing.T) {
	docs := corpus(t, "*/valid/*.xml")
	maps.Copy(docs, corpus(t, "*/*.xml"))
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		if doc := docs[name]; inUTF8(doc) {
			if _, err := listing(string(doc), scan.Options{}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	refused := corpus(t, "*/invalid/*-wf-*.xml")
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		doc := refused[name]
		if strings.Contains(name, "encoding") || strings.Contains(name, "declared") {
			continue // the encoding is package source's business
		}
		_, err := listing(string(doc), scan.Options{})
		var e *scan.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: found error %v, expected that it is not well-formed", name, err)
			continue
		}
		t.Logf("%s: %v", name, err)
	}
}

// TestScanner_URI follows namespaces through blocks that a scanner is used for one after the other.
func TestScanner_URI(t *testing.T) {
	doc := "<r xmlns='u' xmlns:p='v' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>" +
		"<a/><p:a xsi:nil='true'/><a xmlns='w'><a/><p:a xmlns:p='x'><p:b/></p:a><p:c/></a><a/><a xmlns='x'/><a/></r>"
	for size := range 40 {
		got, err := listing(doc, scan.Options{Cut: func(int) int { return size }})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for line := range strings.SplitSeq(got, "\n") {
			if strings.HasPrefix(line, "1 ") {
				names = append(names, strings.Fields(line)[4])
			}
		}
		want := []string{"{u}:a", "{v}p:a", "{w}:a", "{w}:a", "{x}p:a", "{x}p:b", "{v}p:c", "{u}:a", "{x}:a", "{u}:a"}
		if !slices.Equal(names, want) {
			t.Errorf("cut at %d: found %v, expected %v", size, names, want)
		}
		if !strings.Contains(got, "@{http://www.w3.org/2001/XMLSchema-instance}xsi:nil") {
			t.Errorf("cut at %d: xsi:nil lost its namespace", size)
		}
	}
}

// TestScanner_Reset_Limits: a name that one document may have is not remembered for another with a stricter limit.
func TestScanner_Reset_Limits(t *testing.T) {
	var s scan.Scanner
	for _, tt := range []struct {
		limit int
		code  scan.Code
	}{{0, ""}, {10, scan.NameTooLong}, {12, ""}, {11, scan.NameTooLong}} {
		splitter, err := scan.Split(context.Background(), strings.NewReader("<r><twelve.bytes></twelve.bytes></r>"), scan.Options{MaxName: tt.limit})
		if err != nil {
			t.Fatal(err)
		}
		b, err := splitter.Next()
		if err != nil {
			t.Fatal(err)
		}
		s.Reset(b)
		_, err = s.Next()
		var e *scan.Error
		if errors.As(err, &e); tt.code == "" && err != nil || tt.code != "" && (e == nil || e.Code != tt.code) {
			t.Errorf("limit %d: found %v, expected %q", tt.limit, err, tt.code)
		}
	}
}
