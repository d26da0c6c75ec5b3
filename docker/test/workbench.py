# Works in JupyterLab as a person would, in notebooks that it makes, and checks that
#   - Tab completes a field of a struct, and Shift-Tab shows a formula;
#   - an error ends Run All: the cells below it do not run, and the kernel is usable;
#   - a panic says its line, and a matrix is a table in the light and the dark theme;
#   - an interrupt ends time.Sleep(time.Hour) at once and keeps the variables;
#   - os.Exit ends its cell with a message, and the next cell has a fresh session;
#   - a slider that a key moves changes the picture and not the height of the page, the last
#     of many quick moves is shown, and a page that was loaded again has the slider;
#   - a move stops the experiment of the move before it, and so does an interrupt; a move
#     while a cell runs waits for it, and a slider of a process that has ended says so;
#   - a saved notebook that is opened with another kernel shows the picture of its slider.
# Arguments: the link with the token, the browser, the folder for screenshots. It takes about
# a minute and prints the times that a person waits.
import json
import re
import sys
import time
import urllib.request
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect, sync_playwright

link, browser, keep = sys.argv[1:]
server = "{0.scheme}://{0.netloc}".format(urlsplit(link))
token = parse_qs(urlsplit(link).query)["token"][0]

# Without these flags Chromium contacts Google's hosts.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]

IMPORTS = """import (
	"fmt"
	"math"
	"os"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/widget"
	"github.com/features-are-fate/fate/plotting"
	"gonum.org/v1/gonum/mat"
)"""

# The slider of notebook 04.
SLIDER = r"""widget.Interact(func(noise float64) interface{} {
	limit := experiment.Lab{D: 1000, Sigma: noise}.Theory(experiment.Grid{
		Gamma: experiment.Range(0.025, 1.975, 40),
		Theta: experiment.Range(math.Pi/160, 79*math.Pi/160, 40),
	})
	return plotting.Draw(plotting.PhaseDiagram{
		Title: `limit $d \to \infty$, ` + experiment.Sigma.Label(noise),
		Field: limit.Plane(theory.LinearTransferability, experiment.Theta, experiment.Gamma),
		Limit: 0.8,
	})
}, widget.Slider("σ", 0, 1).From(0.5))"""

# Each value but the first and the last takes many minutes, unless something stops it.
SLOW = """widget.Interact(func(n int) interface{} {
	if n == 5 {
		return "at the first value"
	}
	trials := 1000000
	if n == 9 {
		trials = 10
	}
	r := experiment.Experiment{
		Grid:   experiment.Grid{D: 100, Gamma: []float64{0.5}, Sigma: []float64{0.5}},
		Method: experiment.Train, Trials: trials,
	}.Run()
	return fmt.Sprint("measured at ", n, " ", r.Err())
}, widget.IntSlider("n", 1, 9))"""


def ask(method, path, content=None):
    """Asks the server, and returns its answer."""
    body = json.dumps(content).encode() if content else None
    request = urllib.request.Request(f"{server}/api/{path}", body, {"Authorization": f"token {token}"}, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or "null")


def end_kernels():
    """Ends the kernels of these notebooks."""
    for s in ask("GET", "sessions"):
        if s["path"].startswith("workbench-"):
            ask("DELETE", "sessions/" + s["id"])


def clean():
    end_kernels()
    for f in ask("GET", "contents/")["content"]:
        if f["name"].startswith("workbench-"):
            ask("DELETE", "contents/" + f["name"])


def make(name, cells):
    """Makes a notebook of code cells."""
    content = {
        "cells": [{"cell_type": "code", "id": f"cell{i}", "source": c, "metadata": {}, "outputs": [], "execution_count": None}
                  for i, c in enumerate(cells)],
        "metadata": {"kernelspec": {"name": "fate", "display_name": "Go (fate)", "language": "go"}},
        "nbformat": 4, "nbformat_minor": 5,
    }
    ask("PUT", f"contents/{name}.ipynb", {"type": "notebook", "format": "json", "content": content})


class Lab:
    """A notebook in JupyterLab. Cells count from 0."""

    def __init__(self, page):
        self.page = page

    def open(self, name):
        self.page.goto(f"{server}/lab/workspaces/{name}/tree/{name}.ipynb?reset&token={token}")
        self.ready()

    def ready(self):
        self.page.locator(".jp-NotebookPanel .jp-CodeCell").first.wait_for(timeout=60000)
        self.page.locator("#jp-main-statusbar").get_by_text("Go (fate) | Idle").wait_for(timeout=60000)

    def cell(self, i):
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(i)

    def output(self, i):
        return self.cell(i).locator(".jp-OutputArea-output")

    def prompt(self, i):
        return self.cell(i).locator(".jp-InputPrompt").first

    def menu(self, name, *items):
        self.page.locator(".lm-MenuBar-itemLabel", has_text=name).first.click()
        for item in items[:-1]:
            self.page.locator(".lm-Menu-itemLabel", has_text=item).first.hover()
        self.page.locator(".lm-Menu-itemLabel", has_text=items[-1]).first.click()

    def edit(self, i):
        self.cell(i).locator(".cm-content").click()
        self.page.locator(".jp-Notebook.jp-mod-editMode").wait_for()

    def start(self, i):
        self.edit(i)
        self.page.keyboard.press("Control+Enter")

    def ran(self, i):
        expect(self.prompt(i)).to_have_text(re.compile(r"\[\d+\]:"), timeout=30000)

    def run(self, i, shows=None):
        self.start(i)
        self.ran(i)
        if shows:
            expect(self.output(i).first).to_contain_text(shows, timeout=20000)

    def interrupt(self):
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("i")
        self.page.keyboard.press("i")

    def see(self, name):
        self.page.screenshot(path=f"{keep}/workbench-{name}.png")


class Timer:
    """The time since it was made, in milliseconds."""

    def __init__(self):
        self.start = time.time()

    def __str__(self):
        return f"{self.ms():.0f} ms"

    def ms(self):
        return 1000 * (time.time() - self.start)


def completion_and_help(lab):
    page = lab.page
    lab.run(0)
    lab.edit(1)
    page.keyboard.type("experiment.Experiment{Met", delay=20)
    timer = Timer()
    page.keyboard.press("Tab")
    page.locator(".jp-Completer-item", has_text="Method").wait_for(timeout=20000)
    print("Tab after experiment.Experiment{Met offers Method:", timer)
    lab.see("completion")
    page.keyboard.press("Enter")
    expect(lab.cell(1).locator(".cm-content")).to_contain_text("experiment.Experiment{Method")

    lab.edit(2)
    page.keyboard.press("End")
    timer = Timer()
    page.keyboard.press("Shift+Tab")
    page.locator(".jp-Tooltip", has_text="c^(2L/(L−1))").wait_for(timeout=20000)
    print("Shift-Tab on theory.Scale shows its formula:", timer)
    lab.see("help")
    page.keyboard.press("Escape")


def errors(lab):
    lab.menu("Run", "Run All Cells")
    expect(lab.output(3)).to_contain_text("Metod", timeout=30000)
    lab.page.wait_for_timeout(500) # in which a cell below would run
    assert lab.output(1).inner_text().strip() == "before", lab.output(1).inner_text()
    for i in range(4):
        expect(lab.prompt(i)).to_have_text(f"[{i + 1}]:")
    for below in 4, 5, 6, 7:
        assert lab.output(below).count() == 0, lab.output(below).inner_text()
        assert lab.prompt(below).inner_text().strip() == "[ ]:"
    text = lab.output(3).inner_text()
    source, carets = text.splitlines()[-2:]
    assert source[carets.index("^"):].startswith("Metod: "), text
    lab.see("error")
    print("an error ends Run All:", text.splitlines()[0])
    lab.run(5, "after")
    lab.run(6, "index out of range (line 2, in at)")
    lab.see("panic")
    print("a panic:", lab.output(6).inner_text().splitlines()[0])


def matrix(lab):
    lab.run(7)
    cell = lab.cell(7).locator("table td", has_text="3.14159")
    cell.wait_for()
    colours = []
    for theme in "Light", "Dark":
        lab.menu("Settings", "Theme", "JupyterLab " + theme)
        lab.page.wait_for_selector(f"body[data-jp-theme-name='JupyterLab {theme}']", state="attached")
        lab.page.wait_for_timeout(500) # the theme fades in
        lab.see("matrix-" + theme.lower())
        colours.append(cell.evaluate("e => getComputedStyle(e).color"))
    assert colours[0] != colours[1], colours
    lab.menu("Settings", "Theme", "JupyterLab Light")
    print("a matrix is a table, with text in", " and ".join(colours))


def interrupt(lab):
    lab.run(0)
    lab.start(1)
    expect(lab.prompt(1)).to_have_text("[*]:")
    lab.page.wait_for_timeout(500)
    timer = Timer()
    lab.interrupt()
    lab.ran(1)
    assert timer.ms() < 5000
    print("an interrupt ends time.Sleep(time.Hour):", timer)
    expect(lab.output(1)).to_contain_text("interrupted: ")
    lab.see("interrupted")


def crash(lab):
    lab.run(2)
    timer = Timer()
    lab.run(3, "exit status 7")
    print("os.Exit(7) ends its cell:", timer)
    timer = Timer()
    lab.run(4, "fresh")
    print("the next cell answers:", timer)
    lab.run(5, "undefined: x")
    lab.see("crash")
    assert lab.page.locator(".jp-Dialog").count() == 0


# Notes when a key goes down, when what is under the controls changes, and which heights the
# output has meanwhile.
WATCH = """output => {
    const shown = () => { const i = output.querySelector('.widget-html img'); return i ? i.src : output.querySelector('.widget-html').innerText }
    const w = window.watched = {pressed: 0, changes: [], heights: []}
    let last = shown()
    window.addEventListener('keydown', () => { w.pressed = performance.now() }, {capture: true, once: true})
    new MutationObserver(() => { if (window.watched === w && shown() != last) { last = shown(); w.changes.push(performance.now() - w.pressed) } })
        .observe(output, {subtree: true, childList: true, attributes: true, characterData: true})
    const frame = () => {
        const h = output.getBoundingClientRect().height
        if (w.heights.at(-1) != h) w.heights.push(h)
        if (window.watched === w) requestAnimationFrame(frame)
    }
    frame()
}"""


def move(lab, i, *keys, pause=0):
    """Moves the slider of a cell by keys. Returns when the values under it changed, in
    milliseconds after the first key."""
    page = lab.page
    lab.cell(i).locator(".noUi-handle").first.focus()
    page.evaluate(WATCH, lab.output(i).first.element_handle())
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(pause)
    page.wait_for_function("watched.changes.length > 0", timeout=20000)
    settled = 0
    while settled < len(changes := page.evaluate("watched.changes")):
        settled = len(changes)
        page.wait_for_timeout(500)
    heights = page.evaluate("watched.heights")
    assert len(heights) == 1, f"the height of the output changes: {heights}"
    return changes


def slider(lab):
    page = lab.page
    lab.run(0)
    lab.run(1)
    picture = lab.cell(1).locator(".widget-html img")
    picture.wait_for(timeout=20000)
    lab.see("slider")

    def source():
        return picture.get_attribute("src")

    seen, took = [source()], []
    for _ in range(3):
        took += move(lab, 1, "ArrowRight")
        seen.append(source())
    assert len(took) == 3 and len(set(seen)) == 4
    assert max(took) < 3000
    print("a key on the slider changes the picture:", ", ".join(f"{t:.0f} ms" for t in took))
    changes = move(lab, 1, *["ArrowRight"] * 20, pause=30)
    last = source()
    assert last not in seen
    move(lab, 1, "ArrowRight")
    move(lab, 1, "ArrowLeft")
    assert source() == last, "after quick moves the picture is not that of the last one"
    lab.see("slider-moved")
    print(f"20 quick moves: {len(changes)} pictures, the last after {changes[-1]:.0f} ms")

    page.keyboard.press("Control+s")
    page.locator(".jp-mod-dirty").first.wait_for(state="detached")
    page.reload()
    lab.ready()
    picture.wait_for(timeout=20000)
    assert source() == last, "another picture after the reload"
    took = move(lab, 1, "ArrowRight")
    assert source() != last
    lab.see("slider-reloaded")
    print(f"the slider after a reload: {took[0]:.0f} ms")


def experiments(lab):
    page = lab.page
    lab.run(2, "at the first value")
    took = move(lab, 2, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", pause=1000)
    assert len(took) == 1 and took[0] < 20000, took
    expect(lab.output(2)).to_contain_text("measured at 9")
    print(f"a move stops the experiment of the move before: {took[0] - 3000:.0f} ms")
    lab.cell(2).locator(".noUi-handle").first.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(1000)
    timer = Timer()
    lab.interrupt()
    expect(lab.output(2)).not_to_contain_text("measured at 9", timeout=20000)
    print("an interrupt stops it:", timer, lab.cell(2).locator(".widget-html").all_inner_texts())
    lab.see("slider-interrupted")


def while_a_cell_runs(lab):
    lab.start(3)
    changes = move(lab, 1, "ArrowLeft", "ArrowLeft", pause=100)
    lab.ran(3)
    assert changes[0] > 1000, changes
    print(f"moves while a cell sleeps for 2 s: a picture after {changes[0]:.0f} ms")


def after_a_crash(lab):
    lab.run(4, "exit status 7")
    lab.cell(1).locator(".noUi-handle").focus()
    lab.page.keyboard.press("ArrowLeft")
    lab.cell(1).locator(".widget-label", has_text="run the cell again").wait_for(timeout=20000)
    lab.see("slider-crashed")
    lab.run(0)
    lab.run(1)
    assert len(move(lab, 1, "ArrowLeft")) == 1
    print("after a crash the slider says so, and works when its cell has run again")


def opened_later(lab):
    page = lab.page
    page.keyboard.press("Control+s")
    page.locator(".jp-mod-dirty").first.wait_for(state="detached")
    end_kernels()
    lab.open("workbench-slider")
    lab.cell(1).locator(".widget-html img").wait_for(timeout=20000)
    expect(lab.output(1)).to_contain_text("run the cell again")
    lab.see("slider-opened-later")
    print("a saved notebook shows the picture of its slider without the kernel that drew it")


NOTEBOOKS = [
    ([IMPORTS, "", "theory.Scale"], [completion_and_help]),
    ([IMPORTS, 'fmt.Println("before")', "x := 2\nx", "y := x + 1\ne := experiment.Experiment{Metod: experiment.Train}\ne", "y", 'fmt.Println("after")',
      "func at(v []float64, i int) float64 {\n\treturn v[i]\n}\nat([]float64{1, 2}, x)",
      "mat.NewDense(3, 3, []float64{1, 0.25, 0, math.Pi, 1e-9, 2, -3, 4.5, 1e12})"], [errors, matrix]),
    ([IMPORTS, "time.Sleep(time.Hour)", "x := 2", "os.Exit(7)", 'import "fmt"\nfmt.Println("fresh")', "x"], [interrupt, crash]),
    ([IMPORTS, SLIDER, SLOW, "time.Sleep(2 * time.Second)", "os.Exit(7)"], [slider, experiments, while_a_cell_runs, after_a_crash, opened_later]),
]

with sync_playwright() as p:
    chromium = p.chromium.launch(executable_path=browser, args=QUIET)
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    clean() # after an earlier run
    try:
        lab = Lab(page)
        for cells, checks in NOTEBOOKS:
            name = "workbench-" + checks[0].__name__
            make(name, cells)
            lab.open(name)
            for check in checks:
                check(lab)
    except BaseException:
        page.screenshot(path=f"{keep}/workbench-failed.png")
        raise
    finally:
        clean()
        chromium.close()
