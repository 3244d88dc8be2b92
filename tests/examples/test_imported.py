"""The networks from Keras and PyTorch run as their READMEs say, with numpy alone, and compute what these computed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tfrt

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = {"keras": ("serving_default", "images", "probabilities"), "torch": ("main", "images", "scores")}

WITH_NUMPY_ALONE = '''
import runpy, sys

ALLOWED = {"numpy", "tfrt", "threadpoolctl", *sys.stdlib_module_names}

class Only:
    """Finds nothing but what is allowed, as if nothing else were installed."""

    def __init__(self, finders):
        self.finders = finders

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ALLOWED or name.startswith(("tfrt.compiler", "tfrt.dialects")):
            return None
        found = (finder.find_spec(name, path, target) for finder in self.finders if hasattr(finder, "find_spec"))
        return next((spec for spec in found if spec is not None), None)

sys.meta_path[:] = [Only(sys.meta_path[:])]
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
'''


def compiled(name: str, level: int) -> bytes:
    file = FOLDER / name / "digits.mlir"
    return tfrt.compile(file.read_text(encoding="utf-8"), str(file), opt_level=level)


@pytest.mark.parametrize("name", EXAMPLES)
def test_digits_are_recognised_with_numpy_alone(name, tmp_path):
    bef = tmp_path / "digits.bef"
    bef.write_bytes(compiled(name, 2))
    command = [sys.executable, "-c", WITH_NUMPY_ALONE, str(FOLDER / name / "run.py"), str(bef)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 11
    assert lines[8].count("looks like a") == 8
    share = re.fullmatch(r"(\S+)% of 360 held-out digits recognised", lines[9])[1]
    assert float(share) > 96
    difference = re.fullmatch(r"largest difference from (Keras|PyTorch): (\S+)", lines[10])[2]
    assert float(difference) < 1e-4


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("name", EXAMPLES)
def test_results_are_those_of_the_framework(name, level):
    function, argument, result = EXAMPLES[name]
    images = np.load(FOLDER / "jax" / "digits.npz")["held_out_images"].reshape(-1, 8, 8).astype(np.float32)
    program = tfrt.load(compiled(name, level), weights=str(FOLDER / name / "digits.safetensors"))
    expected = np.load(FOLDER / name / "expected.npz")[result]
    for count in (1, 7, len(images)):
        found = program[function](**{argument: images[:count]})
        np.testing.assert_allclose(found, expected[:count], rtol=1e-4, atol=1e-4)


def test_an_onnx_model_is_imported_as_it_was(tmp_path):
    pytest.importorskip("onnx", reason="needs onnx")
    weights = tmp_path / "digits.safetensors"
    text = tfrt.import_onnx(FOLDER / "torch" / "digits.onnx", weights=weights)
    assert text == (FOLDER / "torch" / "digits.mlir").read_text(encoding="utf-8")
    assert weights.read_bytes() == (FOLDER / "torch" / "digits.safetensors").read_bytes()


@pytest.mark.parametrize("name", EXAMPLES)
def test_files_are_small_and_say_nothing_of_where_they_were_made(name):
    files = [path for path in (FOLDER / name).iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 200_000
    text = (FOLDER / name / "digits.mlir").read_text(encoding="utf-8")
    assert ".py" not in text
