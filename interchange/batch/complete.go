package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
)

// Complete are the choices of a complete set (--mode full): its files name every association of its education organizations, and what they
// lack is ended or withdrawn.
type Complete struct {
	AsOf   interchange.Date // first day on which what the set lacks is not in its cohort any more; NoDate: today by the local calendar
	Scope  []int64          // education organization ids; nil: those that the set's associations name
	Guards interchange.Guards
}

// completion is what a complete set does beyond applying its entities.
type completion struct {
	im       *importer
	set      *set
	tx       *store.Tx
	asOf     interchange.Date
	scope    []int64 // education organizations, sorted
	parts    []interchange.Presence
	place    map[int64]int // education organization -> index of its first part
	cohorts  []uint32      // stored ones of the scope, sorted
	absent   map[interchange.Kind]*sorter
	examples map[*interchange.Presence][]string
}

// dated settles the as-of date when the run starts, and notes it in the report.
func (im *importer) dated() {
	c := im.opt.Complete
	if c == nil {
		return
	}
	im.rep.Complete = &report.Complete{AsOf: c.AsOf, EducationOrganizations: []int64{}}
	if c.AsOf == interchange.NoDate {
		now := time.Now()
		im.rep.Complete.AsOf, im.rep.Complete.Zone = interchange.DateOf(now), now.Format("MST, UTC-07:00")
	}
}

// day is the one on which members of cohorts are counted: that of a complete set, else today.
func (im *importer) day() interchange.Date {
	if im.rep.Complete != nil {
		return im.rep.Complete.AsOf
	}
	return interchange.DateOf(im.rep.Started)
}

// checkScope makes sure that --scope names stored education organizations: a mistyped id would keep removals from being found.
func (im *importer) checkScope() error {
	if im.opt.Complete == nil {
		return nil
	}
	for _, id := range im.opt.Complete.Scope {
		if _, ok := im.dict.EducationOrganizations[id]; !ok {
			return fmt.Errorf("--scope %d: no education organization with this id is stored; import it first, or correct the id", id)
		}
	}
	return nil
}

// newCompletion finds the scope of the set. Its cohorts must have been written.
func (im *importer) newCompletion(s *set, tx *store.Tx) *completion {
	c := &completion{
		im: im, set: s, tx: tx, asOf: im.rep.Complete.AsOf, scope: slices.Clone(im.opt.Complete.Scope), place: map[int64]int{},
		absent: map[interchange.Kind]*sorter{}, examples: map[*interchange.Presence][]string{},
	}
	if c.scope == nil {
		c.scope = s.organizationsOf(&s.named)
	}
	if len(c.scope) == 0 && s.accepted[interchange.StudentCohortAssociationKind]+s.accepted[interchange.StaffCohortAssociationKind] == 0 {
		// Nothing is removed for a set without associations; what it would remove is that of its cohorts' organizations.
		c.scope = s.organizationsOf(&s.defined)
	}
	slices.Sort(c.scope)
	c.scope = slices.Compact(c.scope)
	for _, id := range c.scope {
		c.place[id] = len(c.parts)
		for _, kind := range interchange.AssociationKinds {
			c.parts = append(c.parts, interchange.Presence{Kind: kind, EducationOrganizationID: id, Last: -1})
		}
	}
	for n := uint32(1); n <= s.cohorts.base; n++ {
		if key := s.cohorts.key(n); key != nil {
			if _, in := c.place[interchange.OrganizationOfCohortKey(key)]; in {
				c.cohorts = append(c.cohorts, n)
			}
		}
	}
	s.doubts.None = map[interchange.Kind]bool{}
	for _, kind := range interchange.AssociationKinds {
		s.doubts.None[kind] = s.accepted[kind] == 0
	}
	for _, in := range im.inputs {
		if in.report.Refusal != nil && !in.content.Prerequisite() {
			s.doubts.FileRefused = true
		}
	}
	im.rep.Complete.EducationOrganizations = c.scope
	return c
}

// organizationsOf are the education organizations of cohorts that are stored or in the set.
func (s *set) organizationsOf(cohorts *bits) (list []int64) {
	seen := map[int64]struct{}{}
	for word, w := range *cohorts {
		for n := uint32(word) << 6; w != 0; n, w = n+1, w>>1 {
			if _, fresh := s.cohorts.isFresh(n); w&1 == 0 || fresh && !s.defined.has(n) {
				continue
			}
			id := s.organizationOf(n)
			if _, ok := seen[id]; !ok {
				seen[id] = struct{}{}
				list = append(list, id)
			}
		}
	}
	return list
}

func (c *completion) close() {
	for _, a := range c.absent {
		a.close()
	}
}

// part is where the associations of a cohort count, nil if its education organization is not in the scope.
func (c *completion) part(kind interchange.Kind, cohort uint32) *interchange.Presence {
	i, ok := c.place[c.set.organizationOf(cohort)]
	if !ok {
		return nil
	}
	return &c.parts[i+slices.Index(interchange.AssociationKinds, kind)]
}

// stale reads what the store knows of earlier complete runs. The fault is not nil when the set is older than one of them.
func (c *completion) stale(ctx context.Context) (*report.Fault, error) {
	last, err := c.tx.LastComplete(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	for i := range c.parts {
		if n, ok := last[i/len(interchange.AssociationKinds)].Named[c.parts[i].Kind]; ok {
			c.parts[i].Last = n
		}
	}
	if c.im.opt.Force {
		return nil, nil
	}
	for i, l := range last {
		if l.Run > 0 && c.asOf < l.AsOf {
			return &report.Fault{
				Line: 1, Column: 1, Code: interchange.CodeAsOfBeforeLast, Found: "a complete set as of " + c.asOf.String(),
				Expected: fmt.Sprintf("%s or later: run %d was complete for education organization %d as of that day", l.AsOf, l.Run, c.scope[i]),
			}, nil
		}
	}
	return nil, nil
}

// apply finds what the set lacks and removes it, or holds it back.
func (c *completion) apply(ctx context.Context) error {
	for _, kind := range interchange.AssociationKinds {
		if err := c.compare(ctx, kind); err != nil {
			return err
		}
	}
	c.im.opt.Complete.Guards.Hold(c.parts, c.set.doubts)
	for _, kind := range interchange.AssociationKinds {
		if err := c.remove(ctx, kind); err != nil {
			return err
		}
	}
	if c.im.run != nil {
		if err := c.tx.RecordComplete(ctx, c.im.run, c.asOf, c.parts); err != nil {
			return err
		}
	}
	c.report()
	return nil
}

// compare goes through the active associations of the scope and the keys of the set side by side, and counts.
func (c *completion) compare(ctx context.Context, kind interchange.Kind) error {
	seen, err := c.set.seen(kind)
	if err != nil {
		return err
	}
	c.absent[kind] = newSorter(c.set.dir)
	var part *interchange.Presence
	cohort := uint32(0) // of part
	at := func(n uint32) *interchange.Presence {
		if n != cohort {
			part, cohort = c.part(kind, n), n
		}
		return part
	}
	pass := func() error {
		if p := at(seen.key.Cohort); p != nil {
			p.Named++
		}
		return seen.next()
	}
	for k, err := range c.tx.Active(ctx, kind, c.cohorts, c.asOf) {
		if err != nil {
			return err
		}
		for seen.more && seen.key.Compare(k) < 0 {
			if err := pass(); err != nil {
				return err
			}
		}
		p := at(k.Cohort)
		p.Active++
		if seen.more && seen.key == k {
			continue
		}
		p.Absent++
		if err := c.absent[kind].add(record{pair: uint64(k.Cohort)<<32 | uint64(k.Person), begin: k.Begin, end: interchange.NoDate}, nil); err != nil {
			return err
		}
	}
	for seen.more {
		if err := pass(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// remove ends or withdraws what is absent and not held back.
func (c *completion) remove(ctx context.Context, kind interchange.Kind) error {
	ledger, err := c.im.openLedger(ctx, c.tx, kind)
	if err != nil {
		return err
	}
	keys := func(yield func(store.AssociationKey, error) bool) {
		for k, err := range c.absent[kind].keys() {
			if err == nil {
				if p := c.part(kind, k.Cohort); p.Held != "" {
					c.exemplify(p, k)
					if err = ledger.hold(k); err == nil {
						continue
					}
				}
			}
			if !yield(k, err) {
				return
			}
		}
	}
	moved := c.set.moves.by[kind]
	err = c.tx.RemoveAbsent(ctx, kind, keys, c.asOf, func(k store.AssociationKey, o interchange.Outcome) error {
		if o == 0 {
			return fmt.Errorf("%s %s is not active, though it was", kind, c.set.associationKey(kind, k.Cohort, k.Person, k.Begin))
		}
		c.set.counts.Add(kind.String(), o, 1)
		moved.add(k.Cohort, k.Begin <= c.asOf, false) // it was active on asOf, or was to be later
		return ledger.release(k)
	})
	return errors.Join(err, ledger.close())
}

func (c *completion) exemplify(p *interchange.Presence, k store.AssociationKey) {
	if len(c.examples[p]) < groupExamples {
		c.examples[p] = append(c.examples[p], c.set.associationKey(p.Kind, k.Cohort, k.Person, k.Begin))
	}
}

// report lists what was held back.
func (c *completion) report() {
	rep := c.im.rep
	for i := range c.parts {
		p := &c.parts[i]
		if p.Held != "" {
			rep.HeldBack = append(rep.HeldBack, report.HeldBack{
				Code: p.Held, Kind: p.Kind.String(), EducationOrganizationID: p.EducationOrganizationID, Count: p.Absent, Of: p.Active, First: c.examples[p],
			})
		}
	}
	if none := c.set.doubts.None; none[interchange.AssociationKinds[0]] && none[interchange.AssociationKinds[1]] && len(rep.HeldBack) == 0 {
		rep.HeldBack = append(rep.HeldBack, report.HeldBack{Code: interchange.CodeNoAssociations, First: []string{}})
	}
}

// seen gives the keys of a set in the order of the primary key, each once: those of rejected entities too, as far as they are known.
type seen struct {
	set  *set
	in   *merged
	key  store.AssociationKey
	more bool // key is one
}

func (s *set) seen(kind interchange.Kind) (*seen, error) {
	in, err := s.associations[kind].merge()
	if err != nil {
		return nil, err
	}
	x := &seen{set: s, in: in}
	return x, x.next()
}

func (x *seen) next() error {
	for {
		r, _, err := x.in.next()
		if err == io.EOF {
			x.more = false
			return nil
		}
		if err != nil {
			return err
		}
		k := store.AssociationKey{Cohort: r.cohort(), Person: r.person(), Begin: r.begin}
		if x.set.gone(r.place) || x.more && k == x.key {
			continue
		}
		x.key, x.more = k, true
		return nil
	}
}

// keys gives the keys of a sorter.
func (s *sorter) keys() iter.Seq2[store.AssociationKey, error] {
	return func(yield func(store.AssociationKey, error) bool) {
		m, err := s.merge()
		for err == nil {
			var r *record
			if r, _, err = m.next(); err == nil && !yield(store.AssociationKey{Cohort: r.cohort(), Person: r.person(), Begin: r.begin}, nil) {
				return
			}
		}
		if err != io.EOF {
			yield(store.AssociationKey{}, err)
		}
	}
}
