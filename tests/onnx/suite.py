"""The node tests of the package ``onnx``, run on `tfrt.onnx_backend`; ``passing.txt`` lists those that pass.

``python tests/onnx/suite.py`` runs all of them, prints what is out of scope and which share of the rest passes, and
fails where a listed one does not; with ``--write`` it writes the list anew. It takes some minutes.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.runner import Runner

from tfrt import onnx_backend

PASSING = Path(__file__).parent / "passing.txt"

_STRING = onnx.TensorProto.STRING
_QUANTISED = frozenset(
    (
        "ConvInteger",
        "DequantizeLinear",
        "DynamicQuantizeLinear",
        "MatMulInteger",
        "QLinearConv",
        "QLinearMatMul",
        "QuantizeLinear",
    )
)
_RANDOM = frozenset(("Bernoulli", "RandomUniformLike"))


def cases() -> list[Any]:
    """All node tests, in the order of their names."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return sorted(load_model_tests(kind="node"), key=lambda case: case.name)


def out_of_scope(case: Any) -> str | None:
    """Why a test is out of scope, if it is."""
    graph = case.model.graph
    for info in (*graph.input, *graph.output):
        kind = info.type.WhichOneof("value")
        if kind != "tensor_type":
            return f"{kind.removesuffix('_type')}s: arrays are the only values"
        if info.type.tensor_type.elem_type == _STRING:
            return "strings: arrays hold numbers"
    operators = {node.op_type for node in graph.node}
    if any(operator.startswith(("Optional", "Sequence")) for operator in operators):
        return "sequences: arrays are the only values"
    if operators & _QUANTISED:
        return "quantised"
    if any(node.domain == "ai.onnx.preview.training" for node in graph.node) or "training_dropout" in case.name:
        return "training"
    if operators & _RANDOM:
        return "random: what is expected is what numpy draws"
    return "images: they would need a decoder" if "ImageDecoder" in operators else None


def failure(case: Any) -> str | None:
    """What goes wrong in a test; None where it passes."""
    try:
        prepared = onnx_backend.prepare(case.model)
        for inputs, expected in case.data_sets:
            found = prepared.run([_array(value) for value in inputs])
            reference = [_array(value) for value in expected]
            Runner.assert_similar_outputs(reference, list(found), rtol=case.rtol, atol=case.atol)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _array(value: Any) -> Any:
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def listed() -> list[str]:
    """The names of the tests that pass."""
    return PASSING.read_text(encoding="utf-8").split()


def _run(every: list[Any]) -> Iterator[tuple[Any, str | None]]:
    for number, case in enumerate(every):
        if number % 100 == 0:
            print(f"{number} of {len(every)}", file=sys.stderr)
        yield case, failure(case)


def main(arguments: list[str]) -> int:
    """The command line; see the module's docstring."""
    results = list(_run(cases()))
    passing = [case.name for case, problem in results if problem is None]
    reasons = Counter(reason for case, _ in results if (reason := out_of_scope(case)) is not None)
    rest = [(case, problem) for case, problem in results if out_of_scope(case) is None]
    for case, problem in rest:
        if problem is not None:
            print(f"{case.name}: {' '.join(problem.split())[:160]}")
    for reason, count in reasons.most_common():
        print(f"out of scope: {count}: {reason}")
    count = sum(problem is None for _, problem in rest)
    print(f"{count} of {len(rest)} node tests pass: {100 * count / len(rest):.1f} %")
    if "--write" in arguments:
        PASSING.write_text("".join(f"{name}\n" for name in passing), encoding="utf-8")
        return 0
    known = {case.name for case, _ in results}
    broken = sorted((set(listed()) & known) - set(passing))
    for name in broken:
        print(f"does not pass any more: {name}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
