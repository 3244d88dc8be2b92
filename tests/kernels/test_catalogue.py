"""Every op that programs may use has a kernel, and every kernel a signature that can be read."""

import pytest

from tfrt.dialects import get_dialects
from tfrt.executor.kernel_registry import BUILTIN

NAMES = """
tfrt.add.{i32,i64,f32,f64} tfrt.minus.{i32,i64} tfrt.mul.{i32,i64} tfrt.mul_s.{i32,i64} tfrt.div.{i32,i64,f32,f64}
tfrt.equal.{i32,i64} tfrt.lessequal.{i32,i64} tfrt.and.i1 tfrt.minimum.{f32,f64} tfrt.multiply.{f32,f64}
tfrt.cast.{i64_to_f32,i64_to_f64,f32_to_i64,f64_to_i64}
tfrt.constant.{i1,i32,i64,ui32,ui64,bf16,f16,f32,f64,complex64,complex128} tfrt.constant_s.{i32,i64,f16,f32,f64}
tfrt.print.{i1,i32,i64,f16,f32,f64,complex64,complex128} tfrt.new.chain tfrt.merge.chains tfrt.alias.value
tfrt.call tfrt.if tfrt.cond tfrt.case tfrt.while tfrt.once tfrt.repeat.i32 tfrt.parallel_for.i32
tfrt.parallel_call.i32 tfrt.get_device
tfrt_test.do.async tfrt_test.benchmark tfrt_test.sync_benchmark tfrt_test.async_add.i32
tfrt_test.async_constant.{i1,i32} tfrt_test.async_copy.i32 tfrt_test.async_copy_2.i32
tfrt_test.async_copy.with_delay.{i32,i64} tfrt_test.copy.with_delay.{i32,i64} tfrt_test.async_value_get
tfrt_test.async_value_ref tfrt_test.make_indirect tfrt_test.identity tfrt_test.share_to_two
tfrt_test.multi_arg_result tfrt_test.as_chain tfrt_test.count3.{i32,i64} tfrt_test.flat tfrt_test.sum
tfrt_test.sum_array_attr.{i32,i64} tfrt_test.sync_sum_attributes tfrt_test.const_dense_attr tfrt_test.get_string
tfrt_test.print_string tfrt_test.append_string tfrt_test.format_string tfrt_test.string_equal tfrt_test.print_bool
tfrt_test.print_hello tfrt_test.print_debug_info tfrt_test.unique_loc tfrt_test.get_uniqueness
tfrt_test.get_thread_id tfrt_test.get_request_context_data.i32 tfrt_test.use_sample_shared_context
tfrt_test.logging tfrt_test.quiesce tfrt_test.usleep tfrt_test.blocking.usleep tfrt_test.fail
tfrt_test.partial_fail tfrt_test.report_error_async tfrt_test.report_error_concrete_async
tfrt_test.report_error_indirect_async tfrt_test.error_chain tfrt_test.cancel tfrt_test.allocate_resource
tfrt_test.deallocate_resource tfrt_test.memory_leak_one_int32 tfrt_test.atomic.{create,inc,add,get}.i32
tfrt_test.test_cost tfrt_test.invoke_sync_function.{i32_i32.i32,i32_i32.i32_i32}
tfrt_test.sync_function_runner.{i32_i32.i32,i32_i32.i32_i32} tfrt_test.read_string_from_file
tfrt_test.get_static_tensor_type tfrt_test.print_tensor_type
tfrt_tutorial.create_coordinate tfrt_tutorial.print_coordinate
ts.build_shape ts.build_partial_shape ts.build_unranked_partial_shape ts.to_shape ts.to_partial_shape
ts.equal_shape ts.get_num_elements ts.get_dimension ts.print_shape ts.print_partial_shape
ts.as_fixed_rank_shape.{1,2,3} ts.print_fixed_rank_shape.{1,2,3}
"""

WITHOUT_KERNEL = {
    # The executor's own business.
    "tfrt.return",
    # The reference has these ops, too, and no kernels for them.
    "ts.as_fixed_rank_shape.0",
    "ts.print_fixed_rank_shape.0",
}


def expand(pattern):
    head, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    choices, _, tail = rest.partition("}")
    return [head + choice + tail for choice in choices.split(",")]


@pytest.mark.parametrize("name", [name for pattern in NAMES.split() for name in expand(pattern)])
def test_the_kernel_exists(name):
    kernel = BUILTIN.get(name)
    assert kernel is not None
    assert kernel.signature.minimum_operands >= 0


@pytest.mark.parametrize("dialect", ["tfrt", "ts", "ts_sync"])
def test_every_op_of_the_dialect_has_a_kernel(dialect):
    ops = {op.name for op in get_dialects()[dialect]().operations}
    assert {name for name in ops if BUILTIN.get(name) is None} <= WITHOUT_KERNEL
