"""The convolutional networks: accuracy, and agreement of the program with the eager run."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "convnets"


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_as_a_program(tool, monkeypatch, queue, level):
    monkeypatch.chdir(ROOT)
    bef = tool("tfrt-translate", level, str(EXAMPLE / "nets.mlir")).stdout
    done = tool(
        "bef-run", "--test_init_function=register_cpu", "--functions=main", f"--work_queue_type={queue}", stdin=bef
    )
    assert done.code == 0, done.err
    lenet, resnet = (float(v) for v in re.findall(r"values = \[(\S+)\]", done.out))
    assert lenet >= 0.95
    assert resnet >= 0.98


def test_lowered_no_layer_is_dispatched(tool):
    text = tool("tfrt-opt", "-O2", "--allow-unregistered-dialect", str(EXAMPLE / "nets.mlir")).out
    for name in ("lenet", "resnet"):
        (body,) = re.findall(rf"func.func @{name}\(.*?\n  \}}", text, re.DOTALL)
        assert "corert.executeop" not in body
        assert 'op_name = "tf.Conv2D", steps = [["tf.' in body
        assert "cpu.arena" in body


@pytest.mark.parametrize("handler", ["cpu", "sim", "torch"])
def test_both_ways_agree_and_a_picture_is_drawn(script, monkeypatch, tmp_path, handler):
    if handler == "torch":
        pytest.importorskip("torch")
    picture = tmp_path / "digits.svg"
    monkeypatch.chdir(ROOT)
    lines = script(EXAMPLE / "run.py", picture, "--handler", handler).splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["lenet", "resnet"]
    assert all(line.endswith("top-1 agreement 1.0000") for line in lines[:2])
    texts = [e.text for e in ElementTree.parse(picture).iter() if e.tag.endswith("text")]
    assert sum(t.startswith("label: ") for t in texts) == 12
