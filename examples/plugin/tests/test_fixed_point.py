"""The package as it is installed: its program through the command lines, and each of its parts."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tfrt

PROGRAM = Path(__file__).parents[1] / "program.mlir"

PRINTED = """\
--- Not running 'volume' because it has arguments.
--- Running 'main':
f32 = 2.500000
DenseHostTensor dtype = f32, shape = [4], values = [0.000000e+00, 5.000305e-02, 1.000000e+00, 1.638400e+04]
'main' returned !tfrt.chain value
"""


def run(tool: str, *arguments: str | Path, stdin: bytes = b"") -> bytes:
    """What a command line of this environment prints."""
    found = shutil.which(tool, path=Path(sys.executable).parent)
    assert found is not None, f"{tool} is not installed here"
    done = subprocess.run([found, *arguments], input=stdin, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


@pytest.mark.parametrize("options", [[], ["-O3", "-p", "fixed-shift,canonicalize"]])
def test_the_program_prints_the_same_with_any_passes(options):
    optimised = run("tfrt-opt", *options, PROGRAM)
    bef = run("tfrt-translate", stdin=optimised)
    assert run("bef-run", stdin=bef).decode() == PRINTED
    again = run("tfrt-translate", stdin=run("tfrt-translate", stdin=bef))
    assert again == bef


def test_products_with_powers_of_two_become_shifts():
    text = run("tfrt-opt", "--fixed-shift", "--canonicalize", PROGRAM).decode()
    assert "%0 = fixed.shift %arg0 by -2\n    tfrt.return %0 : !fixed.q16" in text
    assert "--fixed-shift" in run("tfrt-opt", "--help").decode()


def test_canonicalize_drops_products_with_one():
    assert run("tfrt-opt", "-O1", PROGRAM).decode().count("fixed.multiply") == 1


@pytest.mark.parametrize("text", ["32768.0", "-32768.1"])
def test_constants_have_a_range(text):
    with pytest.raises(tfrt.CompileError) as caught:
        tfrt.compile(
            f"func.func @f() -> !fixed.q16 {{\n  %x = fixed.constant {text}\n  tfrt.return %x : !fixed.q16\n}}"
        )
    assert caught.value.diagnostics[0].headline() == (
        f"-:2:8: error: 'fixed.constant' op value {text} is out of the range from -32768 to 32768"
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("fixed.multiply %x by %y", -3.75),
        ("fixed.multiply %big by %big", 32768.0),
        ("fixed.multiply %big by %small", -32768.0),
        ("fixed.shift %x by 2", 10.0),
        ("fixed.shift %x by -1", 1.25),
        ("fixed.shift %big by 20", 32768.0),
    ],
)
@pytest.mark.parametrize("plans", [True, False])
def test_arithmetic(expression, value, plans):
    bef = tfrt.compile(f"""func.func @f() -> f32 {{
      %x = fixed.constant 2.5
      %y = fixed.constant -1.5
      %big = fixed.constant 30000.0
      %small = fixed.constant -30000.0
      %z = {expression}
      %f = fixed.to_f32 %z
      tfrt.return %f : f32
    }}""")
    with tfrt.HostContext(plans=plans) as host:
        assert tfrt.load(bef, host=host)["f"]() == value


def test_a_shift_by_too_many_bits_fails_where_it_stands():
    bef = tfrt.compile("""func.func @f() -> !fixed.q16 {
      %x = fixed.constant 2.5
      %z = fixed.shift %x by 32
      tfrt.return %z : !fixed.q16
    }""")
    with tfrt.HostContext(diagnostic_handler=lambda _: None) as host, pytest.raises(tfrt.KernelError) as caught:
        tfrt.load(bef, host=host)["f"]()
    assert str(caught.value) == "-:3:12: cannot shift by 32 bits"


X = np.float32([-1.5, 0.1, 40000.0])


@pytest.mark.parametrize("handler", ["fixed", None])
def test_the_accelerator_computes_what_the_cpu_does(handler):
    with tfrt.HostContext() as host:
        runtime = tfrt.CoreRuntime.of(host)
        (y,) = runtime.execute("fixed.Scale", X, handler=handler, factor=0.5)
        assert y.device.name == ("FIXED:0" if handler else "CPU:0")
        assert y.to("cpu").numpy().tolist() == [-0.75, np.float32(3277 / 65536), 16384.0]


def test_what_the_accelerator_cannot_do_the_host_does():
    with tfrt.HostContext() as host:
        runtime = tfrt.CoreRuntime.of(host)
        (y,) = runtime.execute("fixed.Scale", X, handler="fixed", factor=2.0)
        (relu,) = runtime.execute("tf.Relu", y, handler="fixed")
        (negated,) = runtime.execute("tf.Neg", relu, handler="fixed")
        assert (relu.device.name, negated.device.name) == ("FIXED:0", "CPU:0")
        assert negated.numpy().tolist() == [0.0, -13108 / 65536, -32768.0]
        assert str(relu.result()) == "DenseFixedTensor shape = [3], on FIXED:0"


def test_what_does_not_fit():
    with tfrt.HostContext() as host:
        runtime = tfrt.CoreRuntime.of(host)
        with pytest.raises(tfrt.KernelError, match=r"fixed\.Scale takes f32 tensors, not i64"):
            runtime.execute("fixed.Scale", np.int64([1]), handler="fixed", factor=2.0)
        moved = runtime.transfer(np.int64([1]), "fixed")
        with pytest.raises(tfrt.KernelError, match="FIXED:0 holds f32 tensors, not i64"):
            moved.result()


CALL = """
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.custom_call @fixed_round(%x) {mhlo.backend_config = {scale = 2.0 : f32}}
    : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}"""


def test_programs_of_frameworks_call_it():
    found = tfrt.load(tfrt.compile(CALL))["main"](np.array([0.5, 2**-17 * 3], np.float32))
    np.testing.assert_array_equal(found, [1, 2**-14])


def test_what_it_calls_takes_floats():
    with pytest.raises(tfrt.KernelError) as caught:
        tfrt.load(tfrt.compile(CALL.replace("2xf32", "2xf64")))["main"](np.zeros(2))
    assert caught.value.message == "fixed_round takes f32, not f64"
