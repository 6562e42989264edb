package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
)

// alerts tell others how a run went: a dead man's switch, a command, a file for Prometheus. What goes wrong with them is a warning; the run
// went as it went.
type alerts struct {
	store      string
	ping       *url.URL // nil: none
	command    string   // "": none
	prometheus string   // "": none
}

// How long others may keep a run waiting. They are variables for tests.
var (
	pingTimeout   = 5 * time.Second
	notifyTimeout = time.Minute
)

func alertFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "ping-url", Usage: "call `URL`/start before a run, URL after it, URL/fail if it failed (as healthchecks.io has it)"},
		&cli.StringFlag{Name: "notify-command", Usage: "run `COMMAND` after each run, with the verdict in its environment"},
		&cli.StringFlag{Name: "prometheus", Usage: "write `FILE` after each run, for the textfile collector of Prometheus' node_exporter"},
	}
}

func alertsOf(c *cli.Context) (*alerts, error) {
	a := &alerts{store: c.String("db"), command: c.String("notify-command"), prometheus: c.String("prometheus")}
	if s := c.String("ping-url"); s != "" {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, &usageError{fmt.Sprintf("--ping-url %q: expected a URL that starts with https:// or http://", s), "cohortx " + c.Command.Name + " --ping-url https://hc-ping.com/UUID ..."}
		}
		a.ping = u
	}
	return a, nil
}

// begin tells that a run starts.
func (a *alerts) begin(ctx context.Context) { a.call(ctx, "start") }

// end tells how a run went. reportFile is where its report lies; where that is "" and a command wants it, it gets a passing one.
func (a *alerts) end(ctx context.Context, rep *report.Run, reportFile string) {
	// A run that was interrupted is worth telling too.
	ctx = context.WithoutCancel(ctx)
	if batch.Succeeded(rep.ExitStatus) {
		a.call(ctx, "")
	} else {
		a.call(ctx, "fail")
	}
	if a.prometheus != "" {
		if err := writeMetrics(ctx, a.prometheus, a.store, rep); err != nil {
			slog.Warn("write "+a.prometheus, "why", err)
		}
	}
	if err := a.notify(ctx, rep, reportFile); err != nil {
		slog.Warn("--notify-command", "why", err)
	}
}

// failed tells of a failure before any run.
func (a *alerts) failed(ctx context.Context, why error) {
	if errors.Is(why, context.Canceled) {
		return // by somebody who knows
	}
	rep := report.NewRun(version, a.store)
	rep.State, rep.Verdict, rep.ExitStatus = "failed", "Could not run: "+why.Error(), batch.ExitOf(why)
	a.end(ctx, rep, "")
}

// call calls the dead man's switch. Its path is a secret, so messages have the host only.
func (a *alerts) call(ctx context.Context, what string) {
	if a.ping == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	err := get(ctx, a.ping.JoinPath(what).String())
	if err != nil {
		slog.Warn("--ping-url", "host", a.ping.Host, "why", err)
	}
}

func get(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err // without the address
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("the answer is %s", resp.Status)
	}
	return nil
}

// notify runs the command, by the shell.
func (a *alerts) notify(ctx context.Context, rep *report.Run, reportFile string) error {
	if a.command == "" {
		return nil
	}
	if reportFile == "" {
		dir, err := os.MkdirTemp("", "cohortx-") // mode 0700
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		reportFile = filepath.Join(dir, "report.json")
		if err := rep.Save(reportNames(reportFile)); err != nil {
			return err
		}
	}
	full, err := filepath.Abs(reportFile)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", a.command)
	cmd.Env = append(os.Environ(), "COHORTX_RUN="+strconv.FormatInt(rep.Run, 10), "COHORTX_RUN_STATE="+rep.State, "COHORTX_RUN_VERDICT="+rep.Verdict,
		"COHORTX_RUN_EXIT_STATUS="+strconv.Itoa(rep.ExitStatus), "COHORTX_RUN_REPORT="+full, "COHORTX_RUN_STORE="+a.store)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr // standard output is for the report
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with what it has started
	cmd.WaitDelay = time.Second
	return cmd.Run()
}
