# Runs inside the image: notebooks through the installed kernel, with nbclient, and their outputs
# against the committed ones. Arguments: the numbers of the notebooks; none for all.
import base64
import glob
import json
import math
import re
import sys
import time
import zlib

import nbformat
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

PROGRESS = "fate-progress-"
VIEW = "application/vnd.jupyter.widget-view+json"  # of sliders; committed is the picture


def numbers(picture):
    """The numbers in a PNG of fate, from its chunk zTXt fate.data."""
    png = base64.b64decode(picture)
    key = b"zTXtfate.data\0\0"
    i = png.find(key)
    assert i >= 0, "a figure without numbers"
    size = int.from_bytes(png[i - 4:i], "big")
    return json.loads(zlib.decompress(png[i + len(key):i + 4 + size]))


def shown(cell):
    """The outputs of a cell without pictures and progress lines. A slow cell sends its text
    in parts, which are one text."""
    out = []
    last = None
    for o in cell.outputs:
        name, last = last, o.get("name")
        if o.output_type == "stream" and name == o.name:
            out[-1] += o.text
        elif o.output_type == "stream":
            out.append(o.text)
        elif o.output_type == "error":
            out.append(o.evalue)
        elif any(o.data.values()) and list(o.data) != ["text/plain"] or o.data.get("text/plain", "").strip():
            out.append({k: numbers(v) if k == "image/png" else v for k, v in o.data.items() if k != VIEW})
    return out


NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def same(a, b):
    """Equal up to the rounding of another processor, as in `fate run --check`."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, str) and isinstance(b, str):
        return NUMBER.split(a) == NUMBER.split(b) and all(
            same(float(x), float(y)) for x, y in zip(NUMBER.findall(a), NUMBER.findall(b)))
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and math.isclose(a, b, rel_tol=2e-6, abs_tol=1e-12)
    return a == b


start = time.time()
manager, client = start_new_kernel(kernel_name="fate")
print(f"kernel_info after {time.time() - start:.2f} s")
assert time.time() - start < 1.5 + 1, "the kernel starts too slowly"
manager.shutdown_kernel(now=True)

failed = False
for path in sorted(glob.glob("/opt/fate/notebooks/*.ipynb")):
    if sys.argv[1:] and path.rsplit("/", 1)[1][:2] not in sys.argv[1:]:
        continue
    committed = nbformat.read(path, 4)
    now = nbformat.read(path, 4)
    start = time.time()
    NotebookClient(now, kernel_name="fate", timeout=300, resources={"metadata": {"path": "/opt/fate/notebooks"}}).execute()
    cells = 0
    for i, (a, b) in enumerate(zip(committed.cells, now.cells)):
        if a.cell_type != "code":
            continue
        if not same(shown(a), shown(b)):
            print(f"{path}: cell {i + 1} shows something else than is committed")
            failed = True
        cells += 1
    print(f"{path.rsplit('/', 1)[1]}: {cells} cells in {time.time() - start:.1f} s")
sys.exit(failed)
