package report

import "bufio"

// Save writes the report as JSON and as a page that people read, each as a whole or not at all, readable by their owner only.
func (r *Run) Save(json, page string) error {
	if err := Replace(json, 0o600, func(w *bufio.Writer) error { return JSON(w, r) }); err != nil {
		return err
	}
	return Replace(page, 0o600, func(w *bufio.Writer) error { return Page(w, r) })
}
