"""Modules that another compiler compiles: ``module @k attributes {tfrt.compiled} {…}``.

What such a module holds is no program of ours, but `arith`, `memref`, `scf`, `linalg` and what else a kernel hands to
a code generator. xDSL defines these dialects and reads their custom forms, so it reads the bodies: `cut` takes them out
of the text before ours is read, and `put_back` fills the modules that were read without them. A body that xDSL cannot
read, but our own front end can (with ops of ours whose form is written by hand), is read by that.

Ops get the positions that their names have in the whole text. A body sees the aliases of the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NoReturn

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr, UnknownLoc, UnregisteredOp
from xdsl.ir import Block, Operation

from tfrt.compiler.frontend.errors import Source
from tfrt.dialects import get_dialects
from tfrt.dialects.shared.open_context import OpenContext
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CompileError

if TYPE_CHECKING:
    from xdsl.parser import Parser

COMPILED = "tfrt.compiled"
"""The attribute of a module that is passed on as text."""

_SPACE = r"(?:\s|//[^\n]*)*"
_STRING = r'"(?:[^"\\\n]|\\.)*"'
_LANDMARK = re.compile(
    rf"""
    //[^\n]*
  | (?P<GENERIC>"builtin\.module"{_SPACE}\({_SPACE}\)) | {_STRING} | @{_STRING}
  | (?P<CUSTOM>(?<![\w.$%@^\#!-])(?:builtin\.)?module\b(?:{_SPACE}@(?:[A-Za-z_][\w$.]*|{_STRING}))?{_SPACE}attributes\b)
  | (?P<OPEN>[({{\[]) | (?P<CLOSE>[)}}\]])
    """,
    re.VERBOSE | re.ASCII,
)
_ENTRY_PART = re.compile(
    rf"//[^\n]*|(?P<NAME>{_STRING}|[A-Za-z_][\w$.]*)|->|(?P<OPEN>[<({{\[])|(?P<CLOSE>[>)}}\]])|[,=]|[@\#!][\w$.\-]+",
    re.ASCII,
)
_STRINGS = re.compile(rf'//[^\n]*|{_STRING}|"')
_ALIAS = re.compile(r"^[ \t]*[#!][A-Za-z_$.\-][\w$.\-]*[ \t]*=[ \t]*(?P<KIND>\w*)", re.ASCII | re.MULTILINE)
_ALIAS_PART = re.compile(rf"//[^\n]*|{_STRING}|->|[<(\[{{]|[>)\]}}]|\n|\Z")
_OTHERS_ONLY = frozenset({"affine_map", "affine_set", "strided"})
"""Attributes that only bodies have a use for; our own grammar does not know them."""


@dataclass(frozen=True, slots=True)
class Body:
    """What stands between the braces of a compiled module: ``text[start:end]``."""

    start: int
    end: int


def cut(text: str) -> tuple[str, list[Body]]:
    """`text` with blanks in place of the bodies of compiled modules, and where they are, in the text's order."""
    if COMPILED not in text:
        return text, []
    bodies = list(_find_bodies(text))
    if not bodies:
        return text, []
    blanked: list[str] = []
    position = 0
    hidden = [Body(alias.start(), _end_of_alias(text, alias)) for alias in _aliases(text, bodies) if _is_hidden(alias)]
    for part in sorted([*bodies, *hidden], key=lambda part: part.start):
        blanked += [text[position : part.start], re.sub(r"[^\n]", " ", text[part.start : part.end])]
        position = part.end
    return "".join([*blanked, text[position:]]), bodies


@contextmanager
def set_aside(module: ModuleOp) -> Iterator[None]:
    """Within this context the compiled modules in `module` are empty: what they hold is not for our passes."""
    aside: list[tuple[Block, list[Operation]]] = []
    for op in [inner for inner in ops_in(module) if COMPILED in inner.attributes]:
        if isinstance(op, ModuleOp) and (block := op.body.blocks.first) is not None:
            aside.append((block, list(block.ops)))
            for inner in aside[-1][1]:
                inner.detach()
    try:
        yield
    finally:
        for block, ops in aside:
            block.add_ops(ops)


def put_back(
    module: ModuleOp,
    bodies: list[Body],
    source: Source,
    read_own: Callable[[str], ModuleOp],
    *,
    allow_unregistered: bool,
) -> list[Diagnostic]:
    """Fill the compiled modules in `module`, in order; what is wrong with the bodies is returned.

    Args:
        read_own: our own front end, which reads a text or raises a `CompileError`.
    """
    diagnostics: list[Diagnostic] = []
    aliases = "".join(
        source.text[alias.start() : _end_of_alias(source.text, alias)] + "\n" for alias in _aliases(source.text, bodies)
    )
    empty = [op for op in module.walk() if isinstance(op, ModuleOp) and COMPILED in op.attributes]
    if len(empty) != len(bodies):
        return [source.error(bodies[0].start, "what this module holds cannot be told from what is around it")]
    for op, body in zip(empty, bodies, strict=True):
        try:
            ops = _read(source, body, aliases, read_own, allow_unregistered)
        except CompileError as error:
            diagnostics += error.diagnostics
            continue
        if op.body.blocks.first is None:
            op.body.add_block(Block())
        block = op.body.block
        for inner in ops:
            inner.detach()
            block.add_op(inner)
    return diagnostics


def _find_bodies(text: str) -> Iterator[Body]:
    landmarks = list(_LANDMARK.finditer(text))
    closing = _closing(landmarks)
    done = 0
    for landmark in landmarks:
        if landmark.start() < done or landmark.lastgroup not in ("GENERIC", "CUSTOM"):
            continue
        body = (_body_of_generic if landmark["GENERIC"] else _body_of_custom)(text, landmark.end(), closing)
        if body is not None:
            done = body.end
            yield body


def _closing(landmarks: list[re.Match[str]]) -> dict[int, int]:
    """Where the bracket is that closes the one at an offset. Brackets that have none are left out."""
    closing: dict[int, int] = {}
    open_brackets: list[int] = []
    for landmark in landmarks:
        if landmark["OPEN"]:
            open_brackets.append(landmark.start())
        elif landmark["CLOSE"] and open_brackets:
            closing[open_brackets.pop()] = landmark.start()
    return closing


def _body_of_custom(text: str, position: int, closing: dict[int, int]) -> Body | None:
    attributes = _bracketed(text, position, "{", closing)
    if attributes is None or not _says_compiled(text, attributes):
        return None
    return _bracketed(text, attributes.end + 1, "{", closing)


def _body_of_generic(text: str, position: int, closing: dict[int, int]) -> Body | None:
    if (match := re.compile(rf"{_SPACE}<{_SPACE}").match(text, position)) is not None:
        properties = _bracketed(text, match.end(), "{", closing)
        if properties is None or (match := re.compile(rf"{_SPACE}>").match(text, properties.end + 1)) is None:
            return None
        position = match.end()
    regions = _bracketed(text, position, "(", closing)
    body = regions and _bracketed(text, regions.start, "{", closing)
    attributes = regions and _bracketed(text, regions.end + 1, "{", closing)
    return body if attributes and _says_compiled(text, attributes) else None


def _bracketed(text: str, position: int, bracket: str, closing: dict[int, int]) -> Body | None:
    """What is in the brackets that open next, if these ones do."""
    match = re.compile(rf"{_SPACE}{re.escape(bracket)}").match(text, position)
    if match is None or (end := closing.get(match.end() - 1)) is None:
        return None
    return Body(match.end(), end)


def _says_compiled(text: str, attributes: Body) -> bool:
    """Whether a name in a dictionary of attributes is `tfrt.compiled`; what the names are set to may say anything."""
    depth, is_name = 0, True
    for part in _ENTRY_PART.finditer(text, attributes.start, attributes.end):
        if part["OPEN"]:
            depth += 1
        elif part["CLOSE"]:
            depth -= 1
        elif depth == 0 and part[0] in ",=":
            is_name = part[0] == ","
        elif depth == 0 and is_name and part["NAME"] and part[0].strip('"') == COMPILED:
            return True
    return False


def _aliases(text: str, bodies: list[Body]) -> Iterator[re.Match[str]]:
    """The definitions of aliases outside of bodies."""
    return (m for m in _ALIAS.finditer(text) if not any(body.start <= m.start() < body.end for body in bodies))


def _is_hidden(alias: re.Match[str]) -> bool:
    return alias["KIND"] in _OTHERS_ONLY


def _end_of_alias(text: str, alias: re.Match[str]) -> int:
    depth = 0
    for part in _ALIAS_PART.finditer(text, alias.end("KIND")):
        if part[0] in "<([{" and part[0]:
            depth += 1
        elif part[0] in ">)]}" and part[0]:
            depth -= 1
        elif depth <= 0 and part[0] in ("\n", ""):
            return part.start()
    return len(text)


def _read(
    source: Source, body: Body, aliases: str, read_own: Callable[[str], ModuleOp], allow_unregistered: bool
) -> list[Operation]:
    """The ops of a body.

    Raises:
        CompileError: neither xDSL nor our own front end can read it.
    """
    from xdsl.utils.exceptions import ParseError, VerifyException

    for part in _STRINGS.finditer(source.text, body.start, body.end):
        if part[0] == '"':
            # xDSL's lexer takes time exponential in what follows to find that out.
            raise CompileError((source.error(part.start(), "expected '\"' in string literal"),))
    head = f"{aliases}module {{"
    text = source.text[body.start : body.end]
    parser = _parser(_context(allow_unregistered), f"{head}{text}}}", source, body.start - len(head))
    try:
        return list(parser.parse_module().body.ops)
    except ParseError as error:
        offset = body.start + min(max(error.span.start - len(head), 0), len(text))
        message = error.msg
    except VerifyException as error:
        offset, message = parser.op_offset(), str(error)
    except Exception as error:
        # Parsers of single ops raise what they like, an AssertionError or an IndexError among others.
        offset, message = parser.offset(), f"not understood: {error}"
    before = re.sub(r"[^\n]", " ", source.text[: body.start])
    try:
        own = read_own(before + text)
    except CompileError:
        first_line = message.strip().partition("\n")[0]
        raise CompileError((source.error(offset, f"in a compiled module: {first_line}"),)) from None
    return list(own.body.ops)


class _BodyContext(OpenContext):
    """The dialects of TFRT programs and all that xDSL has, with what xDSL does not know of their ops' forms."""

    def get_optional_op(self, name: str, *, dialect_stack: Sequence[str] = ()) -> type[Operation] | None:
        from tfrt.compiler.frontend.compiled_forms import missing_op, with_form

        found = super().get_optional_op(name, dialect_stack=dialect_stack)
        if found is not None and not issubclass(found, UnregisteredOp):
            return with_form(found)
        missing = missing_op(name)
        if missing is not None or found is None:
            return missing
        return _without_form(found, name)


def _context(allow_unregistered: bool) -> Context:
    from xdsl.dialects import get_all_dialects

    context = _BodyContext(allow_unregistered)
    # What a code generator reads is in the dialects that it has, of which ours may define a part.
    for name, factory in (get_dialects() | get_all_dialects()).items():
        context.register_dialect(name, factory)
    return context


def _parser(context: Context, text: str, source: Source, shift: int):
    from xdsl.parser import Parser

    filename = StringAttr(source.filename)
    unknown: set[Operation] = set()  # where the text says so

    class LocatingParser(Parser):
        """Gives every op the position of its name, `shift` characters further on, unless the text says where it is."""

        def offset(self) -> int:
            return self.pos + shift

        def op_offset(self) -> int:
            """Where the op that is being read starts."""
            return self.op_start + shift

        op_start = 0

        def parse_operation(self) -> Operation:
            start = self.pos
            around, self.op_start = self.op_start, start
            op = super().parse_operation()
            self.op_start = around
            _restore_sum(op)
            end = self.pos
            if not text[max(start, end - 100) : end].rstrip().endswith("loc(unknown)"):
                name = _RESULTS.match(text, start)
                line, column = source.line_and_column(max(0, (name.end() if name else start) + shift))
                location = FileLineColLoc(filename, IntAttr(line), IntAttr(column))
                # The parsers of some ops make the ops in their regions.
                for located in (op, *(inner for region in op.regions for inner in region.walk())):
                    if isinstance(located.location, UnknownLoc) and located not in unknown:
                        located.location = location
            else:
                unknown.add(op)
            return op

    return LocatingParser(context, text)


@cache
def _without_form(unregistered: type[Operation], name: str) -> type[Operation]:
    """The class of an op that no dialect defines; its custom form is refused in our own words."""

    def parse(_: type[Operation], parser: Parser) -> NoReturn:
        start = parser.lexer.input.content.rfind(name, 0, parser.pos)
        parser.raise_error(f"custom op '{name}' is unknown", start, start)

    return type(unregistered.__name__, (unregistered,), {"parse": classmethod(parse)})


def _restore_sum(op: Operation) -> None:
    """Put the sum that a named op of `linalg` ends with in MLIR's order: what has been added up so far comes first."""
    if op.name not in _SUMS or op.regions[0].blocks.first is None:
        return
    block = op.regions[0].blocks.first
    total = block.last_op and block.last_op.operands[0].owner
    if isinstance(total, Operation) and len(total.operands) == 2 and total.operands[1] is block.args[-1]:
        total.operands = [*reversed(total.operands)]


_SUMS = frozenset({"linalg.matmul", "linalg.quantized_matmul"})
_RESULTS = re.compile(r"%[^=\"]*=\s*")
"""What stands before the name of an op that has results."""
