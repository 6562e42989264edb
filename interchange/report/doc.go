// Package report is what a run has to say: one model, from which the JSON report, the summary on the terminal and the reject file are
// made, so that no count is computed twice.
//
// Values of people (names, birth dates, telephone, mail, identification codes) are in no report; they stand in reject files only, which
// hold the rejected entities in the characters of the input.
package report
