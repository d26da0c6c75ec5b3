package jupyter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/internal/processtest"
)

// exchange sends a request, and returns its reply, if it has one, and its messages on iopub
// up to idle.
func exchange(t *testing.T, c *Client, kind string, content map[string]any) (reply map[string]any, published []Message) {
	t.Helper()
	id, err := c.send(c.shell, kind, content)
	if err != nil {
		t.Fatal(err)
	}
	processtest.Within(t, kind, func() {
		for idle, replied := false, !strings.HasSuffix(kind, "_request"); !idle || !replied; {
			m := <-c.messages
			switch {
			case m.Parent.ID != id:
			case m.channel == "shell":
				reply, replied = decoded(m.Message), true
			default:
				published = append(published, m.Message)
				idle = m.Header.Type == "status" && decoded(m.Message)["execution_state"] == "idle"
			}
		}
	})
	return reply, published
}

// kinds returns the types of messages except the status.
func kinds(published []Message) string {
	var out []string
	for _, m := range published {
		if m.Header.Type != "status" {
			out = append(out, m.Header.Type)
		}
	}
	return strings.Join(out, " ")
}

func decoded(m Message) (content map[string]any) {
	_ = json.Unmarshal(m.Content, &content) // which a kernel has sent
	return content
}

// started starts the kernel and runs a cell of imports in it.
func started(t *testing.T, packages ...string) *Client {
	t.Helper()
	needKernel(t)
	c, err := Start(Options{Kernel: kernelName})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	if len(packages) > 0 {
		if _, failed := cellIn(c, "import (\n\""+strings.Join(packages, "\"\n\"")+"\"\n)", nil); failed != "" {
			t.Fatal(failed)
		}
	}
	return c
}

// A cell that ends its process ends with an error that says how. The next cell runs in a
// new process.
func TestKernelSurvivesACrash(t *testing.T) {
	c := started(t)
	for cell, want := range map[string]string{
		"import \"os\"\nos.Exit(7)": "exit status 7",
		"import \"time\"\ntime.AfterFunc(0, func() { panic(\"at the disco\") })\ntime.Sleep(time.Hour)": "panic: at the disco",
		"import \"os/exec\"\nexec.Command(\"sh\", \"-c\", \"kill -9 $PPID\").Run()":                     "memory",
		"func f(x int) int { return f(x + 1) + 1 }\nf(0)":                                               "stack",
	} {
		cellIn(c, "x := 41", nil)
		start := time.Now()
		reply, published := exchange(t, c, "execute_request", map[string]any{"code": cell})
		if reply["ename"] != "crash" || !strings.Contains(fmt.Sprint(reply["evalue"]), want) {
			t.Errorf("%q ends with %v: %v, want %q", cell, reply["ename"], reply["evalue"], want)
		}
		if got := kinds(published); got != "execute_input error" || !strings.Contains(fmt.Sprint(reply["evalue"]), "variables are lost") {
			t.Errorf("%q: %s, %v", cell, got, reply)
		}
		next := time.Now()
		if got, failed := cellIn(c, "1 + 1", nil); got != "2" {
			t.Errorf("after %q: %q (%s)", cell, got, failed)
		}
		t.Logf("%q ended after %v, the next cell after %v", want, next.Sub(start), time.Since(next))
	}
	// Between cells: it is shown below the last one.
	id, err := c.send(c.shell, "execute_request", map[string]any{"code": "import \"time\"\ntime.AfterFunc(300*time.Millisecond, func() { panic(\"late\") })\nx := 1"})
	if err != nil {
		t.Fatal(err)
	}
	processtest.Within(t, "a late panic", func() {
		for m := range c.messages {
			if m.Parent.ID == id && m.Header.Type == "stream" && strings.Contains(string(m.Content), "panic: late") {
				return
			}
		}
	})
	if got, failed := cellIn(c, "1 + 1", nil); got != "2" {
		t.Errorf("after a late panic: %q (%s)", got, failed)
	}
}

// An error ends the cells that wait, unless their request says otherwise.
func TestKernelAbortsTheQueue(t *testing.T) {
	c := started(t)
	for _, stop := range []bool{true, false} {
		statuses := map[string]string{}
		var ids []string
		for _, code := range []string{"nothing", "1", "2"} {
			id, err := c.send(c.shell, "execute_request", map[string]any{"code": code, "stop_on_error": stop})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		processtest.Within(t, "three replies", func() {
			for len(statuses) < len(ids) {
				if m := <-c.messages; m.channel == "shell" {
					statuses[m.Parent.ID] = fmt.Sprint(decoded(m.Message)["status"])
				}
			}
		})
		want := "error ok ok"
		if stop {
			want = "error aborted aborted"
		}
		if got := strings.Join([]string{statuses[ids[0]], statuses[ids[1]], statuses[ids[2]]}, " "); got != want {
			t.Errorf("stop_on_error %v: %s, want %s", stop, got, want)
		}
	}
	if got, failed := cellIn(c, "3", nil); got != "3" {
		t.Errorf("afterwards: %q (%s)", got, failed)
	}
}

// An interrupt stops a compiled call at once.
func TestKernelInterruptsASleep(t *testing.T) {
	c := started(t, "time")
	cellIn(c, "x := 41", nil)
	for range 5 {
		var sent time.Time
		timer := time.AfterFunc(200*time.Millisecond, func() { sent = time.Now(); c.Interrupt() })
		_, failed := cellIn(c, "time.Sleep(time.Hour)", nil)
		timer.Stop()
		took := time.Since(sent)
		if !strings.HasPrefix(failed, "interrupted") || took > time.Second {
			t.Fatalf("a sleep ends with %q, %v after the interrupt", failed, took)
		}
		t.Logf("interrupted after %v", took)
	}
	if got, failed := cellIn(c, "x", nil); got != "41" {
		t.Errorf("x is %q (%s)", got, failed)
	}
}

// A second interrupt ends the process of a cell that has not stopped after two seconds, here
// because the process is stopped.
func TestKernelEndsWhatDoesNotStop(t *testing.T) {
	c := started(t, "os/exec")
	time.AfterFunc(200*time.Millisecond, c.Interrupt)
	time.AfterFunc(2500*time.Millisecond, c.Interrupt)
	processtest.Within(t, "a stopped process", func() {
		_, failed := cellIn(c, "exec.Command(\"sh\", \"-c\", \"kill -STOP $PPID\").Run()", nil)
		if !strings.HasPrefix(failed, "crash: ") || !strings.Contains(failed, "did not stop within 2s") {
			t.Errorf("it ends with %q", failed)
		}
	})
	if got, failed := cellIn(c, "1 + 1", nil); got != "2" {
		t.Errorf("afterwards: %q (%s)", got, failed)
	}
}

// Text that a goroutine prints after its cell belongs to that cell. Many lines neither
// hang nor grow the kernel.
func TestKernelPrints(t *testing.T) {
	c := started(t, "fmt", "time", "log")
	id, err := c.send(c.shell, "execute_request", map[string]any{"code": "go func() { time.Sleep(200 * time.Millisecond); fmt.Println(\"late\") }()"})
	if err != nil {
		t.Fatal(err)
	}
	processtest.Within(t, "late output", func() {
		for idle := false; ; {
			m := <-c.messages
			if m.Parent.ID != id {
				continue
			}
			idle = idle || m.Header.Type == "status" && decoded(m.Message)["execution_state"] == "idle"
			if m.Header.Type == "stream" {
				if !idle || decoded(m.Message)["text"] != "late\n" {
					t.Errorf("idle %v: %s", idle, m.Content)
				}
				return
			}
		}
	})
	for code, want := range map[string]string{
		`log.SetFlags(0); log.Print("logged")`: "logged\n",
		`fmt.Print("1 %\r2 %\rdone")`:          "1 %\r2 %\rdone",
		`fmt.Print("θ·")`:                      "θ·",
	} {
		if got, failed := cellIn(c, code, nil); got != want {
			t.Errorf("%s prints %q (%s), want %q", code, got, failed, want)
		}
	}
	start := time.Now()
	processtest.Within(t, "a million lines", func() {
		shown, failed := cellIn(c, "for i := 0; i < 1000000; i++ {\n\tfmt.Println(i)\n}", nil)
		if !strings.HasPrefix(shown, "0\n1\n2\n") || !strings.HasSuffix(shown, "\n999998\n999999\n") || failed != "" {
			t.Errorf("%d bytes, the end %q (%s)", len(shown), shown[max(0, len(shown)-40):], failed)
		}
	})
	t.Logf("a million lines take %v", time.Since(start))
}

// Questions are answered while a cell runs, and the messages of widgets after it.
func TestKernelAnswersQuestionsWhileBusy(t *testing.T) {
	c := started(t, "math", "time")
	running, err := c.send(c.shell, "execute_request", map[string]any{"code": "time.Sleep(2 * time.Second)"})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var completion struct{ Matches []string }
	ask(t, c, "complete_request", "math.Hyp", &completion)
	if fmt.Sprint(completion.Matches) != "[Hypot]" {
		t.Errorf("completion: %v", completion)
	}
	if got := inspect(t, c, "math.Hypot"); !strings.Contains(got, "Hypot") {
		t.Errorf("help: %q", got)
	}
	if reply, _ := exchange(t, c, "comm_info_request", map[string]any{}); reply["status"] != "ok" || reply["comms"] == nil {
		t.Errorf("comm_info: %v", reply)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("the answers took %v", took)
	}
	// It waits for the cell. There is no such target, so the comm is closed or ignored.
	_, published := exchange(t, c, "comm_open", map[string]any{"comm_id": "1", "target_name": "nobody", "data": map[string]any{}})
	if took := time.Since(start); took < 1500*time.Millisecond {
		t.Errorf("a message of a widget was handled after %v, while cell %s ran", took, running)
	}
	for _, m := range published {
		if m.Header.Type != "status" && m.Header.Type != "comm_close" {
			t.Errorf("a comm without a target: %s %s", m.Header.Type, m.Content)
		}
	}
}

// The messages of a widget go to the process of the cells and back, and a front end that
// comes later finds its comms.
func TestKernelWidgets(t *testing.T) {
	c := started(t, "fmt", "github.com/features-are-fate/fate/pkg/widget")
	code := map[string]any{"code": "widget.Interact(func(x int) interface{} { return fmt.Sprint(\"x is \", x) }, widget.IntSlider(\"x\", 0, 9))"}
	_, published := exchange(t, c, "execute_request", code)
	slider := sliderOf(published, "x")
	reply, _ := exchange(t, c, "comm_info_request", map[string]any{"target_name": "jupyter.widget"})
	comms, _ := reply["comms"].(map[string]any)
	if slider == "" || comms[slider] == nil {
		t.Fatalf("slider %q, comms %v, after %s", slider, comms, kinds(published))
	}
	_, published = exchange(t, c, "comm_msg", map[string]any{"comm_id": slider, "data": map[string]any{"method": "update", "state": map[string]any{"value": 7}}})
	if !slices.ContainsFunc(published, func(m Message) bool {
		return m.Header.Type == "comm_msg" && strings.Contains(string(m.Content), "x is 7")
	}) {
		t.Errorf("a move gives %s", kinds(published))
	}
	// The models of the cell are closed when it runs again, though no file has the cell.
	_, published = exchange(t, c, "execute_request", code)
	reply, _ = exchange(t, c, "comm_info_request", map[string]any{"target_name": "jupyter.widget"})
	again, _ := reply["comms"].(map[string]any)
	if len(again) != len(comms) || again[slider] != nil || again[sliderOf(published, "x")] == nil {
		t.Errorf("%d comms are open after another run, %d before", len(again), len(comms))
	}
}

// sliderOf returns the comm of the control with a label.
func sliderOf(published []Message, label string) (id string) {
	for _, m := range published {
		if strings.Contains(string(m.Content), fmt.Sprintf(`"description":%q`, label)) {
			id, _ = decoded(m)["comm_id"].(string)
		}
	}
	return id
}

// ipywidgets sends the next move of a control when the kernel is idle. It is, for a moment,
// while an experiment of the last move runs, which the next move then stops.
func TestKernelWidgetMovesOn(t *testing.T) {
	c := started(t, "fmt", "github.com/features-are-fate/fate/pkg/experiment", "github.com/features-are-fate/fate/pkg/widget")
	const code = `widget.Interact(func(x int) interface{} {
	if x == 1 {
		experiment.Experiment{
			Grid:   experiment.Grid{D: 100, Gamma: []float64{0.5}, Sigma: []float64{0.5}},
			Method: experiment.Train, Trials: 1000000,
		}.Run()
	}
	return fmt.Sprint("x is ", x)
}, widget.IntSlider("x", 0, 9))`
	_, published := exchange(t, c, "execute_request", map[string]any{"code": code})
	slider := sliderOf(published, "x")
	move := func(x int) map[string]any {
		return map[string]any{"comm_id": slider, "data": map[string]any{"method": "update", "state": map[string]any{"value": x}}}
	}
	if _, published = exchange(t, c, "comm_msg", move(1)); strings.Contains(kinds(published), "comm_msg") {
		t.Fatalf("the experiment ended before the kernel was idle: %s", kinds(published))
	}
	if _, err := c.send(c.shell, "comm_msg", move(2)); err != nil {
		t.Fatal(err)
	}
	processtest.Within(t, "the move that stops the experiment", func() {
		for !strings.Contains(string((<-c.messages).Content), "x is 2") {
		}
	})
}

// The fields of an execute_request are obeyed.
func TestKernelExecuteRequest(t *testing.T) {
	c := started(t, "fmt")
	count := func(r map[string]any) string { return fmt.Sprint(r["execution_count"]) }
	reply, published := exchange(t, c, "execute_request", map[string]any{"code": "fmt.Println(1)\n2", "silent": true})
	if count(reply) != "1" || kinds(published) != "" {
		t.Errorf("silent: %v, %s", reply, kinds(published))
	}
	reply, published = exchange(t, c, "execute_request", map[string]any{"code": "x := 3\nx", "store_history": false})
	if count(reply) != "1" || kinds(published) != "execute_input execute_result" {
		t.Errorf("store_history: %v, %s", reply, kinds(published))
	}
	reply, _ = exchange(t, c, "execute_request", map[string]any{"code": "y := 4", "user_expressions": map[string]any{"a": "x + y", "b": "nothing"}})
	values, _ := reply["user_expressions"].(map[string]any)
	a, _ := values["a"].(map[string]any)
	b, _ := values["b"].(map[string]any)
	if count(reply) != "2" || fmt.Sprint(a["data"]) != "map[text/plain:7]" || b["status"] != "error" {
		t.Errorf("user_expressions: %v", reply)
	}
	reply, published = exchange(t, c, "execute_request", map[string]any{"code": "display.ClearOutput(true)"})
	if kinds(published) != "execute_input clear_output" || reply["status"] != "ok" {
		t.Errorf("ClearOutput: %v, %s", reply, kinds(published))
	}
	reply, _ = exchange(t, c, "execute_request", map[string]any{"code": "nothing"})
	if reply["status"] != "error" || count(reply) != "4" {
		t.Errorf("an error: %v", reply)
	}
	reply, _ = exchange(t, c, "history_request", map[string]any{"hist_access_type": "tail", "n": 2, "output": false, "raw": true})
	if got := fmt.Sprint(reply["history"]); got != "[[1 3 display.ClearOutput(true)] [1 4 nothing]]" {
		t.Errorf("history: %s", got)
	}
}

// Nothing is left of the progress line of an experiment: what the cell showed before is
// shown again in its place.
func TestKernelRemovesTheProgressLine(t *testing.T) {
	c := started(t, "fmt", "github.com/features-are-fate/fate/pkg/experiment")
	const run = `run := experiment.Experiment{
	Grid:   experiment.Grid{D: 60, Gamma: []float64{0.5}, Sigma: []float64{0.5}},
	Method: experiment.Train, Trials: %d, Seed: 3,
}.Run()
`
	for code, want := range map[string]string{
		fmt.Sprintf(run, 10000): "display_data clear_output clear_output",
		"fmt.Println(1)\n" + fmt.Sprintf(run, 10001) + "fmt.Println(2)": "stream display_data clear_output stream stream",
	} {
		id, err := c.send(c.shell, "execute_request", map[string]any{"code": code})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		processtest.Within(t, "an experiment", func() {
			for {
				m := <-c.messages
				if m.channel != "iopub" || m.Parent.ID != id || m.Header.Type == "execute_input" {
					continue
				}
				if m.Header.Type == "status" {
					if decoded(m.Message)["execution_state"] == "idle" {
						return
					}
					continue
				}
				if m.Header.Type == "update_display_data" {
					if len(got) > 0 && got[len(got)-1] == "display_data" {
						c.Interrupt()
					}
					continue
				}
				got = append(got, m.Header.Type)
			}
		})
		if strings.Join(got, " ") != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}
