"""Chains, the values that order side effects, and devices."""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr
from xdsl.irdl import (
    IRDLOperation,
    attr_def,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.pattern_rewriter import RewritePattern
from xdsl.traits import HasCanonicalizationPatternsTrait, Pure

from tfrt.dialects.tfrt.types import CHAIN, DEVICE


class MergeChainsCanonicalizations(HasCanonicalizationPatternsTrait):
    """Drops chains that something else orders anyway."""

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from tfrt.dialects.tfrt.canonicalization import DropImpliedChains

        return (DropImpliedChains(),)


@irdl_op_definition
class NewChainOp(IRDLOperation):
    """A chain that is ready at once."""

    name = "tfrt.new.chain"
    chain = result_def(CHAIN)
    traits = traits_def(Pure())
    assembly_format = "attr-dict"


@irdl_op_definition
class MergeChainsOp(IRDLOperation):
    """A chain that is ready when all the inputs are, which need not be chains."""

    name = "tfrt.merge.chains"
    inputs = var_operand_def()
    chain = result_def(CHAIN)
    traits = traits_def(Pure(), MergeChainsCanonicalizations())
    assembly_format = "$inputs attr-dict `:` type($inputs)"


@irdl_op_definition
class GetDeviceOp(IRDLOperation):
    """The device of a name, such as "CPU:0"."""

    name = "tfrt.get_device"
    chain = operand_def(CHAIN)
    device_name = attr_def(StringAttr)
    device = result_def(DEVICE)
    assembly_format = "operands attr-dict"
