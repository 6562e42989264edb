package batch

import (
	"context"
	"runtime"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/interchange/source"
	"cohortx/xsd/scan"
)

// ReadOptions are what every command that reads files may be told.
type ReadOptions struct {
	Schemas   string               // folder of official XSDs to use instead of the embedded schemas (--xsd)
	AsRelease *interchange.Release // for patch releases that the table does not have (--as-release)
	MaxRatio  float64              // see source.Options
	Jobs      int                  // goroutines that decode and check; 0: as many as there are processors
	Distrust  bool                 // libxml2 decides about every entity (--judge libxml2)
	Scan      scan.Options         // block sizes, for tests
	Progress  func(Progress)       // called now and then, by one goroutine at a time
}

// Progress is how far a command is: a step begins, or so much of a file has been read.
type Progress struct {
	Step     string // the step that begins; "" in the midst of one
	File     string
	Bytes    int64 // of the stored file, read so far
	Entities int64 // of the file, so far
}

func (o *ReadOptions) jobs() int {
	if o.Jobs > 0 {
		return o.Jobs
	}
	return runtime.GOMAXPROCS(0)
}

func (o *ReadOptions) source() source.Options { return source.Options{MaxRatio: o.MaxRatio} }

// Limit is how many rejects a set may have before it is rolled back (--max-rejects).
type Limit struct {
	Count   int64   // when not a share
	Percent float64 // of all entities
	Share   bool    // Percent counts
}

// DefaultLimit is 10 %.
var DefaultLimit = Limit{Percent: 10, Share: true}

// shareFrom is from how many entities on a limit in percent counts: three bad records out of five are no reason to refuse them all.
const shareFrom = 100

// exceeded says whether rejects among entities are too many.
func (l Limit) exceeded(rejects, entities int64) bool {
	if !l.Share {
		return rejects > l.Count
	}
	return entities >= shareFrom && float64(rejects)*100 > l.Percent*float64(entities)
}

// ImportOptions are the choices of an import.
type ImportOptions struct {
	ReadOptions
	Store    string // path
	Files    []string
	Allow    Missing
	Policies interchange.Policies
	Limit    Limit
	DryRun   bool
	Force    bool      // apply files that the last run has applied already
	Complete *Complete // nil: the set says nothing about what it does not name (--mode update)
	Rejects  string    // file for rejected entities; "": beside the store, named after input and run
	Redact   bool      // take unique ids of people out of the report
	Version  string    // of the program
	Command  string
	MaxPages int64 // limits the store's size, for tests

	// Claim, when it is set, finds the files instead of Files. It is called once the store is locked and the run has its number, so that
	// files can be taken in the name of the run, by nobody else. Its error ends the run as failed.
	Claim func(ctx context.Context, run int64) (Claimed, error)
}

// Claimed is what ImportOptions.Claim found.
type Claimed struct {
	Inputs  []*source.Input
	Refused []Refused // what is not even read
	Rejects string    // folder of the reject files; "": beside the store
}

// Refused is a file that is refused before it is read: it stands in the report and in the history like one that was.
type Refused struct {
	Name  string
	Bytes int64 // -1: not known
	Fault report.Fault
}
