"""The catalogue: every name that programs may use has a kernel or an op behind an op handler, and occurs in tests.

Op definitions and kernels are two declarations of one thing. Here they are compared by name, attribute by attribute;
``tests/dialects/test_every_op.py`` compares what they come to in compiled programs.
"""

from __future__ import annotations

import importlib
import re
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from xdsl.dialects.builtin import SymbolRefAttr
from xdsl.irdl import IRDLOperation, OpDef, VariadicDef

from tfrt.dialects import get_dialects
from tfrt.dialects.traits import COST_ATTRIBUTE
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, modules_of
from tfrt.executor.declarations.op_registry import CPU_OPS

DENSE = "i8,i32,i64,ui8,ui16,ui32,ui64,f32,f64,bool,complex64,complex128"
FILLABLE = f"{DENSE},f16,bf16"
CREATABLE = "ui8,ui16,ui32,ui64,i1,i8,i16,i32,i64,bf16,f16,f32,f64,complex64,complex128"

KERNELS = f"""
tfrt.add.{{i32,i64,f32,f64}} tfrt.minus.{{i32,i64}} tfrt.mul.{{i32,i64}} tfrt.mul_s.{{i32,i64}}
tfrt.div.{{i32,i64,f32,f64}} tfrt.equal.{{i32,i64}} tfrt.lessequal.{{i32,i64}} tfrt.and.i1
tfrt.minimum.{{f32,f64}} tfrt.multiply.{{f32,f64}} tfrt.cast.{{i64_to_f32,i64_to_f64,f32_to_i64,f64_to_i64}}
tfrt.constant.{{i1,i32,i64,ui32,ui64,bf16,f16,f32,f64,complex64,complex128}} tfrt.constant_s.{{i32,i64,f16,f32,f64}}
tfrt.print.{{i1,i32,i64,f16,f32,f64,complex64,complex128}} tfrt.new.chain tfrt.merge.chains tfrt.alias.value
tfrt.call tfrt.if tfrt.cond tfrt.case tfrt.while tfrt.once tfrt.repeat.i32 tfrt.parallel_for.i32
tfrt.parallel_call.i32 tfrt.get_device

tfrt_test.do.async tfrt_test.benchmark tfrt_test.sync_benchmark tfrt_test.async_add.i32
tfrt_test.async_constant.{{i1,i32}} tfrt_test.async_copy.i32 tfrt_test.async_copy_2.i32
tfrt_test.async_copy.with_delay.{{i32,i64}} tfrt_test.copy.with_delay.{{i32,i64}} tfrt_test.async_value_get
tfrt_test.async_value_ref tfrt_test.make_indirect tfrt_test.identity tfrt_test.share_to_two
tfrt_test.multi_arg_result tfrt_test.as_chain tfrt_test.count3.{{i32,i64}} tfrt_test.flat tfrt_test.sum
tfrt_test.sum_array_attr.{{i32,i64}} tfrt_test.sync_sum_attributes tfrt_test.const_dense_attr tfrt_test.get_string
tfrt_test.get_string_sync tfrt_test.print_string tfrt_test.append_string tfrt_test.format_string
tfrt_test.string_equal tfrt_test.print_bool tfrt_test.print_hello tfrt_test.print_debug_info tfrt_test.unique_loc
tfrt_test.get_uniqueness tfrt_test.get_thread_id tfrt_test.get_request_context_data.i32
tfrt_test.use_sample_shared_context tfrt_test.logging tfrt_test.quiesce tfrt_test.usleep tfrt_test.blocking.usleep
tfrt_test.fail tfrt_test.partial_fail tfrt_test.report_error_async tfrt_test.report_error_concrete_async
tfrt_test.report_error_indirect_async tfrt_test.error_chain tfrt_test.error_tensorhandle tfrt_test.cancel
tfrt_test.allocate_resource tfrt_test.deallocate_resource tfrt_test.memory_leak_one_int32
tfrt_test.atomic.{{create,inc,add,get}}.i32 tfrt_test.test_cost
tfrt_test.invoke_sync_function.{{i32_i32.i32,i32_i32.i32_i32}}
tfrt_test.sync_function_runner.{{i32_i32.i32,i32_i32.i32_i32}} tfrt_test.read_string_from_file
tfrt_test.cast.i32_to_f32 tfrt_test.get_static_tensor_type tfrt_test.print_tensor_type
tfrt_test.corert.{{op_attrs_print,op_attrs_freeze,op_attrs_ref_print}}

tfrt_test.add.{{f32,i32,i64}} tfrt_test.add_inplace.{{f32,i32,i64}} tfrt_test.subtract_inplace.f32
tfrt_test.equal.{{f32,i32,i64}} tfrt_test.equal_inplace.{{f32,i32,i64}} tfrt_test.relu.{{f32,i32,i64}}
tfrt_test.relu_inplace.{{f32,i32,i64}} tfrt_test.relu_grad_inplace.{{f32,i32,i64}} tfrt_test.softmax_inplace.f32
tfrt_test.argmax.{{f32,i32,i64}}.2 tfrt_test.reduce_mean.{{f32,i32,i64}}.1 tfrt_test.mean_axis_zero.f32
tfrt_test.broadcast.{{f32,i32,i64}}.{{2,3}} tfrt_test.broadcast_2d.f32 tfrt_test.flatten.f32
tfrt_test.zero_padding.f32 tfrt_test.tensor_transpose.f32 tfrt_test.slice_inplace.{{f32,i32,i64}}.3
tfrt_test.max_pooling_2d.f32 tfrt_test.global_average_pooling.f32 tfrt_test.gradient_descent.f32
tfrt_test.decode_jpeg tfrt_test.resize_bilinear tfrt_test.parse_example_from_bytes
tfrt_test.get_bytes_field_from_example tfrt_test.get_int64_field_from_example
tfrt_tutorial.create_coordinate tfrt_tutorial.print_coordinate

ts.build_shape ts.build_partial_shape ts.build_unranked_partial_shape ts.to_shape ts.to_partial_shape
ts.equal_shape ts.get_num_elements ts.get_dimension ts.print_shape ts.print_partial_shape
ts.as_fixed_rank_shape.{{1,2,3}} ts.print_fixed_rank_shape.{{1,2,3}}
ts_sync.{{build_shape,build_partial_shape,to_shape,to_partial_shape,get_num_elements}}

tfrt_dht.create_uninitialized_tensor.{{{FILLABLE}}}.{{0,1,2,3,4,5}} tfrt_dht.make_tensor.{{{FILLABLE}}}
tfrt_dht.fill_tensor_with_constant.{{{FILLABLE}}} tfrt_dht.set_tensor_with_constant_values.{{{FILLABLE}}}
tfrt_dht.set_tensor_with_values.{{{FILLABLE}}} tfrt_dht.tensor_equal.{{{DENSE}}} tfrt_dht.tensor_allclose.{{{DENSE}}}
tfrt_dht.tensor_allclose.{{3ulp,1000ulp,2000ulp,100000ulp}}.{{{DENSE}}} tfrt_dht.allocate_buffer tfrt_dht.get_buffer
tfrt_dht.get_buffer_slice tfrt_dht.print_buffer tfrt_dht.get_tensor_shape tfrt_dht.print_tensor
tfrt_dht.print_tensor_shape tfrt_dht.no_op_ht
tfrt_dht_sync.create_uninitialized_tensor.{{{FILLABLE}}}.{{0,1,2,3,4,5}} tfrt_dht_sync.make_tensor.{{{FILLABLE}}}
tfrt_dht_sync.set_tensor_with_constant_values.{{{FILLABLE}}} tfrt_dht_sync.allocate_buffer
tfrt_dht_sync.get_buffer_slice tfrt_dht_sync.get_tensor_shape tfrt_dht_sync.print_tensor
tfrt_sht.create_tensor coo.convert_dht_to_coo.{{f32,i32}}.{{0,1,2,3}} coo.convert_coo_to_dht.{{f32,i32}}.{{0,1,2,3}}
coo.tensor_equal.{{f32,i32}}.{{0,1,2,3}} coo.print_tensor
tfrt_npy.read_dense_tensor.{{i1,ui8,i8,i32,i64,f32,f64}}.{{0,1,2,3,4}}
btf.read_dense_tensor.{{ui8,i8,i32,i64,f32}}.{{0,1,2,3,4}}
btf.read_coo_tensor.{{i8,i32,f32}}.{{0,1,2,3,4}} vt.constant vt.add vt.print

corert.create_null_op_handler corert.create_cpu_op_handler corert.create_cpu_op_handler_with_ordinal
corert.create_logging_op_handler corert.register_op_handler corert.get_op_handler corert.executeop
corert.executeop.seq corert.execute_crt_op corert.make_composite_op corert.create_op_attrs
corert.op_attrs_set.{{bool,i32,f32,str,dtype,dense,shape,aggregate}} corert.op_attrs_set_array.{{i32,i64,f32}}
corert.ensure_metadata
corert.const_dense_tensor corert.const_string_tensor corert.create_dense_tensor.{{{CREATABLE}}}
corert.print_tensorhandle corert.tensorhandle_to_shape corert.tensorhandle_to_ht corert.tensorhandle_to_int32
corert.ht_to_tensorhandle corert.get_dst_tensor_type corert.transfer corert.transfer_inferred_tensortype
corert.cond corert.while
cpu.arrays cpu.constant cpu.call cpu.call_into cpu.elementwise cpu.elementwise_into cpu.arena cpu.handle
corert_sync.const_dense_tensor corert_sync.create_dense_tensor.{{{CREATABLE}}} corert_sync.executeop
corert_sync.get_op_handler

eigen.matmul.{{f32,i32}} eigen.conv2d.f32 eigen.conv2d.bias.f32 eigen.conv2d.batch_norm{{.f32,.relu.f32}}
eigen.conv2d.grad.{{input,filter}}.f32 eigen.batch_norm.f32
eigen.batch_norm.grad.f32 eigen.max_pooling_2d.f32 eigen.zero_padding.f32
"""

OPS = """
tf.Const tf.MatMul tf._FusedMatMul tf.BiasAdd tf.Relu tf.Softmax tf.LogSoftmax tf.Mean tf.MaxPool tf.Pad
tf.FusedBatchNormV3 tf.Conv2D tf.Shape tf.ExpandDims tf.Tile tf.ZerosLike tf.Transpose tf.Cast
tf.{Abs,Exp,Log,Log1p,Neg,Rsqrt,Sigmoid,Sqrt,Square,Tanh} tf.{Add,AddV2,Sub,Mul,RealDiv,Maximum,Minimum}
tf.{Equal,NotEqual,Less,LessEqual,Greater,GreaterEqual}
tfrt_test.add tfrt_test.add.denseonly tfrt_test.add.denseonly2 tfrt_test.add.denseonly3 tfrt_test.argmax
tfrt_test.async.noop tfrt_test.async.noop_no_md tfrt_test.broadcast tfrt_test.cast tfrt_test.create_coo_tensor
tfrt_test.create_dense_tensor tfrt_test.create_from_scalar tfrt_test.equal tfrt_test.error.tensor
tfrt_test.identity tfrt_test.identity_dense_only tfrt_test.odd_collector tfrt_test.print tfrt_test.print_address
tfrt_test.reduce_mean tfrt_test.relu
"""


def expand(pattern: str) -> list[str]:
    """The names of a pattern: each pair of braces stands for one of the words in it."""
    head, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    choices, _, tail = rest.partition("}")
    return [head + choice + end for choice in choices.split(",") for end in expand(tail)]


def names(catalogue: str) -> list[str]:
    return [name for pattern in catalogue.split() for name in expand(pattern)]


def defined_ops() -> Iterator[type[IRDLOperation]]:
    for dialect, load in get_dialects().items():
        if dialect not in ("builtin", "func"):
            yield from (op for op in load().operations if issubclass(op, IRDLOperation))


PAIRS = [(op, kernel) for op in defined_ops() if (kernel := BUILTIN.get(op.name)) is not None]
WITHOUT_KERNEL = [op.name for op in defined_ops() if BUILTIN.get(op.name) is None]

each_pair = pytest.mark.parametrize(("op", "kernel"), PAIRS, ids=[op.name for op, _ in PAIRS])


def test_nothing_is_listed_twice():
    for catalogue in (KERNELS, OPS):
        listed = names(catalogue)
        assert len(listed) == len(set(listed))


@pytest.mark.parametrize("name", names(KERNELS))
def test_the_kernel_exists(name):
    assert BUILTIN.get(name) is not None


@pytest.mark.parametrize("name", names(OPS))
def test_the_op_exists(name):
    assert CPU_OPS.get(name) is not None


def test_every_defined_op_has_a_kernel():
    # The first is the executor's own business; the reference has no kernels for the others, either.
    assert sorted(WITHOUT_KERNEL) == ["tfrt.return", "ts.as_fixed_rank_shape.0", "ts.print_fixed_rank_shape.0"]


def test_every_defined_op_is_in_the_catalogue():
    assert {op.name for op in defined_ops()} - set(names(KERNELS)) == set(WITHOUT_KERNEL)


def test_every_kernel_is_in_the_catalogue():
    listed = names(KERNELS)
    for dialect in {name.partition(".")[0] for name in listed}:
        for module in modules_of(dialect):
            importlib.import_module(module)
    # Tests of this process may have registered kernels of their own.
    ours = {name for name in BUILTIN.names() if BUILTIN.get(name).function.__module__.startswith("tfrt.kernels.")}
    assert ours == set(listed)


@each_pair
def test_operands_agree(op: type[IRDLOperation], kernel: Kernel):
    definitions = [d for _, d in op.get_irdl_definition().operands]
    fixed = sum(not isinstance(d, VariadicDef) for d in definitions)
    signature = kernel.signature
    if fixed < len(definitions):
        assert signature.operands is None
        assert signature.minimum_operands <= fixed
    elif signature.operands is None:
        assert signature.minimum_operands <= fixed
    else:
        # The executor drops a chain that the kernel does not declare.
        assert signature.operands == fixed or (signature.operands == fixed - 1 and not signature.takes_chain)


@each_pair
def test_attributes_and_functions_agree(op: type[IRDLOperation], kernel: Kernel):
    definition = op.get_irdl_definition()
    symbols = [name for name in sorted(definition.attributes) if refers_to_function(definition, name)]
    values = [name for name in sorted(definition.attributes) if name not in symbols and name != COST_ATTRIBUTE]
    signature = kernel.signature
    if signature.all_attributes is None:
        assert [name for name, _ in signature.attributes] == values
    if signature.all_functions is None:
        assert list(signature.functions[: len(symbols)]) == symbols
        assert len(signature.functions) == len(symbols) + len(definition.regions)


def refers_to_function(definition: OpDef, name: str) -> bool:
    # What `tfrt.case` has is an array of functions.
    return SymbolRefAttr in (definition.attributes[name].constr.get_bases() or ()) or name == "branches"


@each_pair
def test_results_agree(op: type[IRDLOperation], kernel: Kernel):
    definitions = [d for _, d in op.get_irdl_definition().results]
    if kernel.prepares:
        # What is declared is the function that gives the kernel.
        return
    returned = typing.get_type_hints(kernel.function)["return"]
    is_tuple = typing.get_origin(returned) is tuple
    if any(isinstance(d, VariadicDef) for d in definitions) or len(definitions) > 1:
        items = typing.get_args(returned)
        assert is_tuple and (Ellipsis in items or len(items) == len(definitions))
    elif definitions:
        assert returned is not type(None) and not is_tuple
    else:
        assert returned is type(None)


@pytest.mark.parametrize("pattern", (KERNELS + OPS).split())
def test_the_name_occurs_in_tests(pattern):
    """That a test runs something does not say that it checks values; that none names it says it is not tested."""
    stem = pattern.partition("{")[0].rstrip(".")
    _, _, short = stem.partition(".")
    # Some tests leave the dialect to a helper.
    occurs = re.search(rf"(?:\b{re.escape(stem)}|[\"']{re.escape(short)})\b", all_tests()) is not None
    assert occurs, f"no test names {stem}"


@cache
def all_tests() -> str:
    folder = Path(__file__).parent
    files = [path for path in folder.rglob("*") if path.suffix in (".py", ".mlir") and path != Path(__file__)]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)
