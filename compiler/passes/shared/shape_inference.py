"""What is known of values of frameworks' programs before they run: their types, and the elements of small constants.

What an op gives is asked of the op itself: its metadata function, or, where it has none but says which inputs' elements
its results' shapes depend on, the op, run on zeros in the place of all other inputs.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    DenseIntOrFPElementsAttr,
    TensorType,
    UnrankedTensorType,
)
from xdsl.ir import Attribute, Operation
from xdsl.traits import Pure

from tfrt.compiler.emitter.attributes import dtype_of
from tfrt.compiler.passes.shared.core_ops import CoreOp
from tfrt.compiler.passes.shared.source_ops import has_effects
from tfrt.compiler.runtime_values import dense_value, typed_values
from tfrt.dialects.shared.walking import is_unregistered
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.declarations.outlines import Outlined
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, to_dense

MOST_ELEMENTS = 256
"""How many elements a constant may have that is looked into: what ops are given as shapes, axes and bounds is small."""

Known = TensorMetadata | np.ndarray | Outlined
"""What an op is told of an input: its metadata, or for a constant all of it; an outline of what is no array."""

_OBJECT = TensorMetadata(DType.VARIANT, ())
"""The metadata of what is no array, as kernels see it."""


class Misfit(Exception):
    """An op cannot be run on what it is given; the message is the op's."""


@dataclass(frozen=True, eq=False)
class Fact:
    """What is known of a value.

    Attributes:
        type: as much as is known of its type.
        value: its elements, for small constants.
        outline: what stands for it, if it is no array.
    """

    type: Attribute
    value: np.ndarray | None = None
    outline: Outlined | None = None

    @property
    def key(self) -> Hashable:
        """Equal for facts that are the same."""
        value = None if self.value is None else (self.value.dtype.str, self.value.shape, self.value.tobytes())
        return self.type, value, None if self.outline is None else self.outline.key

    def says_as_much_as(self, other: Fact) -> bool:
        """Whether two facts are the same."""
        return self.key == other.key


def shape_of(type: Attribute) -> tuple[int, ...] | None:
    """The shape of tensors of a type, -1 for sizes that are not known; None where the rank is not, or of no tensor."""
    return tuple(max(size, -1) for size in type.get_shape()) if isinstance(type, TensorType) else None


def is_static(type: Attribute) -> bool:
    """Whether a type says all sizes."""
    return isinstance(type, TensorType) and type.has_static_shape()


def with_shape(type: Attribute, shape: Sequence[int]) -> Attribute:
    """The type of tensors of another shape."""
    assert isinstance(type, TensorType | UnrankedTensorType)
    return TensorType(type.element_type, [DYNAMIC_INDEX if size < 0 else size for size in shape])


def spelled(shape: Sequence[int]) -> str:
    """A shape as messages have it."""
    return f"[{', '.join('?' if size < 0 else str(size) for size in shape)}]"


def narrowed(type: Attribute, shape: Sequence[int]) -> Attribute:
    """A type that is as declared, with what a shape says beyond it.

    Raises:
        Misfit: the shape is none of that type.
    """
    declared = shape_of(type)
    if declared is None:
        return with_shape(type, shape)
    if len(declared) != len(shape) or any(0 <= a != b >= 0 for a, b in zip(declared, shape, strict=True)):
        raise Misfit(f"gives a result of shape {spelled(shape)}, but the program says {spelled(declared)}")
    merged = [b if a < 0 else a for a, b in zip(declared, shape, strict=True)]
    return type if tuple(merged) == declared else with_shape(type, merged)


def joined(one: Fact, other: Fact) -> Fact:
    """What holds for both of two values of one element type."""
    if one.says_as_much_as(other):
        return one
    if one.type == other.type:
        if one.outline is None or other.outline is None:
            return Fact(one.type)
        return Fact(one.type, outline=one.outline.joined(other.outline))
    first, second = shape_of(one.type), shape_of(other.type)
    if isinstance(one.type, UnrankedTensorType) or first is None:
        return Fact(one.type)
    if second is None or len(first) != len(second):
        assert isinstance(one.type, TensorType)
        return Fact(UnrankedTensorType(one.type.element_type))
    return Fact(with_shape(one.type, [a if a == b else -1 for a, b in zip(first, second, strict=True)]))


def constant_fact(value: Attribute | None, type: Attribute) -> Fact:
    """What is known of a constant."""
    if not isinstance(value, DenseIntOrFPElementsAttr) or not is_small(value.get_type()):
        return Fact(type)
    try:
        return Fact(value.get_type(), dense_value(value))
    except ValueError:
        # What files cannot hold, which is reported when the file is written.
        return Fact(type)


def is_small(type: Attribute) -> bool:
    """Whether a constant of a type is looked into."""
    shape = shape_of(type)
    return shape is not None and 0 <= math.prod(shape) <= MOST_ELEMENTS and is_static(type)


def infer(op: Operation, core: CoreOp, inputs: Sequence[Fact]) -> list[Fact] | None:
    """What is known of the results of an op for what is known of its inputs; None where it is no more than is declared.

    Raises:
        Misfit: the op cannot be run on such inputs.
    """
    known = [_known(fact) for fact in inputs]
    if core.entry.has_effects or any(each is None for each in known):
        return _given(op, core.entry.shape_input, inputs)
    try:
        # Of zeros there may be no logarithm.
        with np.errstate(all="ignore"):
            return _inferred(op, core, [each for each in known if each is not None])
    except KernelError as error:
        raise Misfit(error.message) from None
    except Misfit:
        raise
    except Exception:
        # Whatever is wrong is reported, in the op's words, when the program runs.
        return None


def _given(op: Operation, shape_input: int | None, inputs: Sequence[Fact]) -> list[Fact] | None:
    """What is known of a result whose shape is an input."""
    value = None if shape_input is None else inputs[shape_input].value
    if value is None or value.ndim != 1 or value.dtype.kind not in "iu":
        return None
    return [Fact(narrowed(op.result_types[0], value.tolist()))]


def _known(fact: Fact) -> Known | None:
    if fact.value is not None or fact.outline is not None:
        return fact.value if fact.value is not None else fact.outline
    if not isinstance(fact.type, TensorType) or not fact.type.has_static_shape():
        return None
    dtype = dtype_of(fact.type.element_type)
    return None if dtype is None else TensorMetadata(dtype, tuple(fact.type.get_shape()))


def _inferred(op: Operation, core: CoreOp, inputs: Sequence[Known]) -> list[Fact] | None:
    entry, attrs = core.entry, OpAttrs.of_pairs(typed_values(core.attributes)).by_name
    declared = [_declared(type) for type in op.result_types]
    found = _metadata(entry, inputs, attrs, declared)
    folds = is_pure(op) and (entry.shape_only or all(isinstance(each, np.ndarray) for each in inputs))
    if folds and (found is None or all(math.prod(each.shape) <= MOST_ELEMENTS for each in found)):
        given = _run(entry, inputs, attrs, declared if found is None else found)
        return [_with_value(type, each) for type, each in zip(op.result_types, given, strict=True)]
    if found is None:
        shaping = entry.shaping_inputs(len(inputs), attrs)
        if shaping is None or not all(isinstance(inputs[number], np.ndarray) for number in shaping):
            return None
        given = _run(entry, inputs, attrs, declared)
        facts = [_with_value(type, each) for type, each in zip(op.result_types, given, strict=True)]
        return [Fact(fact.type, outline=fact.outline) for fact in facts]
    return [Fact(narrowed(type, each.shape)) for type, each in zip(op.result_types, found, strict=True)]


def is_pure(op: Operation) -> bool:
    """Whether an op gives the same for the same inputs, and does nothing else."""
    return (is_unregistered(op) or op.has_trait(Pure)) and not has_effects(op, frozenset())


def _declared(type: Attribute) -> TensorMetadata | None:
    """What a program says of a result: one size that is not known where the rank is not; None for what is no array."""
    assert isinstance(type, TensorType | UnrankedTensorType)
    dtype, shape = dtype_of(type.element_type), shape_of(type)
    return None if dtype is None else TensorMetadata(dtype, (-1,) if shape is None else shape)


def _with_value(type: Attribute, given: Any) -> Fact:
    """What is known of a result that is this."""
    if not isinstance(given, np.ndarray):
        return Fact(type, outline=given.outline() if isinstance(given, Outlined) else None)
    refined = narrowed(type, given.shape)
    assert isinstance(refined, TensorType)
    dtype = dtype_of(refined.element_type)
    fits = dtype is not None and given.dtype == dtype.numpy and is_small(refined)
    return Fact(refined, given if fits else None)


def _metadata(
    entry: OpEntry, inputs: Sequence[Known], attrs: Mapping[str, Any], declared: Sequence[TensorMetadata | None]
) -> Sequence[TensorMetadata] | None:
    """What the op's own functions say of results."""
    if entry.metadata is None and entry.constant_metadata is None:
        return None
    given: dict[str, Any] = {}
    if len(declared) == 1 and (only := declared[0]) is not None:
        # What an eager caller gives where it does not follow from operands.
        given["dtype"] = only.dtype
        if all(size >= 0 for size in only.shape):
            given["shape"] = only.shape
    found = entry.run_constant_metadata(tuple(inputs), {**given, **attrs})
    return found if found is not None and len(found) == len(declared) else None


def _run(
    entry: OpEntry, inputs: Sequence[Known], attrs: Mapping[str, Any], results: Sequence[TensorMetadata | None]
) -> Sequence[Any]:
    """What the op gives, for zeros where elements are not known."""
    values = [np.zeros(each.shape, each.dtype.numpy) if isinstance(each, TensorMetadata) else each for each in inputs]
    if entry.array_form is not None:
        known = tuple(TensorMetadata(DType.of(v), v.shape) if isinstance(v, np.ndarray) else _OBJECT for v in values)
        found = entry.arrays(known, attrs, None, tuple(results))(*values)
        return found if isinstance(found, tuple) else (found,)
    tensors = tuple(DenseHostTensor(value, DType.of(value)) for value in values if isinstance(value, np.ndarray))
    return [to_dense(tensor).array for tensor in entry.run(tensors, attrs, None, tuple(results))]
