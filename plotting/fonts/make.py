"""Makes the fonts of the figures: STIX Two as TrueType, with the characters of labels.

python -m venv v && v/bin/pip install fonttools==4.68.0 brotli==1.2.1 && v/bin/python plotting/fonts/make.py FOLDER

FOLDER is the folder of the module github.com/go-fonts/stix v0.2.2 (go mod download -json).
Our PDF writer embeds only TrueType outlines, and the source fonts have PostScript ones.
The script capitals, which Unicode encodes beyond its first plane, are at A to Z of a font
of their own, so that the PDF can embed them and copied text contains the letter.
"""

import pathlib
import sys

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable

TEXT = [range(0x20, 0x7F), range(0xA0, 0x180), range(0x370, 0x400), range(0x2010, 0x2050), range(0x2070, 0x20A0), range(0x2100, 0x2150), range(0x2190, 0x2200), range(0x2200, 0x2300)]
SYMBOLS = [range(0x2010, 0x2050), range(0x2190, 0x21A0), range(0x2200, 0x2270), range(0x22A0, 0x22D0)]
HOLES = dict(zip("BEFHILMR", "ℬℰℱℋℐℒℳℛ"))  # capitals outside the block of script letters


def make(source, characters, name, moved=None):
    font = TTFont(source, recalcTimestamp=False)
    cmap = font.getBestCmap()
    keep = [c for r in characters for c in r if c in cmap]
    options = Options(layout_features=[], hinting=False, notdef_outline=True, glyph_names=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    options.drop_tables += ["MATH", "GPOS", "GSUB", "GDEF", "BASE", "VORG", "DSIG", "kern"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=keep + list(moved or {}))
    subsetter.subset(font)
    names = font.getBestCmap()
    font["cmap"].tables = [t for t in font["cmap"].tables if t.isUnicode() and t.format == 4][:2]
    for table in font["cmap"].tables:
        for old, new in (moved or {}).items():
            table.cmap.pop(old, None)
            table.cmap[new] = names[old]

    order, glyphs, source_glyphs = font.getGlyphOrder(), {}, font.getGlyphSet()
    for g in order:
        pen = TTGlyphPen(None)
        source_glyphs[g].draw(Cu2QuPen(pen, max_err=0.5, reverse_direction=True))
        glyphs[g] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, glyphs
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    maxp.maxZones, maxp.maxTwilightPoints, maxp.maxStorage, maxp.maxFunctionDefs = 1, 0, 0, 0
    maxp.maxInstructionDefs, maxp.maxStackElements, maxp.maxSizeOfInstructions = 0, 0, 0
    maxp.maxComponentElements = maxp.maxComponentDepth = 0
    font["post"].formatType = 3
    font["post"].extraNames, font["post"].mapping = [], {}
    font.sfntVersion = "\x00\x01\x00\x00"
    del font["CFF "]
    out = pathlib.Path(__file__).with_name(name)
    font.save(out)
    print(out, out.stat().st_size, len(order))


folder = pathlib.Path(sys.argv[1])
make(folder / "stix2textregular/STIXTwoText-Regular.otf", TEXT, "regular.ttf")
make(folder / "stix2textitalic/STIXTwoText-Italic.otf", TEXT, "italic.ttf")
script = {ord(HOLES.get(c, chr(0x1D49C + i))): ord(c) for i, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
make(folder / "stix2mathregular/STIXTwoMath-Regular.otf", SYMBOLS, "script.ttf", script)


def make_math(source, out):
    """Makes the web font of the formulas of a report."""
    font = TTFont(source, recalcTimestamp=False)
    ranges = [range(0x20, 0x7F), range(0xA0, 0x100), range(0x370, 0x400), range(0x2000, 0x2070), range(0x20D0, 0x20F0), range(0x2100, 0x2150), range(0x2190, 0x2300), range(0x2308, 0x230C), range(0x23DC, 0x23E2), range(0x27E6, 0x2800), range(0x1D400, 0x1D5D4), range(0x1D6A4, 0x1D6A8), range(0x1D7CE, 0x1D800)]
    subsetter = Subsetter(Options(layout_features=["ssty", "dtls"], name_IDs=[0, 1, 2, 13, 14]))
    subsetter.populate(unicodes=[c for r in ranges for c in r])
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(out)
    print(out, out.stat().st_size)


root = pathlib.Path(__file__).parent.parent.parent
make_math(folder / "stix2mathregular/STIXTwoMath-Regular.otf", root / "pkg/report/math.woff2")
