# Runs notebook 04 as others run notebooks: with papermill, nbclient, nbconvert and
# jupyter console. It needs the kernel "fate" in a folder of JUPYTER_PATH. The argument is the
# program fate, which reads the figures.
import base64
import math
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pexpect
from nbclient import NotebookClient
from papermill import execute_notebook

fate = os.path.abspath(sys.argv[1])
tools = Path(sys.executable).parent
notebooks, name = Path("notebooks").absolute(), "04_linear_transfer.ipynb"
out = Path("out/runners").absolute()
out.mkdir(parents=True, exist_ok=True)


def run(*args):
    subprocess.run(args, check=True)


def cells(nb):
    """The code cells by their ids."""
    return {c.id: c for c in nb.cells if c.cell_type == "code"}


def check(nb, seed):
    """The verdict agrees, and the figure names its notebook and the seed."""
    verdict = cells(nb)["bfb3519d"].outputs[0].data["text/plain"]
    assert re.search(r"(\d+) of \1 rows agree", verdict), verdict
    picture = [o for o in cells(nb)["b24a13a9"].outputs if "image/png" in o.get("data", {})][0]
    (out / "figure.png").write_bytes(base64.b64decode(picture.data["image/png"]))
    shown = subprocess.run([fate, "figure", "show", out / "figure.png"], check=True, capture_output=True, text=True).stdout
    assert re.search(rf"^notebook +{name}$", shown, re.M), shown
    assert re.search(rf"^parameters .*\bseed = {seed}\b", shown, re.M), shown
    assert re.search(rf"^code +{code}$", shown, re.M), shown
    return verdict


def papermill():
    run(tools / "papermill", "--no-progress-bar", "--cwd", notebooks, "-k", "fate", "-p", "pace", "quick", "-p", "seed", "3",
        notebooks / name, out / "papermill.ipynb")
    nb = nbformat.read(out / "papermill.ipynb", 4)
    added = [c for c in nb.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert [c.source for c in added] == ['// Parameters\npace = "quick"\nseed = 3\n'], added
    assert check(nb, 3) != committed, "another seed gives the same numbers"
    run(fate, "figure", "rerun", "--notebooks", notebooks, out / "figure.png")

    # Values of every kind, to variables that keep their types.
    new = nbformat.v4
    nb = new.new_notebook(metadata={"kernelspec": {"name": "fate", "language": "go", "display_name": "fate"}}, cells=[
        new.new_code_cell('import "fmt"'),
        new.new_code_cell("""text := ""
loud := false
count := uint64(1)
size := 1.5
none := []int{1}
empty := []string{"a"}
list := []float64{1}
deep := [][]int{}
table := map[string]bool{}""", metadata={"tags": ["parameters"]}),
        new.new_code_cell('fmt.Printf("%q %v %T %v %T %v %v %v %v %v %v", text, loud, count, count, size, size, none, empty, list, deep, table)')])
    nbformat.write(nb, out / "kinds.ipynb")
    done = execute_notebook(out / "kinds.ipynb", out / "kinds.out.ipynb", progress_bar=False, parameters={
        "text": 'a "b" \\ \n σ 😀', "loud": True, "count": 2**64 - 1, "size": 2, "none": None, "empty": [],
        "list": [1, 2.5e-7], "deep": [[1], [2, 3]], "table": {"k": True}})
    want = r'"a \"b\" \\ \n σ 😀" true uint64 18446744073709551615 float64 2 [] [] [1 2.5e-07] [[1] [2 3]] map[k:true]'
    assert done.cells[-1].outputs[0].text == want, done.cells[-1].outputs
    for wrong in [math.inf, [1, "a"], [1, [2]]]:
        try:
            execute_notebook(out / "kinds.ipynb", None, parameters={"size": wrong})
        except ValueError:
            continue
        raise AssertionError(f"{wrong} became Go code")


def nbclient():
    nb = nbformat.read(notebooks / name, 4)
    NotebookClient(nb, kernel_name="fate", timeout=300, resources={"metadata": {"path": notebooks}}).execute()
    check(nb, 4)


def nbconvert():
    run(tools / "jupyter", "nbconvert", "--log-level", "WARN", "--to", "notebook", "--execute", "--output-dir", out, notebooks / name)
    check(nbformat.read(out / name, 4), 4)


def console():
    child = pexpect.spawn(str(tools / "jupyter"), ["console", "--kernel", "fate"], cwd=notebooks, encoding="utf-8",
                          dimensions=(200, 200), timeout=60, env=os.environ | {"TERM": "xterm"})
    with open(out / "console.txt", "w") as child.logfile_read:
        for number, cell in enumerate(cells(nbformat.read(notebooks / name, 4)).values(), 1):
            child.expect(rf"In \[.*?{number}.*?\]: ")
            child.send(f"\x1b[200~{cell.source}\x1b[201~\r")  # as a terminal pastes
        child.expect(rf"In \[.*?{number + 1}.*?\]: ")
        child.send("1 +\r")  # is not complete, so the console asks for more
        child.expect(r"\.\.\.: ")
        child.send("41\r")
        child.expect(r"Out\[.*?\]: .*?42")
        child.expect(rf"In \[.*?{number + 2}.*?\]: ")
        child.send("nothing\r")
        child.expect("undefined: nothing")
        child.send("\x04")
    shown = (out / "console.txt").read_text()
    assert re.search(r"(\d+) of \1 rows agree", shown), shown


os.chdir(out)
picture = next(o for o in cells(nbformat.read(notebooks / name, 4))["b24a13a9"].outputs if "image/png" in o.get("data", {}))
(out / "committed.png").write_bytes(base64.b64decode(picture.data["image/png"]))
code = re.search(r"^code +(\w+)", subprocess.run([fate, "figure", "show", out / "committed.png"],
                                                 check=True, capture_output=True, text=True).stdout, re.M)[1]
committed = cells(nbformat.read(notebooks / name, 4))["bfb3519d"].outputs[0].data["text/plain"]
for runner in papermill, nbclient, nbconvert, console:
    start = time.time()
    runner()
    print(f"{runner.__name__}: {time.time() - start:.1f} s")
