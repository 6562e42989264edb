package report

import "bufio"

// Save writes the report as a page that people read, then as JSON, each as a whole or not at all, readable by their owner only: where there is
// the JSON, there is the page.
func (r *Run) Save(json, page string) error {
	if err := Replace(page, 0o600, func(w *bufio.Writer) error { return Page(w, r) }); err != nil {
		return err
	}
	return Replace(json, 0o600, func(w *bufio.Writer) error { return JSON(w, r) })
}
