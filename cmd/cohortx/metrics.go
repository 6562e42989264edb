package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
	"cohortx/store"
)

// writeMetrics writes a run for the textfile collector of node_exporter, which reads what has its name at once and wholly: hence the rename,
// and a mode that lets another user read it. There is nothing of people in it.
func writeMetrics(ctx context.Context, name, path string, rep *report.Run) error {
	text, err := metrics(ctx, path, rep)
	if err != nil {
		return err
	}
	return report.Replace(name, 0o644, func(w *bufio.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// metricText writes the text format of Prometheus, version 0.0.4.
type metricText struct {
	bytes.Buffer
	store string
}

// gauge writes a metric with one value for the store.
func (m *metricText) gauge(name, help string, value float64) {
	m.head(name, help)
	m.value(name, value)
}

func (m *metricText) head(name, help string) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

// value writes one line; labels come in pairs.
func (m *metricText) value(name string, value float64, labels ...string) {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	fmt.Fprintf(m, `%s{store="%s"`, name, escape.Replace(m.store))
	for i := 0; i < len(labels); i += 2 {
		fmt.Fprintf(m, `,%s="%s"`, labels[i], escape.Replace(labels[i+1]))
	}
	fmt.Fprintf(m, "} %s\n", strconv.FormatFloat(value, 'f', -1, 64))
}

func metrics(ctx context.Context, path string, rep *report.Run) ([]byte, error) {
	m := &metricText{store: strings.ToValidUTF8(path, "\uFFFD")} // the format is UTF-8
	m.gauge("cohortx_last_run_timestamp_seconds", "When the last run ended.", float64(rep.Started.Unix())+rep.Seconds)
	m.gauge("cohortx_last_run_duration_seconds", "How long it took.", rep.Seconds)
	m.gauge("cohortx_last_run_exit_status", "Its exit status: 0 and 2 are a success.", float64(rep.ExitStatus))
	m.gauge("cohortx_last_run_entities", "How many entities it read.", float64(rep.Entities))
	m.gauge("cohortx_last_run_rejected", "How many of them it rejected.", float64(rep.Rejected))
	const outcomes = "cohortx_last_run_outcomes"
	m.head(outcomes, "What became of them.")
	for _, kind := range sortedKeys(rep.Counts) {
		for _, outcome := range sortedKeys(rep.Counts[kind]) {
			m.value(outcomes, float64(rep.Counts[kind][outcome]), "kind", kind, "outcome", outcome)
		}
	}
	db, err := store.Open(ctx, path, store.Options{ReadOnly: true})
	if err != nil {
		return m.Bytes(), nil // a run that could not even open its store still tells of itself
	}
	defer db.Close()
	h, err := batch.HealthOf(ctx, db)
	if err != nil {
		return nil, err
	}
	if h.LastSuccess != nil {
		m.gauge("cohortx_last_success_timestamp_seconds", "When the last run that succeeded ended.", float64(h.LastSuccess.Finished.UnixMilli())/1000)
	}
	if info, err := os.Stat(path); err == nil {
		m.gauge("cohortx_store_bytes", "Size of the store.", float64(info.Size()))
	}
	return m.Bytes(), nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
