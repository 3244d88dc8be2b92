"""Ops of StableHLO run in programs."""

import numpy as np
import pytest

import tfrt


@pytest.fixture(scope="session")
def in_program():
    """A function that runs one op, spelled as text with its operands ``%0``, ``%1``, … and its type, on arrays."""

    def run(op, signature, *operands, opt_level=2):
        operand_types, _, result_type = signature.partition(" -> ")
        arguments = ", ".join(f"%{i}: {type}" for i, type in enumerate(split_types(operand_types)))
        text = f"""
            func.func @main({arguments}) -> {result_type} {{
              %result = {op} : ({operand_types}) -> {result_type}
              return %result : {result_type}
            }}"""
        found = tfrt.load(tfrt.compile(text, opt_level=opt_level))["main"](*operands)
        assert isinstance(found, np.ndarray)
        return found

    return run


def split_types(types):
    """The types of a list, of which none has a comma."""
    return [type.strip() for type in types.split(",") if type.strip()]
