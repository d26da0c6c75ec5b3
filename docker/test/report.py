# Opens a report in a browser without scripts and network: on a screen in light and dark
# mode, on a phone, and in print. Arguments: the report, which has the explorer beside it, the
# browser, the folder for screenshots.
import pathlib
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

report, browser, keep = sys.argv[1:]
url = pathlib.Path(report).resolve().as_uri()

with sync_playwright() as p:
    chromium = p.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
    for name, width, height, scheme in [("light", 1440, 900, "light"), ("dark", 1440, 900, "dark"), ("phone", 390, 844, "light")]:
        # Scripts of the page are disabled; those of this test still run.
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True, java_script_enabled=False)
        page = context.new_page()
        asked, complaints = [], []
        page.on("request", lambda r: asked.append(r.url) if not r.url.startswith("data:") else None)
        page.on("console", lambda m: complaints.append(m.text))
        page.goto(url)
        assert asked == [url], f"{name}: the page requests {asked[1:]}"
        assert not complaints, f"{name}: the browser complains: {complaints}"

        notebooks = page.locator("article:not(.manual)").count()
        assert notebooks >= 1 and page.locator(".board tbody tr").count() == notebooks, f"{name}: {notebooks} notebooks"
        math = page.locator("math")
        assert math.count() > 50 and all(box and box["height"] > 4 for box in (math.nth(i).bounding_box() for i in range(20))), f"{name}: mathematics is not typeset"
        broken = page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length")
        assert broken == 0, f"{name}: {broken} pictures are broken"
        assert page.evaluate("document.fonts.check('16px \"Report Math\"')"), f"{name}: the font of the formulas is missing"
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{name}: the page is {wide} wide on a screen of {width}"

        away = page.evaluate("[...document.querySelectorAll('.verdict tbody tr')].filter(r => { const b = r.cells[0].getBoundingClientRect(); return b.left < 0 || b.right > innerWidth }).length")
        assert away == 0 and page.locator(".verdict th").first.text_content() == "agrees", f"{name}: {away} rows do not show whether they agree"
        pictures = page.evaluate("""[...document.querySelectorAll('figure')].map(f => [...f.querySelectorAll('img, svg')].filter(i => i.getBoundingClientRect().height > 40).length)""")
        assert min(pictures) == 1 and (max(pictures) > 1) == (name == "phone"), f"{name}: the panels are not {'stacked' if name == 'phone' else 'one picture'}: {pictures}"
        assert page.locator("details[open]").count() == 0, f"{name}: code is unfolded"
        for link in page.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1))"):
            assert page.evaluate("id => !!document.getElementById(id)", link), f"{name}: a link leads to #{link}, which is not there"
        states = page.evaluate("[...document.querySelectorAll('figcaption a')].map(a => a.getAttribute('href'))")
        assert all(s.startswith("explore.html#gamma=") for s in states if not s.startswith("#") and "://" not in s), f"{name}: {states}"

        def colours(selector):
            return page.evaluate("""s => { const c = getComputedStyle(document.querySelector(s)), b = getComputedStyle(document.body);
                const l = t => { const v = t.match(/[0-9.]+/g).slice(0, 3).map(x => (x /= 255) <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4); return .2126 * v[0] + .7152 * v[1] + .0722 * v[2] };
                const a = [l(c.color), l(b.backgroundColor)].sort(); return (a[1] + .05) / (a[0] + .05) }""", selector)

        for part in ["body", "h2", ".text p", ".code summary", ".output", "a", ".yes"]:
            assert colours(part) > 4.5, f"{name}: {part} has a contrast of {colours(part):.1f}, less than 4.5"
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
        assert dark == (scheme == "dark"), f"{name}: the page is {'dark' if dark else 'light'}"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip", f"{name}: the first stop of the keyboard is no skip link"
        page.screenshot(path=f"{keep}/report-{name}.png")
        if name == "light":
            page.pdf(path=f"{keep}/report.pdf", format="A4", margin={"top": "15mm", "bottom": "15mm", "left": "15mm", "right": "15mm"})
        context.close()
        # axe is itself a script.
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True)
        page = context.new_page()
        page.goto(url)
        violations = [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in Axe().run(page).response["violations"]]
        assert not violations, f"{name}: {violations}"
        context.close()
    chromium.close()
print(f"{notebooks} notebooks, no request, no script; light, dark, phone and paper; axe finds nothing")
