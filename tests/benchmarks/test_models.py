"""The benchmark of networks runs, and refuses ways that disagree. Nothing here looks at times."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

MODELS = Path(__file__).parents[2] / "benchmarks" / "models.py"


@pytest.fixture
def names(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    return runpy.run_path(str(MODELS))


def test_a_network(names, tmp_path, capsys):
    options = [
        "--networks",
        "mlp-1",
        "--ways",
        "tfrt-file,numpy",
        "--threads",
        "1",
        "--rounds",
        "2",
        "--starts",
        "1",
    ]
    assert names["main"]([*options, "--json", str(tmp_path / "times.json")]) == 0
    (found,) = json.loads((tmp_path / "times.json").read_text()).values()
    ways = found["ways"]
    assert {way: len(numbers["starts"]) for way, numbers in ways.items()} == {"tfrt-file": 1, "numpy": 1}
    assert all(len(numbers["calls"]) >= 2 for numbers in ways.values())
    assert 0 < found["roofline"]["computing"] <= found["roofline"]["bound"]
    # Three products of a row, and what follows them.
    assert sum(kernel["operations"] for kernel in found["kernels"]) == pytest.approx(2 * 669_706, rel=0.01)
    # The two hidden rows; a run takes that and what Python needs.
    assert found["planned"] <= ways["tfrt-file"]["arrays"] <= found["planned"] + 20_000
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("1 thread: ")
    assert [line.split()[0] for line in shown if line.startswith("  ")] == ["tfrt-file", "numpy", "(compiled"]
    assert max(map(len, shown)) <= 120


def test_each_network_has_the_text_of_its_shapes(names):
    for name, network in names["NETWORKS"].items():
        text = (MODELS.parent / "networks" / "texts" / f"{name}.mlir").read_text(encoding="utf-8")
        (signature,) = [line for line in text.splitlines() if "func.func public @main" in line]
        arguments = signature.partition("->")[0].count("tensor<")
        assert arguments == len(network.weights) + len(network.inputs)


def test_what_is_no_network_has_no_constants(names):
    with pytest.raises(ValueError, match=r"^there is no function @main with weights and inputs$"):
        names["with_constants"]("func.func public @main(%arg0: tensor<2xf32>) -> tensor<2xf32> {\n}", [np.zeros(2)])


def test_ways_that_disagree_are_refused(names):
    with pytest.raises(ValueError, match=r"^net: b and a disagree$"):
        names["_compare"]({"a": np.zeros(2), "b": np.ones(2)}, "net")


# -- what the machine reaches -------------------------------------------------------------------------------------


@pytest.fixture
def roofline(names):
    return sys.modules["roofline"]


def test_a_bound_is_what_takes_longest_kernel_by_kernel(roofline):
    machine = roofline.Machine(gflops=10.0, reads={1000: 4.0, 10_000: 2.0}, blas=None, warning="")
    assert [machine.reading(amount) for amount in (1, 1000, 1001, 10**9)] == [4.0, 4.0, 2.0, 2.0]
    kernels = [{"operations": 5000, "given": 100, "made": 0}, {"operations": None, "given": 600, "made": 400}]
    found = machine.bound(kernels, given=1500, made=500)
    # The first one computes for 500 ns; the second one reads 600 bytes from afar and moves 400 nearby.
    assert found == pytest.approx({"bound": 900e-9, "computing": 500e-9, "moving": 450e-9})


@pytest.mark.parametrize(
    ("architecture", "flags", "environment", "expected"),
    [
        ("SkylakeX", ["sse2", "avx", "avx2", "avx512f"], {}, ""),
        ("Zen", ["sse2", "avx", "avx2"], {}, ""),
        ("Prescott", ["sse2"], {}, ""),
        ("neoversen1", [], {}, ""),
        (
            "Haswell",
            ["avx", "avx2", "avx512f"],
            {},
            "OpenBLAS runs its Haswell kernels, which use AVX2, where AVX512 is there: its build has none for this "
            "processor",
        ),
        (
            "Nehalem",
            ["sse2", "avx", "avx2"],
            {"OPENBLAS_CORETYPE": "Nehalem"},
            "OpenBLAS runs its Nehalem kernels, which use SSE, where AVX2 is there: OPENBLAS_CORETYPE=Nehalem asks for "
            "them",
        ),
    ],
)
def test_kernels_of_blas_that_are_not_the_best_are_told(roofline, architecture, flags, environment, expected):
    assert roofline.kernels_warning(architecture, flags, environment) == expected


def test_what_a_machine_reaches_at_any_time_counts(roofline):
    first = roofline.Machine(10.0, {1: 2.0, 2: 5.0}, "openblas", "")
    second = roofline.Machine(8.0, {1: 3.0, 2: 4.0}, "openblas", "")
    assert roofline.better(first, second) == roofline.Machine(10.0, {1: 3.0, 2: 5.0}, "openblas", "")


def test_a_machine_survives_json(roofline):
    machine = roofline.Machine(1.5, {1: 2.0}, "openblas", "slow")
    assert roofline.of_json(json.loads(json.dumps(vars(machine)))) == machine
    said = "3 threads: 2 GFLOP/s in products, GB/s read: 2 of 256 kB, 2 of 4 MB, 2 of 64 MB"
    assert roofline.lines(machine, 3) == [said, "openblas", "warning: slow"]


def test_lines_fit_into_a_terminal(names):
    table = sys.modules["models_table"]
    machine = {"gflops": 1.0, "reads": {"1": 1.0}, "blas": None, "warning": ""}
    calls = [[9.876, 9.0], [9.5, 8.8]]
    way = {"calls": calls, "starts": [12.3456], "held": [10**9], "grown": 10**8, "arrays": 10**8, "borrowed": 10**7}
    found = {
        "kernels": [{"operations": 10**10, "given": 10**8, "made": 10**8}],
        "roofline": {"bound": 0.1, "computing": 0.1, "moving": 0.05},
        "planned": 10**8,
        "compiled": 1.0,
        "ways": {"tfrt-native": way, "onnxruntime": {**way, "grown": None}},
    }
    head, lines = table.heading(1, machine), table.rows("encoder-block", found)
    assert max(map(len, [*head, *lines])) == len(head[-1]) == len(lines[1]) == 120
