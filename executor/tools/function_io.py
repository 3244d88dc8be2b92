"""What ``bef-run`` gives to one function and expects of it: inputs, expected outputs, results to be saved.

Chains are neither given nor compared: an argument of that type is ready from the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfrt.executor.engines.function import Function
from tfrt.executor.support.errors import UsageError
from tfrt.executor.tools.cli_values import difference, is_implicit, parse_value, show, to_numpy
from tfrt.executor.values.arguments import array_converter, array_type, shown_array_type
from tfrt.executor.values.array_files import open_arrays
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.scalars import MisfitError
from tfrt.executor.values.stored_types import from_stored

IGNORED = "(ignored)"
"""The expected output that any value fits."""


def parse_inputs(function: Function, texts: Sequence[str]) -> tuple[Any, ...]:
    """The arguments of a call, chains included.

    Raises:
        UsageError: there are too many or too few inputs, or one does not fit its type.
    """
    explicit = [type_name for type_name in function.argument_types if not is_implicit(type_name)]
    if len(texts) != len(explicit):
        count = _count(explicit, "input")
        raise UsageError(f"function '{function.name}' takes {count}, got {len(texts)}")
    values = (_parse(f"input #{i}", *pair) for i, pair in enumerate(zip(texts, explicit, strict=True)))
    return tuple(CHAIN if is_implicit(type_name) else next(values) for type_name in function.argument_types)


_NAMED = re.compile(r"(?:arg|arr_)(0|[1-9][0-9]*)")
"""How arrays in a file are named by position: ``arg0``, or as `numpy.savez` names what it is given without names."""


def read_inputs(function: Function, path: str) -> tuple[Any, ...]:
    """The arguments of a call, chains included, from a file of arrays named ``arg0``, ``arg1``, …

    Arrays of other names are passed over.

    Raises:
        UsageError: the file cannot be read, arrays are missing or too many, one does not fit its type, or the function
            takes something else than arrays.
    """
    explicit = [type_name for type_name in function.argument_types if not is_implicit(type_name)]
    found = open_arrays(path)
    by_number = {int(match[1]): name for name in found if (match := _NAMED.fullmatch(name)) is not None}
    takes = f"function '{function.name}' takes {_count(explicit, 'input')}"
    missing = [f"arg{number}" for number in range(len(explicit)) if number not in by_number]
    if missing:
        raise UsageError(f"'{path}' has no {', '.join(missing)}; {takes}, and the file has: {', '.join(found)}")
    for number, name in by_number.items():
        if number >= len(explicit):
            raise UsageError(f"'{path}' has '{name}', but {takes}")
    values = (_from_file(path, found, by_number[i], type_name) for i, type_name in enumerate(explicit))
    return tuple(CHAIN if is_implicit(type_name) else next(values) for type_name in function.argument_types)


def _from_file(path: str, arrays: Mapping[str, Any], name: str, type_name: str) -> Any:
    known, convert = array_type(type_name), array_converter(type_name)
    if known is None or convert is None:
        raise UsageError(f"'{name}' of '{path}' is for a value of type {type_name}, which is no array; use --input")
    try:
        return convert(from_stored(arrays[name], known[0]))
    except MisfitError as error:
        raise UsageError(f"'{name}' of '{path}'{error}") from None


def parse_expected(function: Function, texts: Sequence[str]) -> tuple[tuple[int, Any], ...]:
    """The results to compare: their index, and the value expected. None where no output is expected.

    Raises:
        UsageError: there are too many or too few expected outputs, or one does not fit its type.
    """
    if not texts:
        return ()
    explicit = [(i, type_name) for i, type_name in enumerate(function.result_types) if not is_implicit(type_name)]
    if len(texts) != len(explicit):
        count = _count([type_name for _, type_name in explicit], "output")
        wanted = "1 is" if len(texts) == 1 else f"{len(texts)} are"
        raise UsageError(f"function '{function.name}' has {count}, but {wanted} expected")
    return tuple(
        (index, _parse(f"expected output #{i}", text, type_name))
        for i, (text, (index, type_name)) in enumerate(zip(texts, explicit, strict=True))
        if text != IGNORED
    )


def mismatches(
    function: Function, expected: Sequence[tuple[int, Any]], results: Sequence[Any], tolerance: float
) -> Iterator[str]:
    """One message, with both values, for each result that differs from the expected one.

    Args:
        expected: see `parse_expected`.
        results: values, or failed `AsyncValue`s.
        tolerance: see `tfrt.executor.tools.cli_values.difference`.
    """
    for index, wanted in expected:
        result, type_name = results[index], function.result_types[index]
        if isinstance(result, AsyncValue):
            got, details = f"<<error: {result.error.message if result.error else ''}>>", ""
        else:
            found = difference(wanted, result, tolerance)
            if found is None:
                continue
            got, details = show(result, type_name) or str(result), f" ({found})" if found else ""
        yield f"result #{index} of '{function.name}': expected {show(wanted, type_name)}, got {got}{details}"


def to_arrays(function: Function, results: Sequence[Any]) -> dict[str, Any]:
    """The results that numpy can hold, under the names by which they are saved: ``FUNCTION.INDEX``.

    Names in such a file are UTF-8; bytes of a function's name that are not are spelled ``\\xff``.
    """
    name = function.name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    arrays = {f"{name}.{index}": to_numpy(result) for index, result in enumerate(results)}
    return {name: array for name, array in arrays.items() if array is not None}


def _parse(what: str, text: str, type_name: str) -> Any:
    try:
        return parse_value(text, type_name)
    except UsageError as error:
        raise UsageError(f"{what}: {error}") from error


_LISTED_TYPES = 8


def _count(types: Sequence[str], noun: str) -> str:
    shown = [shown_array_type(type_name) for type_name in types[:_LISTED_TYPES]]
    shown += ["..."] if len(types) > _LISTED_TYPES else []
    listed = f" ({', '.join(shown)})" if types else ""
    return f"{len(types)} {noun}{'' if len(types) == 1 else 's'}{listed}"
