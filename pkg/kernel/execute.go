package kernel

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/notebook"
)

// queued is the time in which requests arrive that a front end sent together.
const queued = 20 * time.Millisecond

// execute runs a cell.
func (k *kernel) execute(r request) {
	code, silent := r.text("code"), r.is("silent")
	store := r.is("store_history") && !silent
	if store {
		k.outputs.count++
	}
	c := &cell{request: r, silent: silent, count: k.outputs.count}
	number := k.outputs.begin(c)
	input := func() {
		if !silent {
			k.publish(r, "execute_input", content{"code": code, "execution_count": c.count}, nil)
		}
	}
	payload := []content{}
	var result notebook.Result
	if name, ok := asked(code); ok {
		input()
		if data := k.inspect(name, utf8.RuneCountInString(name)); len(data) > 0 {
			payload = append(payload, content{"source": "page", "data": data, "start": 0})
		} else {
			k.show(notebook.Shown{Number: number, Output: &ipynb.Output{Kind: "stream", Name: "stdout", Text: "Nothing is known of " + name + ".\n"}})
		}
	} else if err := k.run(r, func(w *notebook.Worker) {
		input()
		result = w.Run(k.cellOf(r, number))
	}); err != nil {
		input()
		result.Failed = ipynb.ErrorOutput("error", "the process of the cells does not start: "+err.Error())
	}
	text := k.outputs.end(k, c)
	if store {
		k.history.add(entry{c.count, code, text})
	}
	if failed := result.Failed; failed != nil {
		raised := errorOf(*failed)
		if !silent {
			k.publish(r, "error", raised, nil)
		}
		if r.is("stop_on_error") {
			time.Sleep(queued)
			k.aborted = len(k.waiting)
		}
		raised["status"] = "error"
		raised["execution_count"] = c.count // without it JupyterLab shows the cell as one that did not run
		k.reply(r, raised)
		return
	}
	values := content{}
	for name, v := range result.Values {
		values[name] = content{"status": "ok", "data": some(v.Data), "metadata": some(v.Metadata)}
		if v.Kind == "error" {
			raised := errorOf(v)
			raised["status"] = "error"
			values[name] = raised
		}
	}
	k.reply(r, content{"execution_count": c.count, "payload": payload, "user_expressions": values})
}

// cellOf returns the cell that a request runs.
func (k *kernel) cellOf(r request, number int) notebook.Live {
	id, _ := r.Metadata["cellId"].(string)
	out := notebook.Live{Number: number, Code: r.text("code"), Expressions: map[string]string{}}
	given, _ := r.content["user_expressions"].(map[string]any)
	for name, e := range given {
		out.Expressions[name], _ = e.(string)
	}
	k.process.mu.Lock()
	defer k.process.mu.Unlock()
	out.Origin = k.process.session.Begin(id, out.Code)
	return out
}

func errorOf(o ipynb.Output) content {
	return content{"ename": o.Name, "evalue": o.Text, "traceback": o.Traceback}
}

var question = regexp.MustCompile(`^\s*([\pL_][\pL\p{Nd}_.]*)\?{1,2}\s*$`)

// asked returns the name in a cell that asks for documentation: "name?".
func asked(code string) (name string, ok bool) {
	m := question.FindStringSubmatch(code)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// goOf returns the Go code of a cell, without what this kernel adds to the language: first
// lines that are commands, and questions.
func goOf(code string) string {
	if _, ok := asked(code); ok {
		return ""
	}
	all := strings.Split(code, "\n")
	for i, line := range all {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '%' && line[0] != '$' {
			break
		}
		all[i] = ""
	}
	return strings.Join(all, "\n")
}
