// Renders the templates of a Helm chart as Helm does: render_chart CHART VALUES-FILE, YAML documents to
// standard output. For tests where Helm itself is not at hand: the same template language with the same
// functions (sprig), the functions that Helm adds, and nothing of what needs a cluster.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

const releaseName, releaseNamespace = "test", "default"

type object = map[string]interface{}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func readYaml(path string) object {
	text, err := os.ReadFile(path)
	check(err)
	values := object{}
	check(yaml.UnmarshalStrict(text, &values))
	return values
}

// merge lays what is given over the chart's own values; nil takes one away.
func merge(base, over object) object {
	for key, value := range over {
		inner, isObject := value.(object)
		old, wasObject := base[key].(object)
		switch {
		case value == nil:
			delete(base, key)
		case isObject && wasObject:
			base[key] = merge(old, inner)
		default:
			base[key] = value
		}
	}
	return base
}

func toYaml(value interface{}) string {
	text, err := yaml.Marshal(value)
	check(err)
	return strings.TrimSuffix(string(text), "\n")
}

func required(text string, value interface{}) (interface{}, error) {
	if value == nil || value == "" {
		return nil, fmt.Errorf("required: %s", text)
	}
	return value, nil
}

// chartObject has the names of Chart.yaml as templates use them.
func chartObject(chart object) object {
	named := object{}
	for key, value := range chart {
		named[strings.ToUpper(key[:1])+key[1:]] = value
	}
	return named
}

func main() {
	if len(os.Args) != 3 {
		check(fmt.Errorf("usage: render_chart CHART VALUES-FILE"))
	}
	folder := os.Args[1]
	all := template.New("chart").Option("missingkey=zero")
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = toYaml
	functions["required"] = required
	functions["include"] = func(name string, data interface{}) (string, error) {
		var out bytes.Buffer
		err := all.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	all.Funcs(functions)
	chart := chartObject(readYaml(filepath.Join(folder, "Chart.yaml")))
	base := filepath.Join(chart["Name"].(string), "templates")
	paths, err := filepath.Glob(filepath.Join(folder, "templates", "*"))
	check(err)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		check(err)
		_, err = all.New(filepath.Join(base, filepath.Base(path))).Parse(string(text))
		check(err)
	}
	data := object{
		"Values":   merge(readYaml(filepath.Join(folder, "values.yaml")), readYaml(os.Args[2])),
		"Chart":    chart,
		"Release":  object{"Name": releaseName, "Namespace": releaseNamespace, "Service": "Helm"},
		"Template": object{"BasePath": base},
	}
	for _, path := range paths {
		var out bytes.Buffer
		check(all.ExecuteTemplate(&out, filepath.Join(base, filepath.Base(path)), data))
		text := strings.ReplaceAll(out.String(), "<no value>", "")
		if filepath.Ext(path) == ".yaml" && strings.TrimSpace(text) != "" {
			fmt.Printf("---\n# Source: %s\n%s\n", filepath.Base(path), text)
		}
	}
}
