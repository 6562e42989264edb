package batch

import (
	"context"
	"errors"
	"fmt"

	"cohortx/interchange/report"
	"cohortx/interchange/source"
)

// mostInputs is how many files an [interchange.Place] can tell apart.
const mostInputs = 1 << 16

func tooManyFiles(n int) error {
	return fmt.Errorf("found %d files; one run takes at most %d: import them in several runs, or join them", n, mostInputs)
}

// expand finds the inputs that the options name.
func (im *importer) expand() ([]*source.Input, error) {
	inputs, err := source.Expand(im.opt.Files)
	if err == nil && len(inputs) > mostInputs {
		err = tooManyFiles(len(inputs))
	}
	return inputs, err
}

// claim asks for the inputs, in the name of the run.
func (im *importer) claim(ctx context.Context) (inputs []*source.Input, err error) {
	if im.run == nil {
		return nil, errors.New("a dry run takes no files")
	}
	err = im.step("claim files", func() error {
		im.claimed, err = im.opt.Claim(ctx, im.run.Number)
		return err
	})
	if n := len(im.claimed.Inputs) + len(im.claimed.Refused); err == nil && n > mostInputs {
		err = tooManyFiles(n)
	}
	return im.claimed.Inputs, err
}

// addRefused puts what was refused before it was read behind the other inputs.
func (im *importer) addRefused() {
	for _, r := range im.claimed.Refused {
		in := &input{Input: &source.Input{Name: r.Name, Size: r.Bytes}, number: len(im.inputs), report: report.File{Name: r.Name, Bytes: r.Bytes}}
		in.refuse(r.Fault)
		im.inputs = append(im.inputs, in)
	}
}

// rejectsDir is the folder of reject files that no option names.
func (im *importer) rejectsDir() string {
	if im.claimed.Rejects != "" {
		return im.claimed.Rejects
	}
	return im.dir
}
