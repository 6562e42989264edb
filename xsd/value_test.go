package xsd

import (
	"context"
	"strings"
	"testing"
)

// TestSchema_Value holds single values against the judge, which sees them within a whole association.
func TestSchema_Value(t *testing.T) {
	s := compile(t, releases[0])
	j := newJudge(t, s)
	const org = "StudentCohortAssociation/CohortReference/CohortIdentity/EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId"
	for _, path := range []string{"StudentCohortAssociation/BeginDate", "StudentCohortAssociation/CohortReference/CohortIdentity/CohortIdentifier", org} {
		slot, ok := s.Slot(path)
		if !ok {
			t.Fatal(path)
		}
		for _, v := range oddValues {
			text := string(appendText(nil, []byte(v)))
			child := association("", "", "2025-09-14", "")
			switch s.Info(slot).Name {
			case "BeginDate":
				child = association("", "", text, "")
			case "CohortIdentifier":
				child = strings.Replace(child, "<CohortIdentifier>1<", "<CohortIdentifier>"+text+"<", 1)
			default:
				child = strings.Replace(child, ">255901107<", ">"+text+"<", 1)
			}
			r, err := drive(s, interchange(s, "", child))
			if err != nil {
				t.Fatal(err)
			}
			vs, err := j.Check(context.Background(), r.scope, r.fragments())
			if err != nil {
				t.Fatal(err)
			}
			var scratch []byte
			_, fault := s.Value(slot, []byte(v), &scratch)
			switch {
			case fault == nil && len(vs) > 0:
				t.Errorf("%s %q: accepted, but the judge says %+v", path, v, vs)
			case fault != nil && len(vs) > 0 && (fault.Code != vs[0].Code || fault.Expected != vs[0].Expected):
				t.Errorf("%s %q: got %+v, but the judge says %+v", path, v, fault, vs[0])
			}
		}
	}
	if _, fault := s.Value(0, nil, new([]byte)); fault == nil {
		t.Error("the unknown slot accepts a value")
	}
}
