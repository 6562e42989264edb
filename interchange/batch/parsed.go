package batch

import (
	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// span is a piece of a parsed block's arena.
type span struct{ from, to uint32 }

func (s span) empty() bool { return s.from == s.to }

// item is what a worker makes of one association: compact, and without a pointer into the block.
type item struct {
	kind       interchange.Kind
	access     uint8
	begin, end interchange.Date
	offset     int64  // of the start tag, in the decoded stream
	person     uint32 // number of the stored row; 0: there is none, see personKey
	cohort     uint32 // number of the stored row; 0: see cohortKey
	personKey  span   // unique id
	cohortKey  span   // natural key, as interchange.AppendCohortKey makes it; empty when only ref names the cohort
	ref        span   // xml id that the CohortReference names; empty when there is none
	sections   span   // in parsed.sections
}

// sectionItem is a section that an association names.
type sectionItem struct {
	number uint32 // of the stored row; 0: there is none, see key
	key    span   // natural key, as interchange.SectionKey makes it
	begin  interchange.Date
}

// deferredEntity is an entity whose references need the store or the rest of the document.
type deferredEntity struct {
	kind interchange.Kind
	at   scan.Pos
	raw  span
}

// definedID is an attribute of type xs:ID.
type definedID struct {
	id       span
	target   idTarget
	rejected bool  // the entity was rejected
	cohort   int   // index in parsed.cohorts when the id is a good Cohort's, else -1
	entity   int64 // offset of the root's child that has it
	at       scan.Pos
	body     span // the element itself, as reference.Append writes it; of references only
}

// usedID is an attribute of type xs:IDREF.
type usedID struct {
	id     span
	entity int64
	at     scan.Pos
}

// cohortItem is a Cohort element that a worker found good.
type cohortItem struct {
	offset int64
	at     scan.Pos
	cohort interchange.Cohort
	number uint32 // set by the collector
}

// parsed is what a worker makes of one block.
type parsed struct {
	arena    []byte
	items    []item
	cohorts  []cohortItem
	sections []sectionItem
	deferred []deferredEntity
	doubtful []deferredEntity // rejected associations whose key needs the rest of the document
	marks    []mark
	rejects  []logged
	lines    linePiece
	ids      []definedID
	uses     []usedID
	root     []interchange.Violation // what stands between entities and may not
	entities [4]int64                // by kind: all that were read
	judged   int64                   // of them, how many libxml2 decided
	zoned    int64                   // dates with a time zone
	firstAt  scan.Pos                // of the first zoned date
	err      error                   // the block is not well-formed
}

func (p *parsed) failed() bool { return p.err != nil }

func (p *parsed) reset() {
	clear(p.rejects) // they hold strings
	clear(p.cohorts)
	*p = parsed{
		arena: p.arena[:0], items: p.items[:0], cohorts: p.cohorts[:0], rejects: p.rejects[:0],
		ids: p.ids[:0], uses: p.uses[:0], sections: p.sections[:0], deferred: p.deferred[:0],
		doubtful: p.doubtful[:0], marks: p.marks[:0], lines: linePiece{bytes: p.lines.bytes[:0]},
	}
}

func (p *parsed) keep(b []byte) span {
	from := uint32(len(p.arena))
	p.arena = append(p.arena, b...)
	return span{from, uint32(len(p.arena))}
}

func (p *parsed) bytes(s span) []byte { return p.arena[s.from:s.to] }
