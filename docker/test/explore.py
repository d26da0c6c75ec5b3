# Uses the explorer as a person would: drags the point, presses keys, chooses presets, follows
# links and saves figures; on a screen in light and dark mode, and on a phone. Its numbers are
# those of fate predict. Arguments: the page, the browser, fate, the folder for screenshots.
import json
import math
import pathlib
import re
import subprocess
import sys
import time

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

file, browser, fate, keep = sys.argv[1:]
url = pathlib.Path(file).resolve().as_uri()
# Without these flags Chromium contacts Google's hosts.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


def until(page, condition, arg=None):
    """Waits for a condition; wait_for_function would need eval, which the page forbids."""
    for _ in range(600):
        if page.evaluate(condition, arg):
            return
        time.sleep(0.1)
    raise AssertionError(f"never true: {condition}")


def settled(page):
    until(page, "() => results.live && results.live.fine && key(results.live.s) === key(s) && !tween && (s.k > 1 || results.exact && results.exact.key === key(s)) && !frame")


def predict(state, *flags):
    n = max(1, int(state["gamma"] * state["d"] + 0.5))
    out = subprocess.run([fate, "predict", "--json", "--n", str(n), "--d", str(state["d"]), "--theta", repr(state["theta"]), "--sigma", repr(state["sigma"]),
                          "--depth", str(state["depth"]), "--lambda", repr(state["lambda"]), *flags], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def same(where, page, ours):
    if isinstance(ours, dict):
        assert set(page) == set(ours), f"{where}: {set(page) ^ set(ours)}"
        for k in ours:
            same(f"{where}.{k}", page[k], ours[k])
    elif isinstance(ours, list):
        assert len(page) == len(ours), f"{where}: {page}, want {ours}"
        for a, b in zip(page, ours):
            same(where, a, b)
    elif ours is None:
        assert page is None or not math.isfinite(page), f"{where}: {page}, want none"
    else:
        assert abs(page - ours) <= 1e-12 * max(1, abs(ours)), f"{where}: {page}, want {ours}"


def state(page):
    return page.evaluate("() => s")


def moved(page, act, *keys):
    """Does something, and returns the state after it, in which only these keys differ."""
    before = state(page)
    act()
    until(page, "k => key(s) !== k", page.evaluate("s => key(s)", before))
    settled(page)
    after = state(page)
    assert {k for k in after if after[k] != before[k]} == set(keys), f"{before} became {after}, want a change of {keys}"
    return after


def save(page, panel, kind, folder):
    with page.expect_download() as download:
        page.locator(f"#{panel} .tools button", has_text=kind).click()
    path = f"{folder}/{panel}.{kind.lower()}"
    download.value.save_as(path)
    return path


with sync_playwright() as p:
    chromium = p.chromium.launch(executable_path=browser, args=QUIET)
    for name, width, height, scheme, phone in [("light", 1440, 900, "light", False), ("dark", 1440, 900, "dark", False), ("phone", 390, 844, "light", True)]:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True, has_touch=phone, is_mobile=phone,
                                       reduced_motion="reduce" if phone else "no-preference", accept_downloads=True)
        page = context.new_page()
        asked, complaints = [], []
        page.on("request", lambda r: asked.append(r.url))
        page.on("console", lambda m: complaints.append(m.text))
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto(url)
        settled(page)
        first = int(page.evaluate("() => document.documentElement.dataset.first"))
        others = [a for a in asked if a != url and not a.startswith("blob:")]
        assert not others, f"{name}: the page requests {others}"

        # The numbers, at the peak and beyond it too.
        for change in [{}, {"gamma": 1}, {"gamma": 1.6, "theta": 120}, {"depth": 5, "sigma": 0.7, "lambda": 0.3}][:1 if name != "light" else 4]:
            page.evaluate("c => set({...INITIAL, ...c})", change)
            settled(page)
            got = page.evaluate("() => [results.live.limits, results.exact.mean]")
            same(f"{change} limit", got[0], predict(state(page), "--limit"))
            same(f"{change} mean", got[1], predict(state(page), "--draws", "16384"))
        page.evaluate("() => set(INITIAL)")
        settled(page)

        # The point, with a mouse, a finger and keys.
        handle = page.locator("#linear .handle")
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        if phone:
            cdp = context.new_cdp_session(page)

            def drag():
                for kind, dx in [("touchStart", 0), ("touchMove", 15), ("touchMove", 30), ("touchEnd", None)]:
                    cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [] if dx is None else [{"x": x + dx, "y": y - dx}]})
        else:
            def drag():
                page.mouse.move(x, y)
                page.mouse.down()
                for i in range(1, 7):
                    page.mouse.move(x + 10 * i, y - 10 * i)
                page.mouse.up()
        after = moved(page, drag, "theta", "gamma")
        assert after["theta"] > 45 and after["gamma"] > 0.5, f"{name}: dragged to {after}"
        other = page.locator("#finetune .handle").get_attribute("aria-valuetext")
        assert other == handle.get_attribute("aria-valuetext"), f"{name}: the points differ: {other}"
        handle.focus()
        t = after["theta"]
        assert moved(page, lambda: page.keyboard.press("ArrowRight"), "theta")["theta"] == t + 1
        moved(page, lambda: page.keyboard.press("ArrowDown"), "gamma")
        page.locator("#c-sigma").focus()
        assert abs(moved(page, lambda: page.keyboard.press("ArrowRight"), "sigma")["sigma"] - 0.21) < 1e-12

        # Presets, and the state in the address.
        presets = page.locator("#presets button")
        assert presets.count() >= 10
        for i in range(presets.count()) if name == "light" else [3]:
            button = presets.nth(i)
            want = page.evaluate("i => ({...INITIAL, ...PRESETS[i].state})", i)
            button.click()
            settled(page)
            assert state(page) == want and button.get_attribute("aria-pressed") == "true", f"{name}: {button.inner_text()} is {state(page)}"
            assert len(page.locator("#sentence").inner_text()) > 40
            message = page.locator("#message")
            assert "bad" not in (message.get_attribute("class") or ""), message.inner_text()
        until(page, "() => location.hash === fragment()")
        link, there = page.url, state(page)
        page.goto("about:blank")
        page.goto(link)
        settled(page)
        assert state(page) == there, f"{name}: {link} opens {state(page)}"
        page.evaluate("() => { location.hash = '#theta=60&sigma=0.5&baseline=tuned' }")
        until(page, "() => s.theta === 60 && s.sigma === .5 && s.baseline === 'tuned' && s.depth === 2")
        settled(page)
        page.locator("#n-sigma").fill("-1")
        page.keyboard.press("Enter")
        until(page, "() => document.querySelector('#message').textContent.includes('Sigma = -1')")
        page.evaluate("() => set(INITIAL)")
        settled(page)

        # Exports carry the recipe and the numbers: fate reads them.
        if name == "light":
            for panel in ["linear", "finetune", "risks", "gain", "scale", "breakeven", "distances"]:
                for kind in ["SVG", "PNG"]:
                    path = png = save(page, panel, kind, keep)
                    shown = subprocess.run([fate, "figure", "show", path], capture_output=True, text=True)
                    assert shown.returncode == 0 and "theta" in shown.stdout, f"{path}: {shown.stdout}{shown.stderr}"
                rows = pathlib.Path(save(page, panel, "CSV", keep)).read_text().splitlines()
                assert json.loads(rows[0][2:])["parameters"]["theta"] == "45", rows[0]
                data = subprocess.run([fate, "figure", "show", "--data", png], capture_output=True, text=True, check=True).stdout.splitlines()
                assert data == rows[1:], f"{panel}: the CSV is not that of fate figure show --data"

        # The cell and the command are there to copy.
        cell = page.locator("#cell").inner_text()
        assert "theory.Setting{N: 250, D: 500, Theta: 45 * math.Pi / 180, Sigma: 0.2, Depth: 2}" in cell, cell
        if name == "light":  # the cell gives the numbers shown, in both interpreters
            shown = page.locator("#rows").inner_text() + page.locator("#facts").inner_text()
            # An estimate has the digits that its standard error leaves.
            digits = {y: len(y.split(".")[1]) for y in re.findall(r"\d+\.\d+", shown)}
            book = {"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            pathlib.Path(f"{keep}/explore.ipynb").write_text(json.dumps(book))
            for engine in ["gomacro", "yaegi"]:
                subprocess.run([fate, "run", "--engine", engine, "--out", f"{keep}/explore-cell", f"{keep}/explore.ipynb"], check=True, capture_output=True)
                ran = json.loads(pathlib.Path(f"{keep}/explore-cell/explore.ipynb").read_text())
                text = "".join(t for o in ran["cells"][0]["outputs"] for t in o["text"])
                numbers = re.findall(r"\d+\.\d+", text)
                missing = [x for x in numbers if not any(f"{float(x):.{n}f}" == y for y, n in digits.items())]
                assert len(numbers) == 8 and not missing, f"{engine}: the cell prints {text}, the page shows {shown}"

        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= width, f"{name}: the page is {wide} wide on a screen of {width}"
        dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
        assert dark == (scheme == "dark"), f"{name}: the page is {'dark' if dark else 'light'}"
        found = Axe().run(page).response["violations"]
        assert not found, f"{name}: " + "; ".join(f"{v['id']} at {v['nodes'][0]['target']}" for v in found)
        assert not complaints, f"{name}: the browser complains: {complaints}"
        page.evaluate("() => scrollTo(0, 0)")
        page.screenshot(path=f"{keep}/explore-{name}.png", full_page=True)
        print(f"{name}: first picture after {first} ms")
        context.close()
    chromium.close()
