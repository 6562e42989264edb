package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v3"
)

// configured is one setting of a file.
type configured struct {
	name, value string
	place       string // cohorts.yaml:3
	file        string
}

func (s *configured) wrong(expected string) error {
	return &usageError{fmt.Sprintf("%s: %s: found %q; %s", s.place, s.name, s.value, expected), "cohortx config check --config " + s.file}
}

// readConfig reads a file of settings: a YAML mapping from names to values, or to lists of values. A name that is not known is an error, and so
// is one that is there twice.
func readConfig(file string, known map[string]cli.Flag) ([]configured, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	defer f.Close()
	wrong := func(line int, format string, a ...any) error {
		return &usageError{fmt.Sprintf("%s:%d: ", file, line) + fmt.Sprintf(format, a...), "cohortx config check --config " + file}
	}
	var doc, more yaml.Node
	in := yaml.NewDecoder(f)
	if err := in.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil // nothing but comments
	} else if err != nil {
		text := err.Error()
		if m := regexp.MustCompile(`^yaml: line (\d+): `).FindStringSubmatch(text); m != nil {
			return nil, &usageError{file + ":" + m[1] + ": " + strings.TrimPrefix(text, m[0]), "cohortx config check --config " + file}
		}
		return nil, wrong(1, "%s", strings.TrimPrefix(text, "yaml: "))
	}
	if err := in.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, wrong(max(more.Line, 1), "a second document; expected one")
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, wrong(root.Line, "expected lines such as `db: cohorts.db`")
	}
	var list []configured
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if known[key.Value] == nil || key.Kind != yaml.ScalarNode {
			return nil, wrong(key.Line, "there is no setting %q; there are %s", key.Value, strings.Join(sortedKeys(known), ", "))
		}
		if slices.ContainsFunc(list, func(s configured) bool { return s.name == key.Value }) {
			return nil, wrong(key.Line, "%s is set for a second time", key.Value)
		}
		text, ok := scalars(value)
		if !ok {
			return nil, wrong(value.Line, "%s: expected a value, or a list of values", key.Value)
		}
		list = append(list, configured{name: key.Value, value: text, place: fmt.Sprintf("%s:%d", file, key.Line), file: file})
	}
	return list, nil
}

// scalars is the text of a value, or of a list of them as a flag takes it: separated by commas.
func scalars(n *yaml.Node) (string, bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode {
		return n.Value, n.Tag != "!!null"
	}
	if n.Kind != yaml.SequenceNode {
		return "", false
	}
	var parts []string
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			return "", false
		}
		parts = append(parts, item.Value)
	}
	return strings.Join(parts, ","), true
}
