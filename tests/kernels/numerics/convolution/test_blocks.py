"""Convolutions give the same however many images' patches are in memory at a time."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.convolution import blocks, by_patches, channels_first, channels_last
from tfrt.kernels.numerics.convolution.channels_first import prepare_channels_first
from tfrt.kernels.numerics.convolution.channels_last import convolve
from tfrt.kernels.numerics.windows import Window

WINDOWS = (Window(size=2, stride=1, dilation=2, before=1, after=2, count=6), Window(1, 2, 1, 0, 0, 3))


@pytest.mark.parametrize("least_line", [1, 1000])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("block_bytes", [1, 2000, 1 << 19])
def test_blocks(monkeypatch, groups, block_bytes, least_line):
    monkeypatch.setattr(by_patches, "LEAST_LINE", least_line)
    for module in (blocks, channels_first):
        monkeypatch.setattr(module, "BLOCK_BYTES", block_bytes)
    random = np.random.default_rng(0)
    images, filters = random.standard_normal((5, 5, 5, 4)), random.standard_normal((2, 1, 4 // groups, 8))
    grown = np.pad(images, ((0, 0), (1, 2), (0, 0), (0, 0)))
    part = 4 // groups
    expected = np.concatenate(
        [
            sum(
                grown[:, 2 * row : 2 * row + 6, ::2, g * part : (g + 1) * part]
                @ filters[row, 0, :, g * 8 // groups : (g + 1) * 8 // groups]
                for row in range(2)
            )
            for g in range(groups)
        ],
        axis=-1,
    )
    with HostContext("mstd:2") as host:
        np.testing.assert_allclose(convolve(images, filters, WINDOWS, host), expected)
        planes, first = images.transpose(0, 3, 1, 2), filters.transpose(3, 2, 0, 1)
        found = prepare_channels_first(planes.shape, first.shape, WINDOWS, planes.dtype, host)(planes, first)
    np.testing.assert_allclose(found.transpose(0, 2, 3, 1), expected)


@given(st.data())
def test_lines_are_as_good_as_rows(data):
    found, sizes = [], []
    for number in range(data.draw(st.integers(1, 3))):
        stride, dilation, count = (data.draw(st.integers(1, most)) for most in (2, 2, 5))
        size = data.draw(st.integers(1 if number else 2, 3))
        if not number:
            # Windows are one line apart, and see several.
            stride = 1
        needed = (count - 1) * stride + (size - 1) * dilation + 1
        before = data.draw(st.integers(0, min(1, needed - 1)))
        after = data.draw(st.integers(0, min(1, needed - 1 - before)))
        found.append(Window(size, stride, dilation, before, after, count))
        sizes.append(needed - before - after + data.draw(st.integers(0, stride - 1)))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    images = random.standard_normal((data.draw(st.integers(1, 3)), *sizes, 3))
    filters = random.standard_normal((*(window.size for window in found), 3, 4))
    rule = by_patches.are_lines
    results = []
    try:
        for are_lines in (True, False):
            by_patches.are_lines = lambda *_, are_lines=are_lines: are_lines
            results.append(convolve(images, filters, found))
    finally:
        by_patches.are_lines = rule
    np.testing.assert_allclose(*results, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("least_line", [1, 1000])
def test_several_threads_have_memory_of_their_own(monkeypatch, least_line):
    monkeypatch.setattr(by_patches, "LEAST_LINE", least_line)
    random = np.random.default_rng(0)
    window = Window(size=3, stride=1, dilation=1, before=1, after=1, count=12)
    run = channels_last.prepare((1, 12, 12, 4), (3, 3, 4, 5), [window] * 2, np.dtype(np.float32))
    given = [[random.standard_normal(s).astype(np.float32) for s in ((1, 12, 12, 4), (3, 3, 4, 5))] for _ in range(4)]
    expected = [run(*arrays) for arrays in given]
    with ThreadPoolExecutor(4) as pool:
        for number, found in pool.map(lambda n: (n, [run(*given[n]) for _ in range(50)]), range(4)):
            assert all(np.array_equal(each, expected[number]) for each in found)


@pytest.mark.parametrize("least_line", [1, 1000])
@pytest.mark.parametrize("most", [0, 1 << 19])
def test_memory_that_stays_is_as_good_as_new(monkeypatch, most, least_line):
    """Of convolutions of the same sizes each finds what the other has left."""
    monkeypatch.setattr(by_patches, "LEAST_LINE", least_line)
    monkeypatch.setattr(channels_last, "MOST_HELD", most)
    random = np.random.default_rng(0)
    window = Window(size=3, stride=1, dilation=1, before=1, after=1, count=6)
    runs = [channels_last.prepare((2, 6, 6, 4), (3, 3, 4, 5), [window] * 2, np.dtype(np.float64)) for _ in range(2)]
    for run in runs * 2:
        images, filters = random.standard_normal((2, 6, 6, 4)), random.standard_normal((3, 3, 4, 5))
        grown = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
        expected = sum(grown[:, i : i + 6, j : j + 6] @ filters[i, j] for i in range(3) for j in range(3))
        np.testing.assert_allclose(run(images, filters), expected)
