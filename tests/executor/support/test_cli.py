"""What command lines say on stderr."""

import io
import sys

from tfrt.executor.support import cli
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.location import UNKNOWN


class Pieces(io.StringIO):
    """A stream that keeps what is written to it apart."""

    def __init__(self):
        super().__init__()
        self.pieces = []

    def write(self, text):
        self.pieces.append(text)
        return super().write(text)


def test_what_several_threads_say_stays_whole_lines(monkeypatch):
    # A thread may come in between two writes, never within one.
    stderr = Pieces()
    monkeypatch.setattr(sys, "stderr", stderr)
    cli.report([Diagnostic("error", "one", UNKNOWN), Diagnostic("error", "two", UNKNOWN)])
    cli.explain("more\n")
    cli.complain("bef-run", "no such file")
    assert len(stderr.pieces) == 4
    assert all(piece.endswith("\n") for piece in stderr.pieces)
