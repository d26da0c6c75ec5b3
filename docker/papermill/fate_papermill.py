"""Parameters of Go notebooks in papermill: `papermill -p seed 3 in.ipynb out.ipynb`."""
import json
import math
import re

from papermill.engines import NBClientEngine  # noqa: F401, the entry point of this package
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators


def go_type(values):
    """The Go type of the elements of a list or the values of a dict."""
    kinds = {type_of(v) for v in values} - {"nil"}
    if kinds == {"int", "float64"}:
        return "float64"
    if len(kinds) != 1:
        raise ValueError(f"{values}: the elements must be all numbers, all strings, all booleans, or all lists of one type")
    return kinds.pop()


def type_of(v):
    if isinstance(v, list):
        return "[]" + go_type(v) if v else "nil"
    if isinstance(v, dict):
        return "map[string]" + go_type(v.values()) if v else "nil"
    types = {bool: "bool", int: "int", float: "float64", type(None): "nil"}
    return types.get(type(v), "string")


class GoTranslator(Translator):
    @classmethod
    def translate_none(cls, val):
        return "nil"

    @classmethod
    def translate_escaped_str(cls, val):
        return json.dumps(str(val), ensure_ascii=False)  # a Go literal too

    @classmethod
    def translate_float(cls, val):
        if not math.isfinite(val):
            raise ValueError(f"{val}: a parameter in Go must be finite")
        return repr(val)

    @classmethod
    def translate_list(cls, val):
        # An empty list has no type of its own.
        return f"{type_of(val)}{{{', '.join(map(cls.translate, val))}}}" if val else "nil"

    @classmethod
    def translate_dict(cls, val):
        pairs = (f"{cls.translate(str(k))}: {cls.translate(v)}" for k, v in val.items())
        return f"{type_of(val)}{{{', '.join(pairs)}}}" if val else "nil"

    @classmethod
    def comment(cls, text):
        return f"// {text}"

    # The assignment is that of Translator, `seed = 3`, which keeps the type that the
    # parameters cell gives: `seed := 3` would be another variable, of type int.

    @classmethod
    def inspect(cls, cell):
        line = re.compile(r"^(\w+)\s*:=\s*(.*?)\s*(?://\s*(.*))?$", re.MULTILINE)
        return [Parameter(name, "None", value, about) for name, value, about in line.findall(cell["source"])]


papermill_translators.register("go", GoTranslator)
