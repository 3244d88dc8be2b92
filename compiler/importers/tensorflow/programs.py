"""TensorFlow's MLIR text, made one of a program: with a signature's names, nodes' names for locations, and weights."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Container, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from tfrt.compiler.importers.text import function_names, is_weight, quoted
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.safetensors import holds

_LOCATION = re.compile(r" loc\((?:#(loc\d*)|unknown)\)")
_ALIAS = re.compile(r"#(loc\d*) = loc\((.*)\)\s*$")
_NAMED = re.compile(r'("(?:[^"\\]|\\.)*")(?:\(.*\))?$')
_ENTRY = re.compile(r"^  func\.func @[\w.]+\((.*)\) -> (.*?) attributes \{", re.MULTILINE)
_MODULE = re.compile(r"^module\b.*\{\n", re.MULTILINE)
_CONSTANT = re.compile(r'"tf\.Const"\(\) <\{value = dense<(.*)> : tensor<((?:\d+x)*)([a-wyz]\w*)>\}>(.*)$')


def named(
    text: str,
    name: str,
    arguments: Sequence[str],
    results: Sequence[str],
    variables: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The text with its first function, and what that takes and gives, under other names, and with nodes' names as
    locations.

    Args:
        variables: the names of variables, by those of the nodes that are their values: these have the variables'.
    """
    lines = text.splitlines()
    aliases = {found[1]: found[2] for line in lines if (found := _ALIAS.match(line))}
    names: dict[str, str] = {}

    def location(found: re.Match[str]) -> str:
        alias = found[1]
        if alias not in names:
            said = _name(alias, aliases)
            variable = variables.get(said[1:-1])
            names[alias] = said if variable is None else quoted(variable)
        return f" loc({names[alias]})" if names[alias] else ""

    kept = [_LOCATION.sub(location, line) for line in lines if not _ALIAS.match(line)]
    return _ENTRY.sub(lambda found: _entry(found, name, arguments, results), "\n".join(kept) + "\n", count=1)


def _name(alias: str | None, aliases: Mapping[str, str]) -> str:
    """The name of a node as a string literal, from the location of one of its ops; empty where it has none."""
    body = aliases.get(alias or "", "")
    while True:
        if body.startswith("fused["):
            body = f"#{body.rstrip(']').rpartition('#')[2]}"
        elif body.startswith("callsite("):
            body = body.removeprefix("callsite(").partition(" at ")[0]
        elif body.startswith("#"):
            body = aliases.get(body[1:], "")
        else:
            break
    found = _NAMED.match(body)
    return "" if found is None or found[1].endswith(':"') else found[1]


def _entry(found: re.Match[str], name: str, arguments: Sequence[str], results: Sequence[str]) -> str:
    takes = re.split(r", (?=%arg\d+: )", found[1]) if found[1] else []
    bare = [re.sub(r" \{.*\}$", "", each) for each in takes]
    given = found[2][1:-1] if found[2].startswith("(") else found[2]
    gives = _split(given)
    bound = [f" {{tf_saved_model.bound_input = @{_VARIABLE}{i}}}" for i in range(len(bare) - len(arguments))]
    attributes = [*function_names(arguments), *bound]
    said = ", ".join(f"{one}{other}" for one, other in zip(bare, attributes, strict=True))
    back = ", ".join(f"{one}{other}" for one, other in zip(gives, function_names(results), strict=True))
    return f"  func.func @{_symbol(name)}({said}) -> ({back}) attributes {{"


def _symbol(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][\w$.]*", name) else quoted(name)


def _split(types: str) -> list[str]:
    """Types between commas, which may be in them, too."""
    found, depth, start = [], 0, 0
    for place, sign in enumerate(types):
        depth += (sign in "<{(") - (sign in ">})")
        if sign == "," and not depth:
            found.append(types[start:place].strip())
            start = place + 1
    return [*found, types[start:].strip()] if types.strip() else []


_VARIABLE = "variable"


def with_variables(
    text: str, variables: Sequence[tuple[str, np.ndarray]], larger_than: int | None
) -> tuple[str, dict[str, np.ndarray]]:
    """The text with global tensors, to which the arguments of its first function are bound that come last; and those of
    their first values that take more than `larger_than` bytes, which the text refers to by names.

    Args:
        variables: names and first values.
    """
    start = _MODULE.search(text)
    assert start is not None
    arrays: dict[str, np.ndarray] = {}
    lines, taken = list[str](), set[str]()
    for number, (said, value) in enumerate(variables):
        name = _free(said, taken)
        taken.add(name)
        dtype = DType.of(value)
        type = f"tensor<{''.join(f'{size}x' for size in value.shape)}{dtype.mlir}>"
        if larger_than is not None and value.nbytes > larger_than and holds(dtype):
            arrays[name] = value
            first = f"tfrt.weight = {quoted(name)}"
        else:
            first = f"value = dense<{_literal(value)}> : {type}"
        properties = f'is_mutable, sym_name = "{_VARIABLE}{number}", type = {type}, {first}'
        exported = f"tf_saved_model.exported_names = [{quoted(name)}]"
        lines.append(f'  "tf_saved_model.global_tensor"() <{{{properties}}}> {{{exported}}} : () -> ()')
    return text[: start.end()] + "".join(f"{line}\n" for line in lines) + text[start.end() :], arrays


def _literal(value: np.ndarray) -> str:
    """The elements as text has them."""
    if not value.size:
        return ""
    if value.dtype == np.bool_:
        return json.dumps(value.tolist())
    stored = np.asarray(value, value.dtype.newbyteorder("<"), order="C")
    return f'"0x{stored.tobytes().hex().upper()}"'


def without_weights(text: str, larger_than: int, taken: Collection[str] = ()) -> tuple[str, Mapping[str, np.ndarray]]:
    """The text without its constants of more than `larger_than` bytes, and those by name.

    They have the names of their locations, which are variables' or nodes'. Those that files of weights cannot hold stay
    in the text. Names that are taken are others'.
    """
    arrays: dict[str, np.ndarray] = {}
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = _CONSTANT.search(line)
        array = None if found is None else _array(found[1], found[2].removesuffix("x"), found[3])
        if found is None or array is None or not is_weight(array, larger_than):
            continue
        place = re.search(r' loc\("([^"]*)"\)$', found[4])
        node = place[1].partition("@")[0] if place else "constant"
        name = _free(node, {*arrays, *taken})
        arrays[name] = array
        type = f"tensor<{found[2]}{found[3]}>"
        weight = f'"tf.Weight"() <{{name = {quoted(name)}}}> : () -> {type}'
        lines[number] = f"{line[: found.start()]}{weight}{place[0] if place else ''}"
    return "\n".join(lines) + "\n", arrays


def _free(name: str, taken: Container[str]) -> str:
    count, free = 0, name
    while free in taken:
        count += 1
        free = f"{name}_{count}"
    return free


def _array(elements: str, sizes: str, element: str) -> np.ndarray | None:
    """The elements of a constant, where files of weights can hold them."""
    dtype = next((each for each in DType if each.mlir == element), None)
    if dtype is None or not holds(dtype) or dtype is DType.I1:
        return None
    shape = tuple(map(int, sizes.split("x"))) if sizes else ()
    if elements.startswith('"0x'):
        stored = np.frombuffer(bytes.fromhex(elements[3:-1]), dtype.numpy)
        return stored.reshape(shape) if stored.size != 1 else np.broadcast_to(stored.reshape(()), shape)
    if "0x" in elements or not elements:
        return None
    values = np.array(ast.literal_eval(elements), np.float64 if dtype.numpy.kind not in "iu" else object)
    return np.broadcast_to(values.astype(dtype.numpy), shape)
