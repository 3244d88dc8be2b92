"""Pass pipelines as text, and the named ones.

A pipeline is what MLIR calls a textual pass pipeline: passes with options, under the ops that they run on, as in
``builtin.module(func.func(canonicalize,cse),symbol-dce)``. Around passes without an anchor, ``builtin.module`` is
understood. A pass that looks at one function at a time may stand under either; one that adds, removes or combines
functions (its `anchor` says so) only under ``builtin.module``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tfrt.compiler.passes import PASSES, anchor_of, find_pass, get_passes, installed_passes
from tfrt.executor.support.cli import did_you_mean
from tfrt.executor.support.errors import UsageError

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.ir import Operation
    from xdsl.passes import ModulePass

_ANCHORS = ("builtin.module", "func.func", "any")

LOWERING = "lower-stablehlo"
"""What programs of frameworks need at every level, before all else."""

TENSORFLOW = "lower-tf"
"""What TensorFlow's programs need before that."""

REFINE = "refine-shapes,stablehlo-canonicalize-dynamism"
"""What finds out shapes, where a program does not say all of them."""

REFINE_GIVEN = "refine-shapes{strict=true},stablehlo-canonicalize-dynamism"
"""The same where somebody gives the arguments' shapes: what does not fit these is an error."""

SIMPLIFY = (
    "stablehlo-inline,stablehlo-canonicalize,stablehlo-recognize,stablehlo-channels-last,stablehlo-subpixel,"
    "stablehlo-hoist,stablehlo-unroll,stablehlo-distribute,stablehlo-canonicalize,stablehlo-attention,stablehlo-canonicalize{last=true}"
)
"""What they get before that, where they are optimised."""

_OPTIMISE = (
    "dead-argument-elimination,canonicalize,loop-invariant-code-motion,unroll,detensorize,cse,symbol-dce,"
    "canonicalize,lower-to-cpu,compute-once,decompose-cpu-ops,fold-broadcasts,fuse-cpu-ops,fuse-pools,fuse-reductions,"
    "fold-slices,plan-buffers,fuse-loops,lay-out-products,schedule"
)

PIPELINES: tuple[str, ...] = (
    "",
    "canonicalize,cse",
    f"inline,{_OPTIMISE}",
    f"inline{{threshold=100}},{_OPTIMISE}",
)
"""What ``-O0`` to ``-O3`` run."""


def parse_pipeline(text: str) -> tuple[ModulePass, ...]:
    """The passes that a pipeline names, in order.

    Raises:
        UsageError: the text is malformed, a pass is unknown or under the wrong op, or its options are wrong.
    """
    known = _parsed.get(text)
    if known is not None:
        return known
    try:
        passes = tuple(_passes(text, "builtin.module"))
        # Packages may come and go.
        if all(type(p).__module__.startswith("tfrt.compiler.passes.") for p in passes) and len(_parsed) < _MOST_PARSED:
            _parsed[text] = passes
        return passes
    except _MalformedError as error:
        raise UsageError(
            f"malformed pass pipeline '{text}': {error}; expected PASS,PASS{{OPTION=VALUE}},func.func(PASS,…),…"
        ) from None


_parsed: dict[str, tuple[ModulePass, ...]] = {}
"""Pipelines of our own passes, which do not change; to parse one takes a millisecond."""

_MOST_PARSED = 256


def pipeline_text(passes: Iterable[ModulePass]) -> str:
    """The pipeline that `parse_pipeline` makes these passes of."""
    return ",".join(str(p.pipeline_pass_spec()) for p in passes)


def with_lowering(
    module: ModuleOp, passes: tuple[ModulePass, ...], shapes: tuple[str, ...] = ()
) -> tuple[ModulePass, ...]:
    """The passes, after those that make a program of a framework one that files can hold, unless they are among them.

    A framework's functions end in ``func.return``. Where there are passes, the program is simplified first.

    Args:
        shapes: those of arguments, as the pass `refine-arguments` takes them.

    Raises:
        UsageError: shapes are given for a program of no framework, or for one that the passes lower themselves.
    """
    is_lowered = any(p.name == LOWERING for p in passes)
    if not any(_ends_as_mlirs_own(op) for op in module.ops) or is_lowered:
        if shapes:
            reason = f"the pipeline has '{LOWERING}' already" if is_lowered else "the program is of no framework"
            raise UsageError(f"shapes of arguments are given, but {reason}; see the pass 'refine-arguments'")
        return passes
    before = [SIMPLIFY, LOWERING] if passes else [LOWERING]
    if shapes:
        before = [REFINE_GIVEN, *before]
    elif passes and _is_partial(module):
        before = [REFINE, *before]
    if not any(p.name == TENSORFLOW for p in passes) and _is_tensorflow(module):
        before = [TENSORFLOW, *before]
    return (*_refining(shapes), *parse_pipeline(",".join(before)), *passes)


def _refining(shapes: tuple[str, ...]) -> tuple[ModulePass, ...]:
    from tfrt.compiler.passes.refine_arguments import RefineArguments

    return (RefineArguments(shapes),) if shapes else ()


def _is_partial(module: ModuleOp) -> bool:
    """Whether an op does not say the shapes of all its results."""
    from xdsl.dialects.builtin import TensorType, UnrankedTensorType

    from tfrt.dialects.shared.ops import type_of
    from tfrt.dialects.shared.walking import ops_in

    # A program has few types, and each of them is one object wherever it is spelled.
    types = {id(type): type for op in ops_in(module) for type in map(type_of, op.results)}
    return any(
        isinstance(type, UnrankedTensorType) or (isinstance(type, TensorType) and not type.has_static_shape())
        for type in types.values()
    )


def _is_tensorflow(module: ModuleOp) -> bool:
    from tfrt.compiler.passes.shared.purity import name_of
    from tfrt.dialects.shared.walking import ops_in

    # Ops that no dialect defines are of a class for each name, too.
    kinds = {op.__class__: op for op in ops_in(module)}
    return any(name_of(op).startswith(("tf.", "tf_executor.")) for op in kinds.values())


def _ends_as_mlirs_own(function: Operation) -> bool:
    if function.name != "func.func" or not function.regions[0].blocks or "tfrt.sync" in function.attributes:
        return False
    last = function.regions[0].blocks[0].last_op
    return last is not None and last.name == "func.return"


def known_pass(name: str) -> type[ModulePass]:
    """The pass of that name.

    Raises:
        UsageError: there is none, or an installed package has it, and it cannot be imported or is no pass.
    """
    found = find_pass(name)
    if found is None:
        nearest = did_you_mean(name, [*get_passes(), *installed_passes()]) or f"; for example: {', '.join(PASSES)}"
        raise UsageError(f"unknown pass '{name}'{nearest}")
    return found


class _MalformedError(Exception):
    """What is wrong with a pipeline's syntax."""


def _passes(text: str, anchor: str) -> Iterator[ModulePass]:
    for item in _items(text):
        opened = item.find("(")
        if opened < 0 or "{" in item[:opened]:
            yield _pass(item, anchor)
            continue
        inner = item[:opened].strip()
        if inner not in _ANCHORS:
            raise UsageError(
                f"unknown op '{inner}' in a pass pipeline: passes run under {' or '.join(map(repr, _ANCHORS))}"
            )
        if anchor == "func.func" and inner == "builtin.module":
            raise UsageError("a pass pipeline cannot have 'builtin.module' under 'func.func'")
        yield from _passes(item[opened + 1 : -1], anchor if inner == "any" else inner)


def _items(text: str) -> Iterator[str]:
    """The parts of a list between commas that are not in brackets."""
    depth, start = 0, 0
    for position, character in enumerate(text):
        if character in "({":
            depth += 1
        elif character in ")}":
            depth -= 1
            if depth < 0:
                raise _MalformedError(f"'{character}' closes nothing")
        if character == "," and not depth:
            yield _item(text[start:position])
            start = position + 1
    if depth:
        raise _MalformedError("a bracket is not closed")
    if text.strip() or start:
        yield _item(text[start:])


def _item(text: str) -> str:
    item = text.strip()
    if not item:
        raise _MalformedError("a pass is missing between commas")
    if "(" in item and "{" not in item.partition("(")[0] and not item.endswith(")"):
        raise _MalformedError(f"a comma is missing in '{item}'")
    return item


def _pass(text: str, anchor: str) -> ModulePass:
    from xdsl.utils.arg_spec import parse_pipeline as parse_specs
    from xdsl.utils.exceptions import ArgSpecParseError

    try:
        (spec,) = parse_specs(text)
    except (ArgSpecParseError, ValueError):
        raise _MalformedError(f"'{text}' is not a pass with options") from None
    module_pass = known_pass(spec.name)
    if anchor == "func.func" and anchor_of(module_pass) != anchor:
        raise UsageError(f"pass '{spec.name}' runs on 'builtin.module', not on 'func.func'")
    try:
        return module_pass.from_spec(spec)
    except ValueError as error:
        raise UsageError(f"pass pipeline '{text}': {error}") from None
