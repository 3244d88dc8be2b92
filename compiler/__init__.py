"""From MLIR text to BEF, and back: the front end, passes, the emitter and the disassembler.

Importing this package is cheap; xDSL and lark are imported when something is compiled.
"""

from __future__ import annotations


def compile(text: str, filename: str = "-", *, optional_sections: bool = True) -> bytes:
    """Compile MLIR text to a BEF file. Ops of unknown dialects are allowed; the host may have kernels for them.

    Args:
        text: the program.
        filename: what locations call it.
        optional_sections: see `tfrt.compiler.emitter.emit`.

    Raises:
        CompileError: the text is malformed or invalid, or BEF cannot hold it.
    """
    from tfrt.compiler.emitter import emit
    from tfrt.compiler.frontend import parse_module

    module = parse_module(text, filename, allow_unregistered=True)
    return emit(module, optional_sections=optional_sections)
