"""Functions as the statements that they say they are."""

from __future__ import annotations

import numpy as np


class Scribe:
    """Runs statements that a plan would have."""

    def __init__(self, **names):
        self.names = names

    def constant(self, value, wish=""):
        self.names[f"c{len(self.names)}"] = value
        return f"c{len(self.names) - 1}"

    def attribute(self, value, attribute):
        return self.constant(getattr(value, attribute))

    def is_number(self, operand):
        return type(self.names.get(operand)) is int

    def run(self, statements):
        """What `r` is; it and what was there before are all that is left."""
        given = set(self.names)
        with np.errstate(all="raise"):
            exec("; ".join(statements), self.names)
        assert set(self.names) <= {*given, "r", "__builtins__"}
        return self.names["r"]


def as_written(write, arrays, out=None):
    """What statements give for arrays, and perhaps for one more that they write into."""
    values = [*arrays, *([] if out is None else [out])]
    scribe = Scribe(**{f"x{number}": value for number, value in enumerate(values)})
    return scribe.run(write(list(scribe.names), "r", scribe))
