// Reads the Terraform examples with HCL's own parser, says what is wrong with them, and prints what they evaluate to:
// {"templates": {name: text}, "pool": the host's pool}. Terraform itself is no Debian package.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

var problems []string

func problem(text string) { problems = append(problems, text) }

func note(diags hcl.Diagnostics) {
	for _, diag := range diags {
		problem(diag.Error())
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func read(name string) []byte {
	text, err := os.ReadFile(name)
	must(err)
	return text
}

var base64encode = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.StringVal(base64.StdEncoding.EncodeToString([]byte(args[0].AsString()))), nil
	},
})

// The value of a JSON file.
func value(name string) cty.Value {
	text := read(name)
	kind, err := ctyjson.ImpliedType(text)
	must(err)
	result, err := ctyjson.Unmarshal(text, kind)
	must(err)
	return result
}

func evaluate(expression hcl.Expression, variables map[string]cty.Value) cty.Value {
	result, diags := expression.Value(&hcl.EvalContext{
		Variables: variables,
		Functions: map[string]function.Function{"base64encode": base64encode, "merge": stdlib.MergeFunc},
	})
	note(diags)
	return result
}

// local.pool_for_host of a configuration, for the pool in pool.json.
func pool(body hcl.Body) json.RawMessage {
	for _, block := range body.(*hclsyntax.Body).Blocks {
		attribute, found := block.Body.Attributes["pool_for_host"]
		if block.Type != "locals" || !found {
			continue
		}
		result := evaluate(attribute.Expr, map[string]cty.Value{
			"local": cty.ObjectVal(map[string]cty.Value{"pool": value("pool.json")}),
			"var":   cty.ObjectVal(map[string]cty.Value{"keep_json_path": cty.False}),
		})
		text, err := ctyjson.Marshal(result, result.Type())
		must(err)
		return text
	}
	return nil
}

// evaluate FILE...: in a directory with values.json (for the templates) and pool.json.
func main() {
	answer := struct {
		Problems  []string          `json:"problems"`
		Templates map[string]string `json:"templates"`
		Pool      json.RawMessage   `json:"pool"`
	}{Templates: map[string]string{}}
	for _, name := range os.Args[1:] {
		text := read(name)
		if strings.HasSuffix(name, ".tftpl") {
			template, diags := hclsyntax.ParseTemplate(text, name, hcl.InitialPos)
			note(diags)
			answer.Templates[name] = evaluate(template, value("values.json").AsValueMap()).AsString()
			continue
		}
		file, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
		note(diags)
		if !bytes.Equal(hclwrite.Format(text), text) {
			problem(name + " is not as terraform fmt writes it")
		}
		if found := pool(file.Body); found != nil {
			answer.Pool = found
		}
	}
	answer.Problems = problems
	text, err := json.Marshal(answer)
	must(err)
	fmt.Println(string(text))
}
