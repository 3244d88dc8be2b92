"""`externalize-constants`: large constants in a file of their own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, ModuleOp, StringAttr, i1
from xdsl.passes import ModulePass

from tfrt.compiler.emitter.attributes import dtype_of
from tfrt.dialects.cpu.arrays import ConstantOp, WeightOp
from tfrt.dialects.cpu.metadata import metadata_attribute
from tfrt.executor.support.errors import UsageError
from tfrt.executor.values.safetensors import holds, write_safetensors


@dataclass(frozen=True)
class ExternalizeConstants(ModulePass):
    """Writes large constant arrays into a safetensors file, and refers to them by name: they become weights.

    Who loads the program gives it that file, or other arrays of the same names, types and shapes (`bef-run --weights`,
    `tfrt.load`). Constants that are alike become one. Element types that such files lack stay in the program. Lowering
    makes arrays, so this pass comes after all others; `tfrt-translate --externalize-constants` runs it there.

    Args:
        file: the file to write.
        larger_than: how many bytes a constant has at most that stays in the program.
    """

    name = "externalize-constants"
    anchor = "builtin.module"

    file: str = ""
    larger_than: int = 1024

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if not self.file:
            raise UsageError(
                "pass 'externalize-constants' needs a file: externalize-constants{file=\"weights.safetensors\"}"
            )
        found = list(op.walk())
        taken = {inner.weight_name.data for inner in found if isinstance(inner, WeightOp)}
        names = (name for number in count() if (name := f"constant{number}") not in taken)
        by_value: dict[DenseIntOrFPElementsAttr, str] = {}
        weights: dict[str, np.ndarray] = {}
        for constant in found:
            if not isinstance(constant, ConstantOp):
                continue
            array = _array(constant.value)
            if array is None or array.nbytes <= self.larger_than:
                continue
            if constant.value not in by_value:
                name = by_value[constant.value] = next(names)
                weights[name] = array
            _replace(constant, by_value[constant.value])
        write_safetensors(self.file, weights)


def _array(value: DenseIntOrFPElementsAttr) -> np.ndarray | None:
    """The elements, where files can hold them; they are not copied."""
    element = value.get_element_type()
    dtype = dtype_of(element)
    if dtype is None or not holds(dtype):
        return None
    stored = np.frombuffer(value.data.data, np.int8 if element == i1 else dtype.numpy)
    shape = value.get_shape()
    array = stored != 0 if element == i1 else stored
    return np.broadcast_to(array.reshape(()), shape) if array.size == 1 else array.reshape(shape)


def _replace(constant: ConstantOp, name: str) -> None:
    attributes = {"metadata": metadata_attribute([constant.array.type]), "name": StringAttr(name)}
    weight = WeightOp.create(attributes=attributes, result_types=[constant.array.type])
    weight.location = constant.location
    block = constant.parent
    assert block is not None
    block.insert_op_before(weight, constant)
    constant.array.replace_all_uses_with(weight.array)
    constant.detach()
    constant.erase()
