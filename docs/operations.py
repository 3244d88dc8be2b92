"""The tables of `models.md` and `onnx.md`, made from the code: which ops run, on what, and which are refused.

``python docs/operations.py`` writes the tables anew, and a test checks that this would change nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from xdsl.irdl import IRDLOperation, OperandDef, ResultDef

from tfrt.compiler.importers.onnx.registry import translators
from tfrt.compiler.passes.lower_tf import lowered_names
from tfrt.dialects import get_dialects
from tfrt.dialects.shared.tensor_types import TensorOf
from tfrt.dialects.stablehlo import unsupported
from tfrt.executor.declarations.finding import modules_of
from tfrt.executor.declarations.op_registry import CPU_OPS

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "docs" / "models.md", ROOT / "docs" / "onnx.md")
DIALECTS = ("stablehlo", "chlo")
OPEN_DIALECTS = ("tf", "onnx")
"""Dialects whose ops are whatever kernels there are, and what other ops are made of them."""
_IMPORTERS = {"onnx": "compiler/importers"}

_TABLE = re.compile(r"(<!-- table: (?P<name>[\w ]+) -->\n).*?(?=<!-- end of table -->)", re.DOTALL)
_KINDS = {"boolean": "i1", "integer": "integers", "float": "floats", "complex": "complex", "index": "index"}


def renewed(text: str) -> str:
    """The text of the page with its tables as the code is."""
    tables = {
        "operations": _operations,
        "custom calls": _custom_calls,
        "refused operations": _refused,
        "operations of tf": lambda: _of_kernels("tf"),
        "operations of onnx": lambda: _of_kernels("onnx"),
    }
    return _TABLE.sub(lambda match: match[1] + "\n" + "\n".join(tables[match["name"]]()) + "\n\n", text)


def definitions() -> Iterator[type[IRDLOperation]]:
    """The ops that may be in a text, in the order of the alphabet; what ends regions is not counted."""
    for dialect in DIALECTS:
        ops = [op for op in get_dialects()[dialect]().operations if issubclass(op, IRDLOperation)]
        yield from sorted((op for op in ops if not op.name.endswith(".return")), key=lambda op: op.name)


def names_of(dialect: str) -> list[str]:
    """The ops of a dialect that is open, in the order of the alphabet."""
    for module in modules_of(dialect):
        __import__(module)
    others = lowered_names() if dialect == "tf" else {f"onnx.{name}" for name in translators()}
    return sorted({name for name in CPU_OPS.names() if name.startswith(f"{dialect}.")} | others)


def runs_in(name: str) -> str | None:
    """The file that says what an op computes: of a kernel, or of the pass that makes something else of it."""
    entry = CPU_OPS.get(name)
    if entry is not None:
        # Ops of a table are made by functions of other modules, too.
        dialect, _, short = name.partition(".")
        own = sorted((ROOT / "kernels" / dialect).glob("*.py"))
        declared = [path for path in own if f'"{name}"' in _text(path)]
        if not declared and dialect in OPEN_DIALECTS:
            declared = [path for path in own if f'"{short}"' in _text(path)]
        return str(declared[0].relative_to(ROOT)) if declared else _file_of(entry.dispatch.__module__)
    if name in lowered_names():
        return "compiler/passes/lower_tf.py"
    if name.startswith("onnx."):
        return _file_of(translators()[name.partition(".")[2]].__module__)
    # Passes that know more of an op than what it computes are not what runs it.
    for path in (ROOT / "compiler/passes/lower_stablehlo.py", *sorted((ROOT / "compiler/passes").rglob("*.py"))):
        if f'"{name}"' in _text(path):
            return str(path.relative_to(ROOT))
    return None


def tested_in(name: str) -> str | None:
    """The test that runs an op: the one of its kernel's file, or else where it is mentioned most often."""
    dialect, _, short = name.partition(".")
    kernel = Path(runs_in(name) or "").stem
    own = (ROOT / "tests" / "kernels" / dialect, ROOT / "tests" / _IMPORTERS.get(dialect, dialect))
    mentions = Counter(dict(_mentions().get(name, ())))
    mentions.update({path: times for path, times in _mentions().get(f'"{short}"', ()) if path.parent in own})
    found = [
        (path.stem != f"test_{kernel}", path.parent not in own, -times, str(path.relative_to(ROOT)))
        for path, times in mentions.items()
    ]
    return min(found)[-1] if found else None


def is_refused(op: type[IRDLOperation]) -> bool:
    """Whether an op is only read to be refused."""
    return op.__module__ == unsupported.__name__


@cache
def _mentions() -> dict[str, list[tuple[Path, int]]]:
    """For each word of `_words`, the tests that have it, and how often."""
    found: dict[str, list[tuple[Path, int]]] = {}
    for path in _tests():
        for word, times in _words(path).items():
            found.setdefault(word, []).append((path, times))
    return found


def _tests() -> list[Path]:
    """Files of tests, but for those that only read texts."""
    paths = [path for path in (ROOT / "tests").rglob("*") if path.suffix in (".py", ".mlir")]
    readers = (ROOT / "tests" / "dialects", ROOT / "tests" / "docs")
    return sorted(path for path in paths if not any(folder in path.parents for folder in readers))


@cache
def _words(path: Path) -> Counter[str]:
    """How often a file has each name of an op, also as ``chlo.broadcast_{op}`` where `op` is a word in quotes, and each
    word in quotes."""
    text, names = _text(path), rf"\b(?:{'|'.join((*DIALECTS, *OPEN_DIALECTS))})\.\w*"
    quoted = re.findall(r'"\w+"', text)
    completed = [f"{start}{word[1:-1]}" for start in re.findall(rf"({names})\{{", text) for word in quoted]
    return Counter(re.findall(names, text) + quoted + completed)


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _file_of(module: str) -> str:
    return module.removeprefix("tfrt.").replace(".", "/") + ".py"


def _operations() -> Iterator[str]:
    yield from _header("op", "elements", "runs in", "tested in")
    for op in definitions():
        if not is_refused(op):
            yield _row(f"`{op.name}`", _elements(op), _named(runs_in(op.name)), _named(tested_in(op.name)))


def _of_kernels(dialect: str) -> Iterator[str]:
    yield from _header("op", "runs in", "tested in")
    for name in names_of(dialect):
        yield _row(f"`{name}`", _named(runs_in(name)), _named(tested_in(name)))


def _refused() -> Iterator[str]:
    yield from _header("op", "why")
    reasons: dict[str, list[str]] = {}
    for op in definitions():
        if is_refused(op):
            reasons.setdefault(op.REASON, []).append(op.name)  # type: ignore[attr-defined]
    for reason, names in reasons.items():
        yield _row(", ".join(f"`{name}`" for name in names), reason)


def _custom_calls() -> Iterator[str]:
    yield from _header("target", "runs in")
    for module in modules_of("custom_call"):
        __import__(module)
    targets = sorted(name for name in CPU_OPS.names() if name.startswith("custom_call."))
    files: dict[str, list[str]] = {}
    for name in targets:
        entry = CPU_OPS.get(name)
        assert entry is not None
        if entry.dispatch.__module__.startswith("tfrt.kernels."):
            files.setdefault(_file_of(entry.dispatch.__module__), []).append(name.partition(".")[2])
    for file, names in files.items():
        yield _row(", ".join(f"`{name}`" for name in names), _named(file))


def _elements(op: type[IRDLOperation]) -> str:
    """The kinds of elements of an op's first operand, as its definition has them, and of its results where others."""
    definition = op.get_irdl_definition()
    given = _kinds(definition.operands[:1])
    made = _kinds(definition.results[:1])
    return given if given == made or not made else made if not given else f"{given} → {made}"


def _kinds(values: Sequence[tuple[str, OperandDef | ResultDef]]) -> str:
    for _, value in values:
        constraint = value.constr
        while not isinstance(constraint, TensorOf):
            inner = getattr(constraint, "constraint", None) or getattr(constraint, "constr", None)
            if inner is None:
                return ""
            constraint = inner
        if constraint.element is not None:
            return str(constraint.element)
        known = [word for kind, word in _KINDS.items() if kind in constraint.kinds]
        return "all" if len(known) == len(_KINDS) else ", ".join(known)
    return ""


def _named(file: str | None) -> str:
    return "" if file is None else f"`{file}`"


def _header(*titles: str) -> Iterable[str]:
    return _row(*titles), "|" + "---|" * len(titles)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the tables anew."""
    for page in PAGES:
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
