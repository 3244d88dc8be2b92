"""The networks from JAX run as their README says, without JAX, and compute what it computed."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import tfrt

FOLDER = Path(__file__).parents[2] / "examples" / "jax"
EXAMPLES = ("adder", "digits", "trainer", "writer")


@pytest.fixture(scope="module", autouse=True)
def compiled_once():
    """Tests share what texts are compiled to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tfrt, "compile", cache(tfrt.compile))
        yield


@pytest.fixture
def run(script):
    """Runs an example as a script; gives what it prints."""
    return lambda name, *arguments: script(FOLDER / name / "run.py", *arguments)


def test_digits_are_recognised(run):
    lines = run("digits").splitlines()
    assert len(lines) == 11
    assert lines[8].count("looks like a") == 8
    shares = [re.fullmatch(r"(\w+): (\S+)% of 360 held-out digits recognised", line).groups() for line in lines[9:]]
    assert [name for name, _ in shares] == ["perceptron", "convolutional"]
    assert all(float(share) > 97 for _, share in shares)


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_scores_are_those_of_jax(name, level):
    text = (FOLDER / "digits" / f"{name}.mlir").read_text(encoding="utf-8")
    arrays = np.load(FOLDER / "digits" / f"{name}.npz")
    images = np.load(FOLDER / "digits.npz")["held_out_images"].astype(np.float32)
    main = tfrt.load(tfrt.compile(text, f"{name}.mlir", opt_level=level))["main"]
    scores = main(*[arrays[key] for key in arrays.files if key.startswith("arg")], images)
    np.testing.assert_allclose(scores, arrays["scores"], rtol=1e-4, atol=1e-4)


def test_a_network_is_trained(run):
    lines = run("trainer").splitlines()
    found = [
        re.fullmatch(r"epoch \d+: loss (\S+), (\S+)% of the held-out digits recognised", line).groups()
        for line in lines
    ]
    assert float(found[-1][1]) > 95
    assert float(found[-1][0]) < float(found[0][0]) / 4


def test_numbers_are_added(run):
    sums = [re.fullmatch(r"(\d+) \+ (\d+) = (\d+)", line).groups() for line in run("adder").splitlines()]
    assert len(sums) == 4
    assert all(int(a) + int(b) == int(c) for a, b, c in sums)
    assert run("adder", "77777777777", "3") == "77777777777 + 3 = 77777777780\n"


def test_the_transformer_writes_what_it_writes_with_jax(run):
    assert run("writer") == (FOLDER / "writer" / "expected.txt").read_text(encoding="utf-8") + "\n"


def test_the_transformer_reads_prompts_of_any_length(run):
    written = run("writer", "Jack and Jill went up the h", "--temperature", "0.3", "--seed", "1")
    assert len(written) == 129
    assert written.startswith("Jack and Jill went up the hill\n")


@pytest.mark.parametrize("name", EXAMPLES)
def test_running_needs_only_numpy(name):
    tree = ast.parse((FOLDER / name / "run.py").read_text(encoding="utf-8"))
    named = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    named |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {module.partition(".")[0] for module in named} - sys.stdlib_module_names == {"numpy", "tfrt"}


def test_files_are_small_and_say_nothing_of_where_they_were_made():
    for path in FOLDER.rglob("*.mlir"):
        text = path.read_text(encoding="utf-8")
        assert len(text) < 100_000
        assert ".py" not in text
    assert all(path.stat().st_size < 310_000 for path in FOLDER.rglob("*.npz"))


def test_the_command_lines_add(tool, tmp_path):
    bef = tmp_path / "add.bef"
    assert tool("tfrt-translate", "-O2", str(FOLDER / "adder" / "add.mlir"), "-o", str(bef)).code == 0
    arguments = FOLDER / "adder" / "arguments.npz"
    done = tool("bef-run", str(bef), "--function", "main", "--inputs", str(arguments))
    assert (done.code, done.err) == (0, "")
    bits = np.load(arguments)["arg6"].astype(int)
    scores = re.fullmatch(r"--- Running 'main':\n'main' returned 4x2xf32=\[(.*)\]\n", done.out)[1].split("][")
    sums = np.array([[float(score) > 0 for score in row.split()] for row in scores])
    powers = 1 << np.arange(4)
    assert list(powers @ sums) == list(powers @ bits.sum(2))
