package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"cohortx/interchange"
	"cohortx/interchange/batch"
)

// fullFlags are the flags of commands that apply complete sets.
func fullFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "mode", Usage: "`update`: what the files do not name stays as it is; full: the files are complete, what they lack is ended or withdrawn", Value: "update"},
		&cli.StringFlag{Name: "as-of", Usage: "full: end what is missing before `DATE` (default: today)"},
		&cli.StringSliceFlag{Name: "scope", Usage: "full: the files are complete for education organizations `ID,...` (default: those that their associations name)"},
		&cli.StringFlag{Name: "max-removals", Usage: "full: hold removals back above `N%` of the active associations, of an education organization or of all; up to 5 are always allowed", Value: "10%"},
		&cli.StringFlag{Name: "max-drift", Usage: "full: hold removals back when the files have `N%` more or fewer associations than the last complete run", Value: "50%"},
	}
}

// completeOptions reads fullFlags; nil is --mode update.
func completeOptions(c *cli.Context) (*batch.Complete, error) {
	try := func(format string, args ...any) error {
		return &usageError{fmt.Sprintf(format, args...), "cohortx " + c.Command.Name + " --mode full --as-of 2026-02-01 ..."}
	}
	switch mode := c.String("mode"); mode {
	case "update":
		for _, flag := range []string{"as-of", "scope", "max-removals", "max-drift"} {
			if onCommandLine(c, flag) { // settings for complete sets wait for one
				return nil, try("--%s has a meaning with --mode full only", flag)
			}
		}
		return nil, nil
	case "full":
	default:
		return nil, try("--mode %q: expected update or full", mode)
	}
	out := &batch.Complete{AsOf: interchange.NoDate}
	if s := c.String("as-of"); s != "" {
		d, _, err := interchange.ParseDate([]byte(s))
		if err != nil {
			return nil, try("--as-of %q: expected a date such as 2026-02-01, of a year from 1900 to 2199", s)
		}
		out.AsOf = d
	}
	var err error
	if out.Scope, err = scopeFlag(c); err != nil {
		return nil, err
	}
	if out.Guards.MaxRemovals, err = parsePercent(c.String("max-removals"), 100); err != nil {
		return nil, try("--max-removals %v", err)
	}
	if out.Guards.MaxDrift, err = parsePercent(c.String("max-drift"), 1e6); err != nil {
		return nil, try("--max-drift %v", err)
	}
	return out, nil
}

// scopeFlag reads --scope; nil when it is not given.
func scopeFlag(c *cli.Context) ([]int64, error) {
	var ids []int64
	for _, s := range c.StringSlice("scope") {
		id, err := interchange.ParseOrganizationID([]byte(strings.TrimSpace(s)))
		if err != nil {
			return nil, &usageError{fmt.Sprintf("--scope %q: expected education organization ids, separated by commas", s), "cohortx " + c.Command.Name + " --scope 255901107,255901001 ..."}
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// parsePercent reads "10%".
func parsePercent(s string, most float64) (float64, error) {
	digits, ok := strings.CutSuffix(s, "%")
	f, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(f >= 0 && f <= most) {
		return 0, fmt.Errorf("%q: expected a share such as 10%%, from 0%% to %g%%", s, most)
	}
	return f, nil
}
