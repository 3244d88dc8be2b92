"""The front end: MLIR text to located xDSL IR.

`parse_module` reads a whole text and verifies what it says. The stages, in order, and what they share:

=========================  ======================================================================================
`pipeline.py`              the stages, put together
`lexer.py`                 text to tokens
`lines.py`                 lines that say the same of other values
`line_ops.py`              the ops of these
`number_lists.py`          long lists of numbers, without a token for each
`parser.py`                tokens to records, with ``grammar.lark`` and what a rule means
`lark_tables.py`          what is lark's: the grammar's tables, compiled and kept
`syntax.py`                what each rule means
`builder.py`               records to IR
`scopes.py`                the names of values
`records.py`               what the text says of ops: the parser's results, the builder's input
`session.py`               the state of one parse
`words.py`                 what words mean to the lexer
`assembly.py`              from an op's `assembly_format` to its parse rule
`assembled_ops.py`         from records of such rules to ops
`custom_forms.py`          forms that no format string expresses
`builtin_types.py`         types that words name, and shaped ones
`number_literals.py`       numbers to attributes
`string_literals.py`       what strings say
`dense_literals.py`        dense values and arrays of elements to attributes
`compiled_modules.py`      modules that another compiler compiles
`compiled_forms.py`        ops in them that MLIR takes and xDSL's definitions do not
`extents.py`               how large attributes are when they are spelled out
`recovery.py`              going on after a syntax error
`errors.py`                what is said when a text is wrong, and where
=========================  ======================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

__all__ = ["parse_module", "split_input"]

_SPLIT_MARK = "// -----"


def parse_module(text: str, filename: str = "-", *, allow_unregistered: bool = False) -> ModuleOp:
    """The verified module that `text` spells.

    A text that is one `module` op is that module; any other is wrapped in one. `filename` is what locations
    call the text. Ops of unknown dialects are refused unless `allow_unregistered`.

    Raises:
        CompileError: the text is malformed or invalid; the error holds one diagnostic for each mistake found.
    """
    from tfrt.compiler.frontend.pipeline import read_module

    return read_module(text, filename, allow_unregistered=allow_unregistered)


def split_input(text: str) -> list[tuple[int, str]]:
    """The parts of a text between lines that start with ``// -----``, each with the lines before it in the
    text.
    """
    parts: list[tuple[int, str]] = []
    lines: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(keepends=True)):
        if line.startswith(_SPLIT_MARK):
            parts.append((first, "".join(lines)))
            lines = []
            first = number + 1
        else:
            lines.append(line)
    parts.append((first, "".join(lines)))
    return parts
