"""What kernels return, as registers hold it: scalars are converted to their result types.

A register of type f32 holds a number that is an f32, whoever computed it, so that a program gives the same values from
every plan, from machine code, and folded at compile time. Kernels of this package return such numbers anyway, and
others may declare that they do (`exact` of `tfrt.executor.declarations.kernel_registry.kernel`); all others pay 0.1 to
0.3 microseconds a scalar for this, 0.02 in a generated plan, which looks itself whether a value fits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tfrt.executor.support.errors import EndedError, KernelError, describe
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.scalars import Converter, MisfitError, misfit_test, scalar_converter


@dataclass(frozen=True, slots=True)
class Conversion:
    """A kernel with one result and how that is converted, where most results need not be.

    Attributes:
        call: gives the result as the kernel does.
        misfits: true for those that need it; see `tfrt.executor.values.scalars.misfit_test`.
        finish: what results become. Raises `KernelError`, or returns an `AsyncValue`, as `converting` has it.
    """

    call: Callable[..., Any]
    misfits: str
    finish: Callable[[Any], Any]


def has_scalars(types: Sequence[str | None]) -> bool:
    """Whether there is something to convert among results of these MLIR types; None stands for one unknown."""
    return any(_converter(type) for type in types)


def converting(
    call: Callable[..., Any], name: str, types: Sequence[str | None], *, returns_tuple: bool
) -> Callable[..., Any]:
    """`call` with its results converted to these MLIR types. Types that are no scalars', or None, are left alone.

    What is returned raises a `KernelError` where a result is no value of its type. An `AsyncValue` is converted when
    it is there, or becomes such an error.

    Args:
        name: the kernel's, for messages.
        returns_tuple: whether one result is a tuple, too.
    """
    converters = [_converter(type) for type in types]
    if len(types) == 1 and not returns_tuple:
        return _converting_one(call, name, converters[0])
    return _converting_all(call, name, converters)


def conversion(call: Callable[..., Any], name: str, type: str) -> Conversion | None:
    """`converting` for one result that is no tuple, apart from the call; None where that saves no time."""
    convert, misfits = scalar_converter(type), misfit_test(type)
    if convert is None or misfits is None:
        return None
    return Conversion(call, misfits, _finishing(name, convert))


def _converter(type: str | None) -> Converter | None:
    return None if type is None else scalar_converter(type)


def _converting_one(call: Callable[..., Any], name: str, convert: Converter | None) -> Callable[..., Any]:
    assert convert is not None
    finish = _finishing(name, convert)
    return lambda *operands: finish(call(*operands))


def _finishing(name: str, convert: Converter) -> Callable[[Any], Any]:
    what = f"the result of '{name}'"

    def finish(value: Any) -> Any:
        if value.__class__ is AsyncValue:
            return _converted_later(value, what, convert)
        try:
            return convert(value)
        except MisfitError as error:
            raise KernelError(f"{what}{error}") from None

    return finish


def _converting_all(call: Callable[..., Any], name: str, converters: Sequence[Converter | None]) -> Callable[..., Any]:
    def run(*operands: Any) -> Any:
        values = call(*operands)
        if not isinstance(values, tuple | list) or len(values) != len(converters):
            # That is a mistake of its own, which the caller reports.
            return values
        return tuple(
            [
                value if convert is None else _converted(value, name, index, convert)
                for index, (value, convert) in enumerate(zip(values, converters, strict=True))
            ]
        )

    return run


def _converted(value: Any, name: str, index: int, convert: Converter) -> Any:
    if value.__class__ is AsyncValue:
        return _converted_later(value, f"result {index} of '{name}'", convert)
    try:
        return convert(value)
    except MisfitError as error:
        raise KernelError(f"result {index} of '{name}'{error}") from None


def _converted_later(value: AsyncValue, what: str, convert: Converter) -> AsyncValue:
    if value.is_error:
        return value
    conversion = _Conversion(what, convert)
    value.and_then(conversion)
    return conversion.result


class _Conversion:
    """A callback that converts a value."""

    __slots__ = ("convert", "result", "what")

    def __init__(self, what: str, convert: Converter):
        self.what = what
        self.convert = convert
        self.result = AsyncValue()

    def __call__(self, there: AsyncValue) -> None:
        if there.error is not None:
            self.result.set_error(there.error)
            return
        try:
            converted = self.convert(there.value)
        except Exception as error:
            # Callbacks must not raise, and a value's own class may do anything.
            said = str(error) if isinstance(error, MisfitError) else f" cannot be read: {describe(error)}"
            self.result.set_error(KernelError(f"{self.what}{said}"))
        else:
            self.result.set(converted)

    def abandon(self, error: BaseException) -> None:
        """See `tfrt.executor.values.escaped`."""
        if self.result.is_pending:
            self.result.set_error(EndedError(error))


def resolved(result: Any) -> Any:
    """What a result is that is there.

    Raises:
        KernelError: it is an error.
    """
    return result.value if type(result) is AsyncValue else result


def returned(values: Sequence[Any]) -> Any:
    """What calling a function of a program gives: None for no results, the value for one, else a tuple."""
    if len(values) == 1:
        return values[0]
    return tuple(values) if values else None
