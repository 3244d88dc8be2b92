# ruff: noqa: E501
"""Every op is read and printed in the form that frameworks write, and in generic form."""

from __future__ import annotations

import pytest

from tests.dialects.stablehlo.conftest import body_of, function_around, printed
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.printer import print_module
from tfrt.dialects import get_dialects
from tfrt.dialects.chlo import BINARY_OPS as CHLO_BINARY
from tfrt.dialects.chlo import BROADCASTING_OPS, PREDICATE_OPS
from tfrt.dialects.chlo import UNARY_OPS as CHLO_UNARY
from tfrt.dialects.stablehlo import unsupported
from tfrt.dialects.stablehlo.elementwise import BINARY_OPS, UNARY_OPS

F = "tensor<2x3xf32>"
I = "tensor<2x3xi32>"  # noqa: E741
C = "tensor<2x3xcomplex<f32>>"
P = "tensor<2x3xi1>"
TOKEN = "!stablehlo.token"

_INTEGER_ONLY = ("count_leading_zeros", "popcnt", "not", "and", "or", "xor", "mulhi")


def _element(name: str) -> str:
    return I if name in _INTEGER_ONLY or "shift" in name else F


# An op in custom form, with the types of its operands. What is printed is exactly what was read.
FORMS: list[tuple[str, dict[str, str]]] = [
    *((f"%0 = {op.name} %a : {t}", {"a": t}) for op in UNARY_OPS for t in [_element(op.name.split(".")[1])]),
    *((f"%0 = {op.name} %a, %b : {t}", {"a": t, "b": t}) for op in BINARY_OPS for t in [_element(op.name.split(".")[1])]),
    (f"%0 = stablehlo.tanh %a {{result_accuracy = #stablehlo.result_accuracy<ulps = 2, mode = TOLERANCE>}} : {F}", {"a": F}),
    (f"%0 = stablehlo.abs %a : {F}", {"a": F}),
    (f"%0 = stablehlo.abs %a : ({C}) -> {F}", {"a": C}),
    (f"%0 = stablehlo.real %a : ({C}) -> {F}", {"a": C}),
    (f"%0 = stablehlo.imag %a : ({C}) -> {F}", {"a": C}),
    (f"%0 = stablehlo.complex %a, %b : {C}", {"a": F, "b": F}),
    ("%0 = stablehlo.add %a, %b : (tensor<2x?xf32>, tensor<?x3xf32>) -> tensor<2x3xf32>",
     {"a": "tensor<2x?xf32>", "b": "tensor<?x3xf32>"}),
    (f"%0 = stablehlo.convert %a : ({F}) -> tensor<2x3xbf16>", {"a": F}),
    (f"%0 = stablehlo.convert %a : {F}", {"a": F}),
    (f"%0 = stablehlo.is_finite %a : ({F}) -> {P}", {"a": F}),
    (f"%0 = stablehlo.compare LT, %a, %b, TOTALORDER : ({F}, {F}) -> {P}", {"a": F, "b": F}),
    (f"%0 = stablehlo.compare EQ, %a, %b : ({F}, {F}) -> {P}", {"a": F, "b": F}),
    (f"%0 = stablehlo.select %p, %a, %b : tensor<i1>, {F}", {"p": "tensor<i1>", "a": F, "b": F}),
    ("%0 = stablehlo.select %p, %a, %b : (tensor<i1>, tensor<2x?xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>",
     {"p": "tensor<i1>", "a": "tensor<2x?xf32>", "b": F}),
    (f"%0 = stablehlo.clamp %a, %b, %c : {F}", {"a": F, "b": F, "c": F}),
    (f"%0 = stablehlo.clamp %a, %b, %c : (tensor<f32>, {F}, tensor<f32>) -> {F}",
     {"a": "tensor<f32>", "b": F, "c": "tensor<f32>"}),
    (f"%0 = stablehlo.reduce_precision %a, format = e5m10 : {F}", {"a": F}),
    ("%0 = stablehlo.constant dense<[1, 2]> : tensor<2xi4>", {}),
    ("%0 = stablehlo.constant {x = 1 : i32} dense<0xFF800000> : tensor<f32>", {}),
    ("%0 = stablehlo.iota dim = 1 : tensor<2x3xui8>", {}),
    ("%0 = stablehlo.dynamic_iota %s, dim = 0 : (tensor<2xi64>) -> tensor<?x?xi32>", {"s": "tensor<2xi64>"}),
    (f"%0 = stablehlo.broadcast_in_dim %a, dims = [1, 0] : ({F}) -> tensor<3x2xf32>", {"a": F}),
    ("%0 = stablehlo.broadcast_in_dim %a, dims = [] : (tensor<f32>) -> tensor<3x2xf32>", {"a": "tensor<f32>"}),
    (f"%0 = stablehlo.dynamic_broadcast_in_dim %a, %s, dims = [0, 1] : ({F}, tensor<2xi32>) -> tensor<?x3xf32>",
     {"a": F, "s": "tensor<2xi32>"}),
    (f"%0 = stablehlo.dynamic_broadcast_in_dim %a, %s, dims = [0, 1] {{known_expanding_dimensions = array<i64: 0>,"
     f" known_nonexpanding_dimensions = array<i64: 1>}} : ({F}, tensor<2xindex>) -> tensor<?x3xf32>",
     {"a": F, "s": "tensor<2xindex>"}),
    (f"%0 = stablehlo.broadcast %a, sizes = [4] : ({F}) -> tensor<4x2x3xf32>", {"a": F}),
    (f"%0 = stablehlo.reshape %a : ({F}) -> tensor<6xf32>", {"a": F}),
    (f"%0 = stablehlo.dynamic_reshape %a, %s : ({F}, tensor<1xi32>) -> tensor<?xf32>", {"a": F, "s": "tensor<1xi32>"}),
    (f"%0 = stablehlo.bitcast_convert %a : ({F}) -> tensor<2x3x2xi16>", {"a": F}),
    (f"%0 = stablehlo.transpose %a, dims = [1, 0] : ({F}) -> tensor<3x2xf32>", {"a": F}),
    (f"%0 = stablehlo.reverse %a, dims = [0, 1] : {F}", {"a": F}),
    (f"%0 = stablehlo.concatenate %a, %b, dim = 1 : ({F}, {F}) -> tensor<2x6xf32>", {"a": F, "b": F}),
    (f"%0 = stablehlo.slice %a [0:2, 0:3:2] : ({F}) -> tensor<2x2xf32>", {"a": F}),
    ("%0 = stablehlo.slice %a [] : (tensor<f32>) -> tensor<f32>", {"a": "tensor<f32>"}),
    (f"%0 = stablehlo.real_dynamic_slice %a, %s, %l, %t : ({F}, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)"
     " -> tensor<?x?xf32>", {"a": F, "s": "tensor<2xi32>", "l": "tensor<2xi32>", "t": "tensor<2xi32>"}),
    (f"%0 = stablehlo.pad %a, %v, low = [0, -1], high = [1, 0], interior = [0, 2] : ({F}, tensor<f32>) -> tensor<3x6xf32>",
     {"a": F, "v": "tensor<f32>"}),
    (f"%0 = stablehlo.dynamic_pad %a, %v, %s, %s, %s : ({F}, tensor<f32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>)"
     " -> tensor<?x?xf32>", {"a": F, "v": "tensor<f32>", "s": "tensor<2xi32>"}),
    ("%0 = stablehlo.get_dimension_size %a, dim = 0 : (tensor<?x3xf32>) -> tensor<i32>", {"a": "tensor<?x3xf32>"}),
    ("%0 = stablehlo.set_dimension_size %a, %s, dim = 0 : (tensor<2x3xf32>, tensor<i32>)"
     " -> tensor<?x3xf32, #stablehlo.bounds<2, ?>>", {"a": F, "s": "tensor<i32>"}),
    ("%0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x4xf32>)"
     " -> tensor<2x4xf32>", {"a": F, "b": "tensor<3x4xf32>"}),
    ("%0 = stablehlo.dot_general %a, %b, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision ="
     " [DEFAULT, HIGHEST] : (tensor<5x2x3xf32>, tensor<5x3x4xf32>) -> tensor<5x2x4xf32>",
     {"a": "tensor<5x2x3xf32>", "b": "tensor<5x3x4xf32>"}),
    ("%0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT], algorithm ="
     " <lhs_precision_type = tf32, rhs_precision_type = tf32, accumulation_type = f32, lhs_component_count = 1,"
     " rhs_component_count = 1, num_primitive_operations = 1, allow_imprecise_accumulation = false> :"
     " (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>", {"a": F, "b": "tensor<3x4xf32>"}),
    ("%0 = stablehlo.dot %a, %b, precision = [HIGH, HIGH] : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2xf32>",
     {"a": F, "b": "tensor<3xf32>"}),
    ("%0 = stablehlo.convolution(%a, %b) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, f, 0, 1], window = {stride ="
     " [2, 1], pad = [[1, 1], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 2], reverse = [false, true]}"
     " {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>,"
     " #stablehlo<precision DEFAULT>]} : (tensor<1x6x6x2xf32>, tensor<3x3x2x4xf32>) -> tensor<1x4x3x2xf32>",
     {"a": "tensor<1x6x6x2xf32>", "b": "tensor<3x3x2x4xf32>"}),
    ("%0 = stablehlo.convolution(%a, %b) dim_numbers = [b, f]x[i, o]->[b, f], window = {} {batch_group_count = 1 : i64,"
     " feature_group_count = 1 : i64} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>",
     {"a": F, "b": "tensor<3x4xf32>"}),
    ("%0 = stablehlo.cholesky %a, lower = true : tensor<3x3xf32>", {"a": "tensor<3x3xf32>"}),
    ("%0 = stablehlo.cholesky %a : tensor<3x3xf32>", {"a": "tensor<3x3xf32>"}),
    (f"%0 = stablehlo.fft %a, type = FFT, length = [3] : ({C}) -> {C}", {"a": C}),
    (f"%0 = stablehlo.fft %a, type = RFFT, length = [2, 3] : ({F}) -> tensor<2x2xcomplex<f32>>", {"a": F}),
    (f"%0 = stablehlo.dynamic_slice %a, %i, %i, sizes = [1, 2] : ({F}, tensor<i32>, tensor<i32>) -> tensor<1x2xf32>",
     {"a": F, "i": "tensor<i32>"}),
    ("%0 = stablehlo.dynamic_slice %a, sizes = [] : (tensor<f32>) -> tensor<f32>", {"a": "tensor<f32>"}),
    (f"%0 = stablehlo.dynamic_update_slice %a, %u, %i, %i : ({F}, tensor<1x2xf32>, tensor<i32>, tensor<i32>) -> {F}",
     {"a": F, "u": "tensor<1x2xf32>", "i": "tensor<i32>"}),
    (f"%0 = stablehlo.tuple %a, %b : tuple<{F}, tensor<i32>>", {"a": F, "b": "tensor<i32>"}),
    (f"%0 = stablehlo.get_tuple_element %a[0] : (tuple<{F}, tensor<i32>>) -> {F}", {"a": f"tuple<{F}, tensor<i32>>"}),
    (f"%0:2 = stablehlo.optimization_barrier %a, %b : {F}, {I}", {"a": F, "b": I}),
    ("stablehlo.optimization_barrier ()", {}),
    (f"%0 = stablehlo.after_all %a, %b : {TOKEN}", {"a": TOKEN, "b": TOKEN}),
    (f"%0 = stablehlo.after_all : {TOKEN}", {}),
    (f"%0 = stablehlo.create_token : {TOKEN}", {}),
    ("%0 = stablehlo.replica_id : tensor<ui32>", {}),
    ("%0 = stablehlo.partition_id : tensor<ui32>", {}),
    ("%0 = stablehlo.rng %a, %b, %s, distribution = UNIFORM : (tensor<f32>, tensor<f32>, tensor<2xi64>)"
     f" -> {F}", {"a": "tensor<f32>", "b": "tensor<f32>", "s": "tensor<2xi64>"}),
    ("%output_state, %output = stablehlo.rng_bit_generator %a, algorithm = THREE_FRY : (tensor<2xui64>) -> (tensor<2xui64>,"
     " tensor<5xui32>)", {"a": "tensor<2xui64>"}),
    (f'stablehlo.custom_call @"any name"(%a) {{api_version = 2 : i32, backend_config = "", has_side_effect = true}} :'
     f" ({F}) -> ()", {"a": F}),
    (f"%0:2 = stablehlo.custom_call @lapack_spotrf_ffi(%a) {{mhlo.backend_config = {{uplo = 76 : ui8}}, operand_layouts"
     " = [dense<[0, 1]> : tensor<2xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<"
     "output_tuple_indices = [0], operand_index = 0, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> :"
     " tensor<2xindex>, dense<> : tensor<0xindex>], sdy.sharding_rule = #sdy.op_sharding_rule<([i, j])->([i, j], [])"
     f" {{i=2, j=3}}, custom>}} : ({F}) -> ({F}, tensor<i32>)", {"a": F}),
    *((f"%0 = {op.name} %a : {F} -> {F}", {"a": F}) for op in CHLO_UNARY),
    *((f"%0 = {op.name} %a : {F} -> {P}", {"a": F}) for op in PREDICATE_OPS),
    *((f"%0 = {op.name} %a, %b : {t}, {t} -> {t}", {"a": t, "b": t})
      for op in CHLO_BINARY for t in [_element(op.name.split(".")[1])]),
    *((f"%0 = {op.name} %a, %b : ({t}, tensor<3x{e}>) -> {t}", {"a": t, "b": f"tensor<3x{e}>"})
      for op in BROADCASTING_OPS if not op.name.endswith(("compare", "complex"))
      for t in [_element(op.name.split("broadcast_")[1])] for e in [t[11:-1]]),
    (f"%0 = chlo.broadcast_compare %a, %b {{compare_type = #chlo<comparison_type FLOAT>, comparison_direction ="
     f" #chlo<comparison_direction LT>}} : ({F}, tensor<f32>) -> {P}", {"a": F, "b": "tensor<f32>"}),
    (f"%0 = chlo.broadcast_complex %a, %b {{broadcast_dimensions = array<i64: 0>}} : ({F}, tensor<2xf32>) -> {C}",
     {"a": F, "b": "tensor<2xf32>"}),
    (f"%0 = chlo.broadcast_select %p, %a, %b : (tensor<i1>, {F}, tensor<3xf32>) -> {F}",
     {"p": "tensor<i1>", "a": F, "b": "tensor<3xf32>"}),
    (f"%0 = chlo.conj %a : {C} -> {C}", {"a": C}),
    ("%0 = chlo.constant dense<1.000000e+00> : tensor<2xf32>", {}),
    (f"%values, %indices = chlo.top_k(%a, k = 2) : {F} -> (tensor<2x2xf32>, tensor<2x2xi32>)", {"a": F}),
    (f"%values, %indices = chlo.top_k(%a, k = 2, is_stable = false) : {F} -> (tensor<2x2xf32>, tensor<2x2xi32>)", {"a": F}),
    (f"%0 = mhlo.copy %a : {F}", {"a": F}),
    (f"check.expect_eq %a, %b : {F}", {"a": F, "b": F}),
    ("check.expect_eq_const %a, dense<[1, 2]> : tensor<2xi64>", {"a": "tensor<2xi64>"}),
    (f"check.expect_almost_eq %a, %b : {F}", {"a": F, "b": F}),
    (f"check.expect_almost_eq %a, %b, tolerance = 1.000000e-01 : {F}", {"a": F, "b": F}),
    (f"check.expect_almost_eq_const %a, dense<1.000000e+00> : {F}", {"a": F}),
    (f"check.expect_almost_eq_const %a, dense<1.000000e+00> : {F}, tolerance = 1.000000e-01", {"a": F}),
    (f"check.expect_close %a, %b, max_ulp_difference = 3 : {F}, {F}", {"a": F, "b": F}),
    (f"check.expect_close %a, %b, max_ulp_difference = 3, min_ulp_difference = 1 : {F}, {F}", {"a": F, "b": F}),
    (f"%0 = sdy.sharding_constraint %a <@mesh, [{{}}, {{?}}]> : {F}", {"a": F}),
    (f'%0 = sdy.sharding_constraint %a <@mesh, [{{"x", ?}}, {{"y":(1)2}}], replicated={{"z"}}> : {F}', {"a": F}),
]  # fmt: skip

ADD = "^bb0(%x: tensor<f32>, %y: tensor<f32>):\n%1 = stablehlo.add %x, %y : tensor<f32>\nstablehlo.return %1 : tensor<f32>"
GE = (
    "^bb0(%x: tensor<f32>, %y: tensor<f32>):\n%1 = stablehlo.compare GE, %x, %y : (tensor<f32>, tensor<f32>) -> tensor<i1>"
    "\nstablehlo.return %1 : tensor<i1>"
)

# Ops whose only form is the generic one, in which they are printed, too.
GENERIC: list[tuple[str, dict[str, str]]] = [
    (f'%0 = "stablehlo.if"(%p) ({{\nstablehlo.return %a : {F}\n}}, {{\nstablehlo.return %b : {F}\n}}) : (tensor<i1>) -> {F}',
     {"p": "tensor<i1>", "a": F, "b": F}),
    (f'%0 = "stablehlo.case"(%i) ({{\nstablehlo.return %a : {F}\n}}, {{\nstablehlo.return %a : {F}\n}}) : (tensor<i32>)'
     f" -> {F}", {"i": "tensor<i32>", "a": F}),
    (f'%0 = "stablehlo.sort"(%a) <{{dimension = 1 : i64, is_stable = true}}> ({{\n{GE}\n}}) : ({F}) -> {F}', {"a": F}),
    (f'%0 = "stablehlo.map"(%a, %b) <{{dimensions = array<i64: 0, 1>}}> ({{\n{ADD}\n}}) : ({F}, {F}) -> {F}',
     {"a": F, "b": F}),
    ('%0 = "stablehlo.reduce_window"(%a, %z) <{padding = dense<[[0, 0], [1, 1]]> : tensor<2x2xi64>, window_dimensions ='
     f" array<i64: 1, 2>, window_strides = array<i64: 1, 1>}}> ({{\n{ADD}\n}}) : ({F}, tensor<f32>) -> tensor<2x4xf32>",
     {"a": F, "z": "tensor<f32>"}),
    ('%0 = "stablehlo.select_and_scatter"(%a, %s, %z) <{window_dimensions = array<i64: 2, 3>}> ({\n' + GE + "\n}, {\n" + ADD
     + f"\n}}) : ({F}, tensor<1x1xf32>, tensor<f32>) -> {F}", {"a": F, "s": "tensor<1x1xf32>", "z": "tensor<f32>"}),
    ('%0 = "stablehlo.gather"(%a, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims ='
     " [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 3>}> :"
     f" ({F}, tensor<5x1xi32>) -> tensor<5x3xf32>", {"a": F, "i": "tensor<5x1xi32>"}),
    ('%0 = "stablehlo.dynamic_gather"(%a, %i, %s) <{dimension_numbers = #stablehlo.gather<offset_dims = [1],'
     f" collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>}}> : ({F}, tensor<5x1xi32>, tensor<2xi32>)"
     " -> tensor<5x?xf32>", {"a": F, "i": "tensor<5x1xi32>", "s": "tensor<2xi32>"}),
    ('%0 = "stablehlo.scatter"(%a, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1],'
     " inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({\n" + ADD
     + f"\n}}) : ({F}, tensor<5x1xi32>, tensor<5x3xf32>) -> {F}",
     {"a": F, "i": "tensor<5x1xi32>", "u": "tensor<5x3xf32>"}),
    ('%0 = "stablehlo.dynamic_conv"(%a, %b, %d) <{batch_group_count = 1 : i64, dimension_numbers ='
     " #stablehlo.conv<[b, 0, f]x[0, i, o]->[b, 0, f]>, feature_group_count = 1 : i64}> : (tensor<1x6x2xf32>,"
     " tensor<3x2x4xf32>, tensor<1x2xi32>) -> tensor<1x?x4xf32>",
     {"a": "tensor<1x6x2xf32>", "b": "tensor<3x2x4xf32>", "d": "tensor<1x2xi32>"}),
    ('%0 = "stablehlo.triangular_solve"(%a, %b) <{left_side = true, lower = false, transpose_a ='
     " #stablehlo<transpose NO_TRANSPOSE>, unit_diagonal = false}> : (tensor<2x2xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>",
     {"a": "tensor<2x2xf32>", "b": F}),
    ('%0 = "stablehlo.batch_norm_inference"(%a, %v, %v, %v, %v) <{epsilon = 1.000000e-03 : f32, feature_index = 1 : i64}>'
     f" : ({F}, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> {F}", {"a": F, "v": "tensor<3xf32>"}),
    ('%output, %batch_mean, %batch_var = "stablehlo.batch_norm_training"(%a, %v, %v) <{epsilon = 1.000000e-03 : f32, feature_index = 1 : i64}>'
     f" : ({F}, tensor<3xf32>, tensor<3xf32>) -> ({F}, tensor<3xf32>, tensor<3xf32>)", {"a": F, "v": "tensor<3xf32>"}),
    ('%grad_operand, %grad_scale, %grad_offset = "stablehlo.batch_norm_grad"(%a, %v, %v, %v, %a) <{epsilon = 1.000000e-03 : f32, feature_index = 1 :'
     f" i64}}> : ({F}, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, {F}) -> ({F}, tensor<3xf32>, tensor<3xf32>)",
     {"a": F, "v": "tensor<3xf32>"}),
    (f'%0 = "chlo.constant_like"(%a) <{{value = 1.000000e+00 : f32}}> : ({F}) -> {F}', {"a": F}),
]  # fmt: skip

# Ops with regions in custom form: loops, and reductions in both spellings.
REGIONS: list[tuple[str, dict[str, str]]] = [
    (f"%0 = stablehlo.reduce(%a init: %z) applies stablehlo.add across dimensions = [1] : ({F}, tensor<f32>)"
     " -> tensor<2xf32>", {"a": F, "z": "tensor<f32>"}),
    (f"%0 = stablehlo.reduce(%a init: %z) across dimensions = [0, 1] {{x = 1 : i32}} : ({F}, tensor<f32>) -> tensor<f32>"
     " reducer(%x: tensor<f32>, %y: tensor<f32>) {\n%1 = stablehlo.subtract %x, %y : tensor<f32>\nstablehlo.return %1 :"
     " tensor<f32>\n}", {"a": F, "z": "tensor<f32>"}),
    (f"%0:2 = stablehlo.reduce(%a init: %z), (%b init: %w) across dimensions = [0] : ({F}, {I}, tensor<f32>, tensor<i32>)"
     " -> (tensor<3xf32>, tensor<3xi32>) reducer(%x: tensor<f32>, %y: tensor<f32>) (%m: tensor<i32>, %n: tensor<i32>) {\n"
     "stablehlo.return %x, %m : tensor<f32>, tensor<i32>\n}",
     {"a": F, "b": I, "z": "tensor<f32>", "w": "tensor<i32>"}),
    ("%0:2 = stablehlo.while(%x = %i, %y = %a) : tensor<i32>, " + F + " cond {\n%1 = stablehlo.compare LT, %x, %n :"
     " (tensor<i32>, tensor<i32>) -> tensor<i1>\nstablehlo.return %1 : tensor<i1>\n} do {\nstablehlo.return %x, %y :"
     f" tensor<i32>, {F}\n}}", {"i": "tensor<i32>", "n": "tensor<i32>", "a": F}),
    ("stablehlo.while() attributes {x} cond {\nstablehlo.return %p : tensor<i1>\n} do {\nstablehlo.return\n}",
     {"p": "tensor<i1>"}),
]  # fmt: skip

ALL = [*FORMS, *GENERIC, *REGIONS]


def _plain(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


@pytest.mark.parametrize(("op", "operands"), ALL, ids=[op.split("=", 1)[-1].split("\n")[0][:60] for op, _ in ALL])
def test_what_is_printed_is_what_was_read(op: str, operands: dict[str, str]) -> None:
    text = function_around(op, **operands)
    assert body_of(printed(text)) == _plain(op)


@pytest.mark.parametrize(("op", "operands"), ALL, ids=[op.split("=", 1)[-1].split("\n")[0][:60] for op, _ in ALL])
def test_the_generic_form_means_the_same(op: str, operands: dict[str, str]) -> None:
    module = parse_module(function_around(op, **operands))
    generic = print_module(module, generic=True)
    again = parse_module(generic)
    assert print_module(again, generic=True) == generic
    assert print_module(again) == print_module(module)


def test_every_op_is_among_the_forms() -> None:
    refused = {
        op.name
        for family in (
            unsupported.DISTRIBUTED_OPS,
            unsupported.ASYNCHRONOUS_OPS,
            unsupported.QUANTIZED_OPS,
            unsupported.DEPRECATED_OPS,
        )
        for op in family
    }
    # A composite needs a function, a mesh stands outside of them, and a return in a region.
    elsewhere = {"stablehlo.composite", "stablehlo.return", "sdy.mesh"}
    written = " ".join(op for op, _ in ALL)
    names = {
        op.name
        for dialect in ("stablehlo", "chlo", "check", "sdy", "mhlo")
        for op in get_dialects()[dialect]().operations
    }
    missing = [name for name in names - refused - elsewhere if f" {name}" not in written and f'"{name}"' not in written]
    # Those without results start their text.
    assert sorted(name for name in missing if not any(op.startswith(name) for op, _ in ALL)) == []


COMPOSITE = """\
module {
  sdy.mesh @mesh = <["x"=2, "y"=4]>
  sdy.mesh @empty_mesh = <[]> {stablehlo.mesh = {axes = []}}
  func.func @f(%a: tensor<2xf32>) -> tensor<2xf32> {
    %0 = stablehlo.composite "my.op" %a {composite_attributes = {n = 1 : i32}, decomposition = @g, version = 1 : i32} : (tensor<2xf32>) -> tensor<2xf32>
    return %0 : tensor<2xf32>
  }
  func.func private @g(%x: tensor<2xf32>) -> tensor<2xf32> {
    return %x : tensor<2xf32>
  }
}
"""


def test_composites_and_meshes() -> None:
    assert printed(COMPOSITE) == COMPOSITE
    assert printed(printed(COMPOSITE, generic=True)) == COMPOSITE


@pytest.mark.parametrize(
    ("read", "shown"),
    [
        ("#stablehlo.type_extensions<bounds = [4, ?]>", "#stablehlo.bounds<4, ?>"),
        ("#stablehlo.conv<raw <input_feature_dimension = 1, kernel_output_feature_dimension = 1, output_batch_dimension = 1>>",
         "#stablehlo.conv<[b, f]x[i, o]->[f, b]>"),
        (
            "#stablehlo.dot<lhs_contracting_dimensions = [1],\n  rhs_contracting_dimensions = [0]>",
            "#stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [0]>",
        ),
        ("#stablehlo.channel_handle<handle = 1, type = 2>", "#stablehlo.channel_handle<handle = 1, type = 2>"),
        ("#stablehlo<rng_distribution NORMAL>", "#stablehlo<rng_distribution NORMAL>"),
        ("#stablehlo<fft_type IRFFT>", "#stablehlo<fft_type IRFFT>"),
        ("#stablehlo<result_accuracy_mode HIGHEST>", "#stablehlo<result_accuracy_mode HIGHEST>"),
        ("#stablehlo<custom_call_api_version API_VERSION_TYPED_FFI>",
         "#stablehlo<custom_call_api_version API_VERSION_TYPED_FFI>"),
        ('#sdy.sharding<@mesh, [{"x"}, {}]>', '#sdy.sharding<@mesh, [{"x"}, {}]>'),
        ('#sdy.sharding_per_value<[<@mesh, [{}]>]>', '#sdy.sharding_per_value<[<@mesh, [{}]>]>'),
    ],
)  # fmt: skip
def test_attributes(read: str, shown: str) -> None:
    op = "%0 = stablehlo.iota dim = 0 {{a = {}}} : tensor<1xi32>"
    assert body_of(printed(function_around(op.format(read)))) == op.format(shown)
