# Drives a notebook in JupyterLab as a person would: run all, see the figure,
# interrupt a long experiment, find the kernel alive. Arguments: the link, the
# browser, the folder for screenshots.
import base64
import json
import sys

from playwright.sync_api import sync_playwright

link, browser, keep = sys.argv[1:]

# Without these flags Chromium contacts Google's hosts.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]

LONG = """long := experiment.Experiment{
Grid: experiment.Grid{D: 100, Gamma: []float64{0.5}, Sigma: []float64{0.5}},
Method: experiment.Train, Trials: 100000,
}.Run()
long"""


def recipe(picture):
    """The recipe in a PNG, its chunk tEXt fate.recipe."""
    png = base64.b64decode(picture)
    key = b"tEXtfate.recipe\0"
    i = png.index(key)
    return json.loads(png[i + len(key):i + 4 + int.from_bytes(png[i - 4:i], "big")])


def add_cell(page, code):
    """Adds a cell at the end by a click on the footer, and types into it."""
    page.locator(".jp-Notebook-footer").last.click()
    page.locator(".jp-Cell.jp-mod-active .cm-content").click()
    page.locator(".jp-Notebook.jp-mod-editMode").wait_for()
    page.keyboard.insert_text(code)


def run_cell(page, code):
    add_cell(page, code)
    page.keyboard.press("Control+Enter")


with sync_playwright() as p:
    chromium = p.chromium.launch(executable_path=browser, args=QUIET)
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    page.goto(link)
    page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=60000)
    page.wait_for_selector("text=Go (fate)", timeout=60000)
    page.screenshot(path=f"{keep}/1-opened.png")
    print("opened:", page.title())

    # Go is highlighted.
    page.wait_for_selector(".jp-CodeCell .cm-content span[class]", timeout=30000)

    page.locator(".lm-MenuBar-itemLabel", has_text="Kernel").first.click()
    page.locator(".lm-Menu-itemLabel", has_text="Restart Kernel and Clear Outputs").first.click()
    page.locator(".jp-Dialog button.jp-mod-accept").click()
    page.wait_for_function("document.querySelectorAll('.jp-CodeCell .jp-OutputArea-output').length == 0")
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
    page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
    figure = page.locator(".jp-RenderedImage img").first
    figure.wait_for(timeout=120000)
    page.locator(".jp-RenderedHTMLCommon table", has_text="agrees").first.wait_for(timeout=120000)
    figure.scroll_into_view_if_needed()
    page.screenshot(path=f"{keep}/2-figure.png")
    print("figure:", figure.bounding_box()["width"], "px wide")

    # A figure saved from JupyterLab carries the same recipe as the committed one.
    shown = recipe(figure.get_attribute("src").split(",", 1)[1])
    outputs = [o for c in json.load(open("notebooks/00_start_here.ipynb"))["cells"] for o in c.get("outputs", [])]
    known = recipe(next(o["data"]["image/png"] for o in outputs if "image/png" in o.get("data", {})))
    for key in ["notebook", "cell", "figure", "code", "parameters", "tiers", "seeds", "data"]:
        assert shown.get(key) == known[key], f"{key} of the recipe is {shown.get(key)}, committed {known[key]}"
    print("recipe:", shown["notebook"], "cell", shown["cell"])

    run_cell(page, LONG)
    progress = page.locator("text=/\\d+ %  \\d+ of 100000 trials/")
    progress.first.wait_for(timeout=60000)
    page.screenshot(path=f"{keep}/3-running.png")
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    page.keyboard.press("i")
    page.locator("text=/interrupted: \\d+ of 100000 trials/").first.wait_for(timeout=20000)
    page.screenshot(path=f"{keep}/4-interrupted.png")
    print("interrupted")

    run_cell(page, "lab.D*1000 + 1")
    page.locator(".jp-OutputArea-output pre", has_text="60001").first.wait_for(timeout=20000)
    page.screenshot(path=f"{keep}/5-alive.png")
    print("the kernel is alive and has its variables")

    # Completion of our packages on Tab, the signature on Shift-Tab.
    add_cell(page, "")
    page.keyboard.type("theory.Sc", delay=30)
    page.keyboard.press("Tab")
    page.wait_for_timeout(1500)
    page.screenshot(path=f"{keep}/6-completion.png")
    page.locator(".jp-Completer-item", has_text="Scratch").first.wait_for(timeout=20000)
    page.screenshot(path=f"{keep}/6-completion.png")
    page.locator(".jp-Completer-item", has_text="Scale").first.click()
    page.keyboard.type("(")
    page.keyboard.press("Shift+Tab")
    page.locator(".jp-Tooltip", has_text="c^(2L/(L−1))").first.wait_for(timeout=20000)
    page.screenshot(path=f"{keep}/7-help.png")
    print("completion and help")
    chromium.close()
