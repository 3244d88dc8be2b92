"""Functions that work in borrowed memory, written as statements.

A call of numpy for a small array takes a microsecond or two, and so do the calls of Python around it where others' data
has been in the caches meanwhile. So what is done to one block, from images to the last step of an epilogue, is one
function without others, in which all views are there already (see `workspaces`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tfrt.kernels.numerics.workspaces import Room, Workspace, borrow, give_back, laid


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a function's statements.

    Attributes:
        lines: the statements; they name parameters, values, places, and what statements before them assign.
        values: values by their names.
        places: names of what `make` gives: arrays in borrowed memory, where other parts' may lie, too, or in memory of
            their own, and views of these.
        key: the same for parts for which `make` gives the same.
        lasts: whether what is in borrowed memory is still needed by statements after these.
    """

    lines: Sequence[str]
    values: Mapping[str, Any] = field(default_factory=dict)
    places: Sequence[str] = ()
    make: Callable[[Room | Workspace], Sequence[Any]] | None = None
    key: Hashable = None
    lasts: bool = False


def function_of(parameters: Sequence[str], parts: Sequence[Part], *, stays: bool = True) -> Callable[..., Any]:
    """A function of these parameters that does what the parts say.

    Args:
        stays: whether places are laid out once, and not in each call.
    """
    lines: list[str] = []
    values: dict[str, Any] = {}
    start = size = 0
    for number, part in enumerate(parts):
        values |= part.values
        if part.make is None:
            lines += part.lines
            continue
        places = "".join(f"{name}, " for name in part.places)
        if stays:
            layout = laid((part.key, start), part.make, start)
            size = max(size, layout.size)
            start = layout.size if part.lasts else start
            # Who has the function has the layout.
            values |= {f"made{number}": layout.made, f"lay{number}": layout.lay}
            lines.append(f"{places}= made{number}.get(memory) or lay{number}(memory)")
        else:
            values[f"make{number}"] = part.make
            lines.append(f"{places}= make{number}(space)")
        lines += part.lines
    if all(part.make is None for part in parts):
        head, tail = [], []
    elif stays:
        values |= {"borrow": borrow, "size": size, "give_back": give_back}
        head, tail = ["memory = borrow(size)", "try:"], ["finally: give_back(memory)"]
    else:
        values["Workspace"] = Workspace
        head, tail = ["with Workspace() as space:"], []
    lines = [*head, *[f" {line}" if head else line for line in lines], *tail]
    exec("\n ".join([f"def function({', '.join(parameters)}):", *lines]), values)
    made: Callable[..., Any] = values.pop("function")
    return made
