"""What `lower-stablehlo` makes of custom calls: ops of the core runtime, identities, one error for all unknown ones."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.op_registry import CPU_OPS


@pytest.fixture
def seen():
    """Registers the target ``test.scale``, and gives the list of what it has been configured with."""
    given = []

    @tfrt.custom_call("test.scale", metadata=lambda x: x)
    def scale(
        x: tfrt.TensorMetadata,
        *,
        factor: float = 1.0,
        count: int = 0,
        flag: bool = False,
        sizes: tuple = (),
        inner_name: str = "",
        backend_config: str = "",
        plain: int = 0,
    ):
        given.append((factor, count, flag, sizes, inner_name, backend_config, plain))
        return lambda array, out=None: np.multiply(array, factor, out)

    yield given
    finding = CPU_OPS._finding
    del finding._known["custom_call.test.scale"], finding._owners["custom_call.test.scale"]


def called(attributes):
    text = f"""
        func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {{
          %0 = stablehlo.custom_call @test.scale(%x) {attributes} : (tensor<2xf32>) -> tensor<2xf32>
          return %0 : tensor<2xf32>
        }}"""
    program = tfrt.load(tfrt.compile(text, opt_level=2))
    return program["main"](np.array([1, 2], np.float32)).tolist()


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", (1.0, 0, False, (), "", "", 0)),
        ('{backend_config = "text"}', (1.0, 0, False, (), "", "text", 0)),
        ('{backend_config = "", plain = 7 : i64, mhlo.other = 1 : i64}', (1.0, 0, False, (), "", "", 7)),
        (
            "{api_version = 4 : i32, backend_config = {factor = 2.0 : f32, count = 200 : ui8, flag = true}}",
            (2.0, 200, True, (), "", "", 0),
        ),
        (
            '{mhlo.backend_config = {sizes = array<i64: 3, 4>, inner = {name = "n"}, flag = false}}',
            (1.0, 0, False, (3, 4), "n", "", 0),
        ),
        ("{mhlo.attributes = {sizes = dense<[5, 6]> : tensor<2xi64>}}", (1.0, 0, False, (5, 6), "", "", 0)),
        ("{mhlo.attributes = {sizes = dense<[0.5]> : tensor<1xf64>}}", (1.0, 0, False, (0.5,), "", "", 0)),
    ],
)
def test_targets_are_given_the_fields_of_their_configuration(seen, attributes, expected):
    assert called(attributes) == [expected[0], 2 * expected[0]]
    assert seen[-1] == expected


def test_eager_callers_call_targets(seen):
    with tfrt.HostContext() as host:
        (handle,) = tfrt.CoreRuntime.of(host).execute("custom_call.test.scale", np.array([1.0, 2.0]), factor=3.0)
        assert handle.result().array.tolist() == [3, 6]


@pytest.mark.parametrize(
    "call",
    [
        '@Sharding(%x) {mhlo.sharding = "{replicated}"}',
        "@SPMDFullToShardShape(%x)",
        "@SPMDShardToFullShape(%x)",
        "@LayoutConstraint(%x)",
        "@annotate_device_placement(%x) {has_side_effect = true}",
        "@xla.sdy.FuncResultSharding(%x) {has_side_effect = true}",
    ],
)
def test_what_is_said_to_several_devices_says_nothing_to_one(call):
    text = f"""
        func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {{
          %0 = stablehlo.custom_call {call} : (tensor<2xf32>) -> tensor<2xf32>
          return %0 : tensor<2xf32>
        }}"""
    assert tfrt.load(tfrt.compile(text))["main"](np.array([1, 2], np.float32)).tolist() == [1, 2]


def test_shapes_of_results_are_not_passed_on(seen):
    attributes = "{indices_of_shape_operands = dense<1> : tensor<1xi64>, mhlo.backend_config = {factor = 2.0 : f64}}"
    text = f"""
        func.func @main(%x: tensor<2xf32>, %s: tensor<1xi32>) -> tensor<?xf32> {{
          %0 = stablehlo.custom_call @test.scale(%x, %s) {attributes} : (tensor<2xf32>, tensor<1xi32>) -> tensor<?xf32>
          return %0 : tensor<?xf32>
        }}"""
    main = tfrt.load(tfrt.compile(text))["main"]
    assert main(np.array([1, 2], np.float32), np.array([2], np.int32)).tolist() == [2, 4]


def test_effects_are_in_order():
    """Calls with effects run although nobody uses their results, one after the other."""
    order = []

    @tfrt.custom_call("test.effect")
    def effect(x: tfrt.TensorMetadata, *, name: str):
        return lambda array, out=None: order.append(name) or np.copy(array)

    calls = "\n".join(
        f"%{name} = stablehlo.custom_call @test.effect(%x) "
        f'{{has_side_effect = true, mhlo.backend_config = {{name = "{name}"}}}} : (tensor<f32>) -> tensor<f32>'
        for name in "abc"
    )
    text = f"func.func @main(%x: tensor<f32>) -> tensor<f32> {{\n{calls}\nreturn %x : tensor<f32>\n}}"
    main = tfrt.load(tfrt.compile(text, opt_level=3))["main"]
    for _ in range(2):
        main(np.asarray(np.float32(1)))
    assert "".join(order) == "abcabc"


def test_unknown_targets_are_one_error_with_all_their_lines():
    text = """
func.func @main(%x: tensor<f32>) -> tensor<f32> {
  %0 = stablehlo.custom_call @nobody.a(%x) : (tensor<f32>) -> tensor<f32>
  %1 = stablehlo.custom_call @Sharding(%0) : (tensor<f32>) -> tensor<f32>
  %2 = stablehlo.custom_call @nobody_b(%1) {backend_config = "x"} : (tensor<f32>) -> tensor<f32>
  return %2 : tensor<f32>
}"""
    with pytest.raises(tfrt.CompileError) as error:
        tfrt.compile(text, filename="model.mlir")
    assert [(str(found.location), found.message) for found in error.value.diagnostics] == [
        (
            f"model.mlir:{line}:8",
            f"'stablehlo.custom_call' op calls '{name}', a target that is not registered: see tfrt.custom_call",
        )
        for line, name in ((3, "nobody.a"), (5, "nobody_b"))
    ]
