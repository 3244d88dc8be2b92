"""What tests of bef-run share: a program with functions of many kinds, and how it is run."""

from __future__ import annotations

from pathlib import Path

import pytest

import tfrt
from tests.tools.programs import PROGRAM


@pytest.fixture(scope="session")
def bef(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bef") / "program.bef"
    path.write_bytes(tfrt.compile(PROGRAM, "program.mlir"))
    return path


@pytest.fixture
def run(tool, bef):
    """Runs functions of `PROGRAM`; returns the exit code, the output and what came on stderr."""

    def call(*arguments):
        done = tool("bef-run", bef, *arguments)
        return done.code, done.out, done.err.replace(str(bef), "program.bef")

    return call
