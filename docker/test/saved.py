# Saves work in JupyterLab as a person would, and finds it again. Arguments: change or find, the
# link, the browser, the folder for screenshots.
import sys

from playwright.sync_api import sync_playwright

do, link, browser, keep = sys.argv[1:]

# Without these flags Chromium contacts Google's hosts.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]

with sync_playwright() as p:
    chromium = p.chromium.launch(executable_path=browser, args=QUIET)
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    page.goto(link + "&reset")  # the notebook of the link alone
    book = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    book.locator(".jp-CodeCell").first.wait_for(timeout=60000)
    book.locator(".jp-KernelName", has_text="Go (fate)").wait_for(timeout=60000)
    if do == "change":
        book.locator(".jp-Notebook-footer").last.click()
        book.locator(".jp-Cell.jp-mod-active .cm-content").click()
        page.keyboard.insert_text('kept := "kept" + "by me"\nkept')
        page.keyboard.press("Control+Enter")
        book.locator(".jp-OutputArea-output pre", has_text="keptby me").first.wait_for(timeout=60000)
        with page.expect_response(lambda r: r.request.method == "PUT" and "/api/contents/" in r.url and r.ok, timeout=30000):
            page.keyboard.press("Control+s")
    else:
        found = book.locator(".jp-OutputArea-output pre", has_text="keptby me").first
        found.wait_for(timeout=30000)
        found.scroll_into_view_if_needed()
    page.screenshot(path=f"{keep}/saved-{do}.png")
    print({"change": "a cell was added, run and saved", "find": "the cell and its output are there"}[do])
    chromium.close()
