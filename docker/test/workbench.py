# Works in JupyterLab as a person would, in notebooks that it makes: completes a field, asks
# for documentation, runs all cells with an error among them, interrupts a cell that sleeps,
# ends the process of the cells, and moves sliders with the keyboard, before and after a
# reload and while an experiment runs. Arguments: the link with the token, the browser, the
# folder for screenshots. Takes about a minute.
import json
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

# Each value takes about half a minute, unless the next one stops it.
SLOW = """widget.Interact(func(n int) interface{} {
	if n == 5 {
		return "at the first value"
	}
	trials := 2000000
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
    body = json.dumps(content).encode() if content else None
    request = urllib.request.Request(f"{server}/api/{path}", body, {"Authorization": f"token {token}"}, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or "null")


def end_kernels():
    for s in ask("GET", "sessions"):
        if s["path"].startswith("workbench-"):
            ask("DELETE", "sessions/" + s["id"])


def notebook(name, *cells):
    """Makes a notebook of code cells on the server."""
    content = {
        "cells": [{"cell_type": "code", "id": f"cell{i}", "source": c, "metadata": {}, "outputs": [], "execution_count": None}
                  for i, c in enumerate(cells)],
        "metadata": {"kernelspec": {"name": "fate", "display_name": "Go (fate)", "language": "go"}},
        "nbformat": 4, "nbformat_minor": 5,
    }
    ask("PUT", f"contents/{name}.ipynb", {"type": "notebook", "format": "json", "content": content})


class Lab:
    def __init__(self, page):
        self.page = page

    def open(self, name):
        self.page.goto(f"{server}/lab/workspaces/{name}/tree/{name}.ipynb?reset&token={token}")
        self.ready()

    def ready(self):
        self.page.locator(".jp-NotebookPanel .jp-CodeCell").first.wait_for(timeout=60000)
        self.page.locator(".jp-StatusBar-Widget, #jp-main-statusbar").get_by_text("Go (fate) | Idle").wait_for(timeout=60000)

    def cell(self, i):
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(i)

    def outputs(self, i):
        return self.cell(i).locator(".jp-OutputArea-output")

    def menu(self, name, item):
        self.page.locator(".lm-MenuBar-itemLabel", has_text=name).first.click()
        self.page.locator(".lm-Menu-itemLabel", has_text=item).first.click()

    def edit(self, i):
        self.cell(i).locator(".cm-content").click()
        self.page.locator(".jp-Notebook.jp-mod-editMode").wait_for()

    def start(self, i):
        self.edit(i)
        self.page.keyboard.press("Control+Enter")

    def run(self, i, timeout=30000):
        self.start(i)
        self.ran(i, timeout)

    def ran(self, i, timeout=30000):
        expect(self.cell(i).locator(".jp-InputPrompt").first).to_have_text(NUMBER, timeout=timeout)

    def see(self, name):
        self.page.screenshot(path=f"{keep}/workbench-{name}.png")


import re

NUMBER = re.compile(r"\[\d+\]:")

# Notes when a key goes down, when the picture or text under controls changes, and the
# heights that their area has meanwhile.
WATCH = """output => {
    const shown = () => { const i = output.querySelector('.widget-html img'); return i ? i.src : output.querySelector('.widget-html').innerText }
    const w = window.watched = {pressed: 0, changes: [], heights: new Set(), top: output.scrollTop}
    let last = shown()
    window.addEventListener('keydown', () => { w.pressed = performance.now() }, {capture: true, once: true})
    new MutationObserver(() => { if (shown() != last) { last = shown(); w.changes.push(performance.now()) } })
        .observe(output, {subtree: true, childList: true, attributes: true, characterData: true})
    const frame = () => { w.heights.add(output.getBoundingClientRect().height); if (window.watched === w) requestAnimationFrame(frame) }
    frame()
}"""


def completion_and_help(lab):
    page = lab.page
    lab.run(0)
    lab.edit(1)
    page.keyboard.type("experiment.Experiment{Met", delay=20)
    pressed = time.time()
    page.keyboard.press("Tab")
    page.wait_for_function("""[...document.querySelectorAll('.jp-Completer-item')].some(e => e.innerText.includes('Method'))
        || document.querySelector('.jp-Cell.jp-mod-active .cm-content').innerText.includes('Method')""", timeout=20000)
    took = time.time() - pressed
    lab.see("completion")
    if page.locator(".jp-Completer-item").count():
        page.keyboard.press("Enter")
    expect(lab.cell(1).locator(".cm-content")).to_contain_text("experiment.Experiment{Method")
    print(f"completion: Met + Tab gives Method after {took*1000:.0f} ms")

    lab.edit(2)
    page.keyboard.press("End")
    pressed = time.time()
    page.keyboard.press("Shift+Tab")
    tip = page.locator(".jp-Tooltip", has_text="c^(2L/(L−1))")
    tip.wait_for(timeout=20000)
    print(f"help: the formula of theory.Scale after {(time.time()-pressed)*1000:.0f} ms")
    lab.see("help")
    page.keyboard.press("Escape")


def errors(lab):
    page = lab.page
    lab.menu("Run", "Run All Cells")
    lab.cell(3).locator(".jp-OutputArea-output", has_text="Metod").wait_for(timeout=30000)
    page.wait_for_timeout(1000) # in which a cell below would run
    assert lab.outputs(1).inner_text().strip() == "before", lab.outputs(1).inner_text()
    lab.ran(2)
    for below in 4, 5:
        assert lab.outputs(below).count() == 0, lab.outputs(below).inner_text()
        assert lab.cell(below).locator(".jp-InputPrompt").first.inner_text().strip() == "[ ]:"
    text = lab.outputs(3).inner_text()
    lab.see("error")
    print("Run All stops at the error:\n" + text)
    lab.run(5) # the kernel is usable
    lab.outputs(5).filter(has_text="after").wait_for()
    lab.run(6)
    text = lab.outputs(6).inner_text()
    assert "index out of range" in text and "line 2, in at" in text, text
    lab.see("panic")
    print("a panic:\n" + text)


def matrix(lab):
    page = lab.page
    lab.run(7)
    lab.cell(7).locator("table").wait_for()
    lab.cell(7).scroll_into_view_if_needed()
    lab.see("matrix-light")
    page.evaluate("document.querySelector('.jp-Notebook').scrollTop")
    page.locator(".lm-MenuBar-itemLabel", has_text="Settings").first.click()
    page.locator(".lm-Menu-itemLabel", has_text="Theme").first.hover()
    page.locator(".lm-Menu-itemLabel", has_text="JupyterLab Dark").first.click()
    page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    page.wait_for_timeout(1000)
    lab.see("matrix-dark")
    page.locator(".lm-MenuBar-itemLabel", has_text="Settings").first.click()
    page.locator(".lm-Menu-itemLabel", has_text="Theme").first.hover()
    page.locator(".lm-Menu-itemLabel", has_text="JupyterLab Light").first.click()
    page.wait_for_selector("body[data-jp-theme-light=true]", state="attached")


def interrupt(lab):
    page = lab.page
    lab.run(0)
    lab.start(1)
    expect(lab.cell(1).locator(".jp-InputPrompt").first).to_have_text("[*]:")
    page.wait_for_timeout(1000)
    pressed = time.time()
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    page.keyboard.press("i")
    lab.ran(1)
    took = time.time() - pressed
    lab.outputs(1).filter(has_text="interrupt").first.wait_for()
    lab.see("interrupted")
    print(f"interrupt: time.Sleep(time.Hour) ends after {took*1000:.0f} ms: {lab.outputs(1).inner_text()!r}")
    assert took < 5


def crash(lab):
    page = lab.page
    lab.run(2)
    pressed = time.time()
    lab.run(3)
    lab.outputs(3).first.wait_for()
    print(f"os.Exit(7) after {(time.time()-pressed)*1000:.0f} ms: {lab.outputs(3).all_inner_texts()}")
    assert "7" in lab.outputs(3).first.inner_text()
    pressed = time.time()
    lab.run(4)
    lab.outputs(4).filter(has_text="fresh").wait_for()
    print(f"the next cell answers after {(time.time()-pressed)*1000:.0f} ms")
    lab.run(5)
    print("the variables of before:", lab.outputs(5).inner_text())
    lab.see("crashed")
    assert page.locator(".jp-Dialog").count() == 0


def press(lab, i, key="ArrowRight"):
    """Moves the slider of a cell by a key, and returns the times until what is under it
    changes and until nothing has changed for a second, in milliseconds."""
    page = lab.page
    output = lab.cell(i).locator(".jp-OutputArea-output").first.element_handle()
    lab.cell(i).locator(".noUi-handle").first.focus()
    page.evaluate(WATCH, output)
    page.keyboard.press(key)
    page.wait_for_function("watched.changes.length > 0", timeout=20000)
    w = page.evaluate("({pressed: watched.pressed, changes: watched.changes, heights: [...watched.heights]})")
    assert len(w["heights"]) == 1, f"the height of the output changes: {w['heights']}"
    return w["changes"][0] - w["pressed"]


def slider(lab):
    page = lab.page
    lab.run(0)
    lab.run(1)
    picture = lab.cell(1).locator(".widget-html img")
    picture.wait_for(timeout=20000)
    lab.see("slider")
    seen, took = [picture.get_attribute("src")], []
    for _ in range(5):
        took.append(press(lab, 1))
        seen.append(picture.get_attribute("src"))
        page.wait_for_timeout(200)
    assert len(set(seen)) == 6
    print("slider: key press to picture", [f"{t:.0f}" for t in took], "ms", lab.cell(1).locator(".widget-readout").inner_text())
    lab.see("slider-moved")
    page.keyboard.press("Control+s")
    page.wait_for_timeout(500)
    page.reload()
    lab.ready()
    picture.wait_for(timeout=20000)
    assert picture.get_attribute("src") == seen[-1], "another picture after the reload"
    took = press(lab, 1)
    assert picture.get_attribute("src") not in seen
    lab.see("slider-reloaded")
    print(f"slider after a reload: {took:.0f} ms")


def slow(lab):
    page = lab.page
    lab.run(2)
    below = lab.cell(2).locator(".widget-html").first
    expect(below).to_contain_text("at the first value")
    lab.cell(2).locator(".noUi-handle").first.focus()
    started = time.time()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(500)
    lab.see("slow")
    pressed = time.time()
    page.keyboard.press("ArrowRight")
    expect(below).to_contain_text("measured at 9", timeout=60000)
    lab.see("slow-moved")
    print(f"the move that stops an experiment: {(time.time()-pressed)*1000:.0f} ms: {below.inner_text()!r}")


STEPS = [
    (completion_and_help, [IMPORTS, "", "theory.Scale"]),
    (errors, [IMPORTS, 'fmt.Println("before")', "x := 2\nx", "y := x + 1\ne := experiment.Experiment{Metod: experiment.Train}\ne", "y", 'fmt.Println("after")',
              "func at(v []float64, i int) float64 {\n\treturn v[i]\n}\nat([]float64{1, 2}, x)",
              "mat.NewDense(3, 3, []float64{1, 0.25, 0, math.Pi, 1e-9, 2, -3, 4.5, 1e12})"]),
    (matrix, None),
    (interrupt, [IMPORTS, "time.Sleep(time.Hour)", "x := 2", "os.Exit(7)", 'import "fmt"\nfmt.Println("fresh")', "x"]),
    (crash, None),
    (slider, [IMPORTS, SLIDER, SLOW]),
    (slow, None),
]

if __name__ == "__main__":
    with sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=browser, args=QUIET)
        page = chromium.new_page(viewport={"width": 1300, "height": 1000})
        lab = Lab(page)
        end_kernels() # of an earlier run
        try:
            for step, cells in STEPS:
                if cells:
                    name = "workbench-" + step.__name__
                    notebook(name, *cells)
                    lab.open(name)
                step(lab)
        except BaseException:
            lab.see("failed")
            raise
        finally:
            end_kernels()
            chromium.close()
