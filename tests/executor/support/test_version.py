"""The version stands in two places, which must agree."""

from __future__ import annotations

import importlib.metadata

import tfrt
from tfrt.executor.support.version import VERSION


def test_the_version_is_that_of_what_is_installed():
    assert importlib.metadata.version("tfrt") == VERSION == tfrt.__version__
