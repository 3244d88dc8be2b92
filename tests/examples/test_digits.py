"""The digits example, through the command line and the Python API, against plain numpy."""

import re
from pathlib import Path

import numpy as np
import pytest

import tfrt
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import dense_from_numpy
from tfrt.executor.values.tensor_files import read_btf

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "examples" / "digits"


@pytest.fixture(scope="module")
def images():
    return np.load(DIGITS / "images.npy")


@pytest.fixture(scope="module")
def labels():
    return np.load(DIGITS / "labels.npy")


@pytest.fixture(scope="module")
def scores(images):
    """What the network computes, with numpy alone."""
    ranks = (2, 1, 2, 1)
    tensors = [read_btf(DIGITS / "weights.btf", i, DType.F32, rank).array for i, rank in enumerate(ranks)]
    weights1, bias1, weights2, bias2 = tensors
    return np.maximum(images @ weights1 + bias1, 0) @ weights2 + bias2


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_command_line(tool, monkeypatch, tmp_path, scores, labels, queue):
    monkeypatch.chdir(ROOT)
    bef = str(tmp_path / "digits.bef")
    compiled = tool("tfrt-translate", "examples/digits/digits.mlir", "-o", bef)
    assert (compiled.code, compiled.err) == (0, "")
    done = tool("bef-run", bef, "--work_queue_type", queue)
    assert (done.code, done.err) == (0, "")
    output = done.out
    shown = re.search(r"DenseHostTensor dtype = f32, shape = \[\], values = \[(\S+)\]", output)
    assert shown, output
    accuracy = float(shown[1])
    assert accuracy >= 0.95
    assert accuracy == pytest.approx(np.mean(scores.argmax(axis=1) == labels), abs=1e-6)


def test_files_are_looked_up_in_the_current_folder(tool, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    bef = tmp_path / "digits.bef"
    bef.write_bytes(tfrt.compile((DIGITS / "digits.mlir").read_text(), "digits.mlir"))
    done = tool("bef-run", bef)
    assert done.code == 1
    assert re.search(
        r"^digits\.mlir:\d+:\d+: error: runtime error: failed to open file examples/digits/images\.npy for reading$",
        done.err,
        re.MULTILINE,
    )


def test_predictions_agree_with_numpy(monkeypatch, images, scores):
    monkeypatch.chdir(ROOT)
    source = DIGITS / "digits.mlir"
    with tfrt.HostContext() as host:
        program = tfrt.load(tfrt.compile(source.read_text(), str(source)), host=host)
        digits = program["classify"](dense_from_numpy(images)).numpy()
    expected = scores.argmax(axis=1)
    # Sums in another order may decide otherwise only where two digits are nearly equally likely.
    best = np.sort(scores, axis=1)
    clear = best[:, -1] - best[:, -2] > 1e-3
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(digits[clear], expected[clear])


@pytest.mark.parametrize("handler", [None, "sim", "torch"])
def test_run_shows_digits(script, monkeypatch, labels, handler):
    if handler == "torch":
        pytest.importorskip("torch")
    monkeypatch.chdir(ROOT)
    lines = script("examples/digits/run.py", *(() if handler is None else ("--handler", handler))).splitlines()
    assert len(lines) == 12
    assert lines[8].count("looks like a ") == 8
    found = re.fullmatch(r"(\d+) of 360 held-out digits recognised \((\d+\.\d\d)%\)", lines[-2])
    assert found
    assert int(found[1]) / len(labels) >= 0.95
    assert re.fullmatch(r"9[5-9]\.\d\d% op by op, top-1 agreement 1\.0000", lines[-1])


def test_committed_files_are_small():
    sizes = [(DIGITS / name).stat().st_size for name in ("weights.btf", "images.npy", "labels.npy")]
    assert sum(sizes) < 200_000
