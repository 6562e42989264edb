package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// parseDuration reads 90d (days of 24 hours), or what Go reads: 26h, 1m30s.
func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	d, err := time.ParseDuration(s)
	if err == nil && d < 0 {
		err = fmt.Errorf("it is negative")
	}
	return d, err
}

// durationFlag reads a flag; 0 when it is empty.
func durationFlag(c *cli.Context, flag string) (time.Duration, error) {
	s := c.String(flag)
	if s == "" {
		return 0, nil
	}
	d, err := parseDuration(s)
	if err != nil {
		return 0, &usageError{fmt.Sprintf("--%s %q: expected a duration such as 90d, 26h, 5m or 10s", flag, s), fmt.Sprintf("cohortx %s --%s 1h ...", c.Command.Name, flag)}
	}
	return d, nil
}
