"""Levels of processors."""

from __future__ import annotations

import pytest

from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.processor_levels import LEVELS, best_level, level_named


def test_each_level_has_what_lesser_ones_have():
    best, lesser = LEVELS
    assert lesser.flags < best.flags and lesser.vector_bytes < best.vector_bytes


def test_the_best_level_of_a_processor():
    best, lesser = LEVELS
    assert best_level(best.flags | {"amx_tile"}) is best
    assert best_level(best.flags - {"avx512vl"}) is lesser
    assert best_level(lesser.flags - {"fma"}) is None


def test_levels_have_names():
    assert [level_named(level.name) for level in LEVELS] == list(LEVELS)
    with pytest.raises(UsageError) as error:
        level_named("armv8")
    assert str(error.value) == "there is no processor level 'armv8'; there are 'x86-64-v4' and 'x86-64-v3'"
