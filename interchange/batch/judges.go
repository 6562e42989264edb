package batch

import (
	"sync"

	"cohortx/xsd"
)

// judges holds one judge per schema and process: libxml2's compiled schemas are shared by all goroutines, and the binding does not free
// what it compiles.
var judges sync.Map // *xsd.Schema -> func() (*xsd.Judge, error)

func judgeOf(s *xsd.Schema) (*xsd.Judge, error) {
	load, _ := judges.LoadOrStore(s, sync.OnceValues(func() (*xsd.Judge, error) { return xsd.NewJudge(s) }))
	return load.(func() (*xsd.Judge, error))()
}
