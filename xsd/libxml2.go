package xsd

/*
#cgo pkg-config: libxml-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemas.h>

typedef struct {
	int code;       // of xmlParserErrors
	int missing;    // the message says that children are missing
	int64_t elem;   // number of the element in document order, the root's being 0; -1: unknown
	char *attr;     // local name of the attribute, or NULL
} cohortx_fault;

typedef struct {
	cohortx_fault *list;
	size_t len, cap;
	int broken; // out of memory
} cohortx_faults;

// number gives every element its number in document order, one based, in _private, which nobody else uses.
static void number(xmlNodePtr node) {
	uintptr_t n = 0;
	xmlNodePtr root = node;
	while (node != NULL) {
		if (node->type == XML_ELEMENT_NODE) {
			node->_private = (void *)(++n);
			if (node->children != NULL) {
				node = node->children;
				continue;
			}
		}
		while (node != root && node->next == NULL) {
			node = node->parent;
		}
		if (node == root) {
			return;
		}
		node = node->next;
	}
}

// attribute returns a copy of the local name of the attribute that a message is about, or NULL. The element's name comes
// first in a message, and cannot hold a quote.
static char *attribute(const char *message) {
	static const char before[] = "', attribute '";
	if (message == NULL || strncmp(message, "Element '", 9) != 0) {
		return NULL;
	}
	const char *s = strchr(message + 9, '\'');
	if (s == NULL || strncmp(s, before, sizeof before - 1) != 0) {
		return NULL;
	}
	s += sizeof before - 1;
	const char *end;
	if (*s == '{' && (end = strchr(s, '}')) != NULL) {
		s = end + 1;
	}
	end = strchr(s, '\'');
	return end == NULL ? NULL : strndup(s, (size_t)(end - s));
}

static void collect(void *data, xmlErrorPtr e) {
	cohortx_faults *f = data;
	if (e->level < XML_ERR_ERROR) {
		return;
	}
	if (f->len == f->cap) {
		size_t cap = f->cap == 0 ? 16 : 2 * f->cap;
		cohortx_fault *list = realloc(f->list, cap * sizeof *list);
		if (list == NULL) {
			f->broken = 1;
			return;
		}
		f->list = list;
		f->cap = cap;
	}
	cohortx_fault *v = &f->list[f->len++];
	xmlNodePtr node = e->node;
	v->code = e->code;
	v->elem = -1;
	v->attr = NULL;
	if (node != NULL && node->type == XML_ATTRIBUTE_NODE) {
		v->attr = strdup((const char *)node->name);
		node = node->parent;
	} else {
		v->attr = attribute(e->message);
	}
	if (node != NULL && node->type == XML_ELEMENT_NODE) {
		v->elem = (int64_t)(uintptr_t)node->_private - 1;
	}
	v->missing = e->message != NULL && strstr(e->message, ": Missing child element(s).") != NULL;
}

// cohortx_validate returns 0 if the document is valid, a positive number if not, a negative one if libxml2 failed. The
// validation context, its handler and the list are of this call alone, so that threads may share the schema.
static int cohortx_validate(uintptr_t schema, uintptr_t document, cohortx_faults *out) {
	xmlDocPtr doc = (xmlDocPtr)document;
	xmlSchemaValidCtxtPtr ctxt = xmlSchemaNewValidCtxt((xmlSchemaPtr)schema);
	if (ctxt == NULL) {
		return -1;
	}
	number(xmlDocGetRootElement(doc));
	xmlSchemaSetValidStructuredErrors(ctxt, collect, out);
	int result = xmlSchemaValidateDoc(ctxt, doc);
	xmlSchemaFreeValidCtxt(ctxt);
	return out->broken ? -1 : result;
}

static void cohortx_free(cohortx_faults *f) {
	for (size_t i = 0; i < f->len; i++) {
		free(f->list[i].attr);
	}
	free(f->list);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/lestrrat-go/libxml2/parser"
	libxsd "github.com/lestrrat-go/libxml2/xsd"
)

// This file is the only one that calls libxml2. The binding compiles schemas and parses documents; validation is ours,
// because the binding's own writes beyond its buffer on long messages, and tells neither the place nor the code.

// parserOptions load nothing, expand nothing and print nothing. Compact saves memory and does not change the tree.
const parserOptions = parser.XMLParseNoNet | parser.XMLParseNoError | parser.XMLParseNoWarning | parser.XMLParseCompact

// errParse is returned for a document that libxml2 cannot read.
var errParse = errors.New("libxml2 cannot read the document")

// fault is an error that libxml2 reports.
type fault struct {
	rule    rule
	missing bool   // children are missing at the end of the element
	elem    int    // number of the element in document order, from 0; -1 if unknown
	attr    string // local name of the attribute, "" if it is about none
}

// rule is libxml2's number of the rule that is broken.
type rule int

const (
	ruleValue        rule = C.XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1
	ruleValueList    rule = C.XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_2
	ruleValueUnion   rule = C.XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_3
	ruleSimpleAttr   rule = C.XML_SCHEMAV_CVC_TYPE_3_1_1 // a simple type's element has attributes
	ruleSimpleChild  rule = C.XML_SCHEMAV_CVC_TYPE_3_1_2 // or children
	ruleLength       rule = C.XML_SCHEMAV_CVC_LENGTH_VALID
	ruleMinLength    rule = C.XML_SCHEMAV_CVC_MINLENGTH_VALID
	ruleMaxLength    rule = C.XML_SCHEMAV_CVC_MAXLENGTH_VALID
	ruleMinInclusive rule = C.XML_SCHEMAV_CVC_MININCLUSIVE_VALID
	ruleMaxInclusive rule = C.XML_SCHEMAV_CVC_MAXINCLUSIVE_VALID
	ruleMinExclusive rule = C.XML_SCHEMAV_CVC_MINEXCLUSIVE_VALID
	ruleMaxExclusive rule = C.XML_SCHEMAV_CVC_MAXEXCLUSIVE_VALID
	ruleFacet        rule = C.XML_SCHEMAV_CVC_FACET_VALID
	rulePattern      rule = C.XML_SCHEMAV_CVC_PATTERN_VALID
	ruleEnumeration  rule = C.XML_SCHEMAV_CVC_ENUMERATION_VALID
	ruleEmpty        rule = C.XML_SCHEMAV_CVC_COMPLEX_TYPE_2_1
	ruleSimple       rule = C.XML_SCHEMAV_CVC_COMPLEX_TYPE_2_2
	ruleText         rule = C.XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3
	ruleRoot         rule = C.XML_SCHEMAV_CVC_ELT_1
	ruleNil          rule = C.XML_SCHEMAV_CVC_ELT_3_1
	ruleXSIType      rule = C.XML_SCHEMAV_CVC_ELT_4_1
	ruleXSIType2     rule = C.XML_SCHEMAV_CVC_ELT_4_2
	ruleXSIType3     rule = C.XML_SCHEMAV_CVC_ELT_4_3
	ruleAbstract     rule = C.XML_SCHEMAV_CVC_TYPE_2
	ruleAttrValue    rule = C.XML_SCHEMAV_CVC_ATTRIBUTE_3
	ruleAttrUnknown  rule = C.XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1
	ruleAttrUnknown2 rule = C.XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2
	ruleAttrMissing  rule = C.XML_SCHEMAV_CVC_COMPLEX_TYPE_4
	ruleContent      rule = C.XML_SCHEMAV_ELEMENT_CONTENT
)

// libSchema is a schema as libxml2 has compiled it. It is immutable and shared by threads.
type libSchema struct {
	schema *libxsd.Schema
}

func compileLib(source []byte) (*libSchema, error) {
	s, err := libxsd.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("libxml2 refuses the schema: %w", err)
	}
	return &libSchema{schema: s}, nil
}

func (l *libSchema) free() { l.schema.Free() }

// validate parses a document and validates it. No fault means that it is valid.
func (l *libSchema) validate(document []byte) ([]fault, error) {
	doc, err := parser.New(parserOptions).Parse(document)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errParse, err)
	}
	defer doc.Free()
	var found C.cohortx_faults
	defer C.cohortx_free(&found)
	result := C.cohortx_validate(C.uintptr_t(l.schema.Pointer()), C.uintptr_t(doc.Pointer()), &found)
	if result < 0 {
		return nil, errors.New("libxml2 failed to validate: internal error or out of memory")
	}
	list := unsafe.Slice(found.list, int(found.len))
	faults := make([]fault, 0, len(list))
	for _, f := range list {
		out := fault{rule: rule(f.code), missing: f.missing != 0, elem: int(f.elem)}
		if f.attr != nil {
			out.attr = C.GoString(f.attr)
		}
		faults = append(faults, out)
	}
	if result > 0 && len(faults) == 0 {
		return nil, errors.New("libxml2 found the document invalid without saying why")
	}
	return faults, nil
}
