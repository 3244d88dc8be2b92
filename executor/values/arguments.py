"""Checking and converting what a caller passes for a function's arguments, by their MLIR types."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NoReturn

from tfrt.executor.support.errors import UsageError, describe
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.scalars import Converter, MisfitError, misfit, scalar_converter


class Donated:
    """What `donate` gives."""

    __slots__ = ("array",)

    def __init__(self, array: Any):
        self.array = array


def donate(array: Any) -> Any:
    """Let the function that is called with this write to the memory of a numpy array, which the caller gives up.

    Programs compiled at ``-O2`` and above then write where they would otherwise copy the whole array first: a cache of
    keys and values of which a decoder's step writes one row, or the state that a loop begins with. A result may be the
    same array. Where none is, nobody knows what is in it.

    ``keys, values, logits = step(tfrt.donate(keys), tfrt.donate(values), token)``

    An array is copied nevertheless where its elements do not lie row by row in memory that is its own and may be
    written to, as those of results do, or where something needs it unchanged.

    Raises:
        UsageError: it is no numpy array.
    """
    import numpy as np

    if type(array) is not np.ndarray:
        raise UsageError(f"only numpy arrays can be donated, not {type(array).__name__}")
    return Donated(array)


def converting(
    function: str, types: Sequence[str], unprotected: Collection[int] = ()
) -> Callable[[tuple[Any, ...]], Sequence[Any]]:
    """A function that gives the values that a function's registers hold for arguments, of these types.

    Numbers fit scalar types as `tfrt.executor.values.scalars` says. numpy arrays, and whatever else has ``__array__``
    or ``__dlpack__``, become dense host tensors that share their memory where they can; for arrays
    (``memref<2x3xf32>``) their element type and shape must be that, and lists and numbers serve, too. Chains may be
    given as None. Values of other types, and `AsyncValue`s, are passed on as they are.

    What it returns gives a tuple where it knows that all values are plain and of their types' classes, and a list
    otherwise. It raises a `UsageError` where the number of arguments is wrong, or one does not fit its type.

    Args:
        unprotected: the numbers of arguments that nobody writes to, and that are no results: arrays are passed on as
            they are. All others become views that cannot be written to.
    """
    steps = tuple([_converter(type) for type in types])
    if any(isinstance(step, ArrayConverter) for step in steps):
        return _converting_arrays(function, types, steps, unprotected)
    convert = partial(_convert_each, function, types, steps)
    if any(step not in _THAT_PASS_ON for step in steps):
        return convert
    accepted: list[tuple[type, ...] | None] = [None]

    def pass_on(arguments: tuple[Any, ...]) -> Sequence[Any]:
        classes = tuple(map(type, arguments))
        if classes == accepted[0]:
            return arguments
        values = convert(arguments)
        if all(value is argument for value, argument in zip(values, arguments, strict=True)):
            accepted[0] = None if AsyncValue in classes else classes
        return values

    return pass_on


def _convert_each(
    function: str, types: Sequence[str], steps: Sequence[Converter | None], arguments: Sequence[Any]
) -> list[Any]:
    if len(arguments) != len(types):
        _refuse_number(function, types, len(arguments))
    values = list(arguments)
    number = 0
    try:
        for convert in steps:
            if convert is not None:
                values[number] = convert(values[number])
            number += 1
    except MisfitError as error:
        raise UsageError(f"argument {number} of function '{function}'{error}") from error.__cause__
    return values


def _converting_arrays(
    function: str, types: Sequence[str], steps: Sequence[Converter | None], unprotected: Collection[int]
) -> Callable[[tuple[Any, ...]], Sequence[Any]]:
    """`converting` where some arguments are arrays; numpy's own of the right kind take the shortest way."""
    import numpy as np

    ndarray = np.ndarray
    known = [
        (step, step.dtype, step.shape, number not in unprotected)
        if isinstance(step, ArrayConverter)
        else (step, None, None, False)
        for number, step in enumerate(steps)
    ]

    def convert(arguments: tuple[Any, ...]) -> Sequence[Any]:
        if len(arguments) != len(known):
            _refuse_number(function, types, len(arguments))
        values: list[Any] = []
        are_there, is_donated = True, False
        try:
            for value, (step, dtype, shape, is_protected) in zip(arguments, known, strict=True):
                if type(value) is ndarray and value.dtype is dtype and value.shape == shape:
                    if is_protected:
                        value = value.view()
                        value.setflags(write=False)
                elif type(value) is Donated and value.array.dtype is dtype and value.array.shape == shape:
                    value, is_donated = value.array, True
                else:
                    is_donated = is_donated or type(value) is Donated
                    value = value if step is None else step(value)
                    are_there = are_there and type(value) is not AsyncValue
                values.append(value)
        except MisfitError as error:
            raise UsageError(f"argument {len(values)} of function '{function}'{error}") from error.__cause__
        if is_donated:
            _refuse_shared(function, arguments, values)
        return tuple(values) if are_there else values

    if any(dtype is None or is_protected for _, dtype, _, is_protected in known):
        return convert
    kinds = [kind for _, dtype, shape, _ in known for kind in (dtype, shape)]
    return _passing_on(len(known))(ndarray, convert, *kinds)


@cache
def _passing_on(count: int) -> Callable[..., Callable[[tuple[Any, ...]], Sequence[Any]]]:
    """What makes a function that returns so many arguments as they are if they are arrays of numpy's own of the types
    and shapes given in turn, and what another function makes of them if not. It has no loop, for it is run by each call
    of a program's function, and takes a tenth of what such a call costs."""
    numbers = range(count)
    taken = ", ".join(f"d{n}, s{n}" for n in numbers)
    are_alike = " and ".join(f"type(a{n}) is ndarray and a{n}.dtype is d{n} and a{n}.shape == s{n}" for n in numbers)
    lines = [
        f"def make(ndarray, convert, {taken}):",
        "    def pass_on(arguments):",
        f"        if len(arguments) == {count}:",
        f"            {''.join(f'a{n}, ' for n in numbers)} = arguments",
        f"            if {are_alike}: return arguments",
        "        return convert(arguments)",
        "    return pass_on",
    ]
    namespace: dict[str, Any] = {"__name__": __name__}
    exec("\n".join(lines), namespace)
    made: Callable[..., Any] = namespace["make"]
    return made


def _refuse_shared(function: str, arguments: Sequence[Any], values: Sequence[Any]) -> None:
    """
    Raises:
        UsageError: memory is donated that other arguments are in, too.
    """
    import numpy as np

    arrays = [(number, value) for number, value in enumerate(values) if type(value) is np.ndarray]
    for number, argument in enumerate(arguments):
        if type(argument) is not Donated:
            continue
        for other, array in arrays:
            if other != number and np.may_share_memory(argument.array, array):
                raise UsageError(
                    f"argument {number} of function '{function}' is donated, but argument {other} is in the same memory"
                )


def _refuse_number(function: str, types: Sequence[str], given: int) -> NoReturn:
    takes = f"{len(types)} argument{'' if len(types) == 1 else 's'}"
    listed = f" ({', '.join(map(shown_array_type, types))})" if types else ""
    raise UsageError(f"function '{function}' takes {takes}{listed} and is given {given}")


@cache
def _converter(type: str) -> Converter | None:
    """What converts arguments of an MLIR type, or None where any value is passed on as it is."""
    if type in _CONVERTERS:
        return _CONVERTERS[type]
    if type.startswith("memref<"):
        return array_converter(type)
    if type.startswith("!tf_type.resource"):
        return _variable
    convert = scalar_converter(type)
    return None if convert is None else partial(_scalar, convert)


def _scalar(convert: Converter, value: Any) -> Any:
    return value if type(value) is AsyncValue else convert(value)


def _chain(value: Any) -> Any:
    if value is None:
        return CHAIN
    if type(value) is Chain or type(value) is AsyncValue:
        return value
    raise misfit(value, "a chain, which is given as None")


def _tensor(value: Any) -> Any:
    if hasattr(value, "kind") or type(value) is AsyncValue:
        # It is a tensor, as a rule; arrays have no such attribute.
        return value
    if not (hasattr(value, "__array__") or hasattr(value, "__dlpack__")):
        raise misfit(value, "a tensor or an array")
    import numpy as np

    from tfrt.executor.values.tensor import dense_from_numpy

    try:
        return dense_from_numpy(np.asarray(value) if hasattr(value, "__array__") else np.from_dlpack(value))
    except Exception as error:
        # Other libraries' arrays refuse with errors of any class: elements on a device, or of a type of their own.
        raise MisfitError(f": {type(value).__name__} cannot be read as an array: {describe(error)}") from error


_ARRAY_TYPE = re.compile(r"memref<(\*x|(?:(?:\d+|\?)x)*)(.+)>")


def array_type(type: str) -> tuple[DType, tuple[int, ...] | None] | None:
    """The element type and the shape of arrays of an MLIR type such as ``memref<2x?xf32>``, -1 for an unknown size,
    None for an unknown rank; None where it is no such type."""
    match = _ARRAY_TYPE.fullmatch(type)
    known = [dtype for dtype in DType if match is not None and dtype.mlir == match[2]]
    if match is None or not known:
        return None
    if match[1] == "*x":
        return known[0], None
    return known[0], tuple(-1 if size == "?" else int(size) for size in match[1].split("x")[:-1])


def shown_array_type(type: str) -> str:
    """An array's type as programs of frameworks spell it: ``tensor<2x?xf32>``."""
    return type.replace("memref", "tensor")


def array_converter(type: str) -> ArrayConverter | None:
    """What makes arrays of a type such as ``memref<2x?xf32>``, that nobody may write to, of what can be read so."""
    known = array_type(type)
    if known is None:
        return None
    return ArrayConverter(known[0].numpy, known[1], f"an array of type {shown_array_type(type)}")


@dataclass(frozen=True, slots=True, eq=False)
class ArrayConverter:
    """What `array_converter` gives.

    Attributes:
        dtype, shape: of the arrays, as numpy has them; -1 is an unknown size, None stands for an unknown rank.
        wanted: what they are called in messages.
    """

    dtype: Any
    shape: tuple[int, ...] | None
    wanted: str

    def __call__(self, value: Any) -> Any:
        """
        Raises:
            MisfitError: it cannot be read as such an array.
        """
        import numpy as np

        if value.__class__ is np.ndarray:
            array = value
        elif value.__class__ is AsyncValue:
            return value
        elif value.__class__ is Donated:
            array = value.array
        else:
            array = _as_array(value, self.dtype, self.wanted)
        if array.dtype != self.dtype:
            raise MisfitError(f" must be {self.wanted}, but has elements of {_element_name(array.dtype)}")
        if self.shape is not None and array.shape != self.shape and not _fits(array.shape, self.shape):
            raise MisfitError(f" must be {self.wanted}, but has the shape {list(array.shape)}")
        if value.__class__ is Donated and array.dtype.isnative:
            return array
        # What a program is given it does not change, and gives back as a copy.
        view = array.view() if array.dtype.isnative else array.astype(self.dtype)
        view.setflags(write=False)
        return view


def _fits(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether sizes are those of a shape, -1 for any."""
    return len(found) == len(wanted) and all(w in (-1, f) for f, w in zip(found, wanted, strict=True))


def _as_array(value: Any, dtype: Any, wanted: str) -> Any:
    """An array of a number, a list, or what else can be read as one; only numbers of Python's own are converted."""
    import numpy as np

    if isinstance(value, bool | int | float | complex | list | tuple):
        try:
            found = np.asarray(value)
            exact = found.astype(dtype)
        except (TypeError, ValueError, OverflowError) as error:
            raise MisfitError(f" must be {wanted}: {describe(error)}") from error
        if found.dtype == object or not _holds(found, exact):
            raise MisfitError(f" must be {wanted}, which does not hold {value!r}"[:300])
        return exact
    if hasattr(value, "kind") and hasattr(value, "array"):
        return value.array
    if not (hasattr(value, "__array__") or hasattr(value, "__dlpack__")):
        raise misfit(value, wanted)
    try:
        return np.asarray(value) if hasattr(value, "__array__") else np.from_dlpack(value)
    except Exception as error:
        # Other libraries' arrays refuse with errors of any class.
        raise MisfitError(f": {type(value).__name__} cannot be read as an array: {describe(error)}") from error


def _holds(found: Any, exact: Any) -> bool:
    """Whether numbers of Python's are those of another type: integers and truth values exactly, floats rounded."""
    if not found.size:
        return True
    kind, wanted = found.dtype.kind, exact.dtype.kind
    if kind == "b" or wanted == "b":
        return bool(kind == wanted)
    if wanted in "iu":
        return kind in "iu" and bool((exact.astype(object) == found.astype(object)).all())
    return kind != "c" or bool(wanted == "c")


def _element_name(dtype: Any) -> str:
    try:
        return DType.of(dtype).mlir
    except TypeError:
        return str(dtype)


def _handle(value: Any) -> Any:
    if type(value) is AsyncValue or (hasattr(value, "tensor") and hasattr(value, "metadata")):
        return value
    raise misfit(value, "a tensor handle")


def _string(value: Any) -> Any:
    if isinstance(value, str | AsyncValue):
        return value
    raise misfit(value, "a string")


def _variable(value: Any) -> Any:
    if type(value) is AsyncValue or (hasattr(value, "read") and hasattr(value, "assign")):
        return value
    raise misfit(value, "a tfrt.Variable")


_CONVERTERS: dict[str, Converter] = {
    "!tfrt.chain": _chain,
    "!tfrt.string": _string,
    "!corert.tensorhandle": _handle,
    "!tfrt_tensor.tensor": _tensor,
    "!t.tensor": _tensor,
    "!tfrt_dht.tensor": _tensor,
}

_THAT_PASS_ON = (None, _variable, *set(_CONVERTERS.values()))
"""Those that return all values of a class as they are, or none."""
