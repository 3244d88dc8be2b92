// RUN: tfrt-translate --mlir-to-bef %s | bef-run | filecheck %s

// CHECK-LABEL: --- Running 'every_type':
// CHECK-NEXT: OpAttrs contains 11 entries:
// CHECK-NEXT:   'aggregate' type=AGGREGATE value=elt_count=2 [{unknown}, {unknown}]
// CHECK-NEXT:   'bool' type=BOOL value=1
// CHECK-NEXT:   'dense' type=DENSE value=dtype=I64, rank=2, elt_count=6
// CHECK-NEXT:   'dtype' type=DTYPE value=BF16
// CHECK-NEXT:   'f32' type=F32 value=2.500000e-01
// CHECK-NEXT:   'f32s' type=F32 value=[1.000000e+00, 2.000000e+00]
// CHECK-NEXT:   'i32' type=I32 value=-7
// CHECK-NEXT:   'i32s' type=I32 value=[1, 2, 3, 4, 5...]
// CHECK-NEXT:   'i64s' type=I64 value=[]
// CHECK-NEXT:   'shape' type=SHAPE value=<2x-1x3>
// CHECK-NEXT:   'str' type=CHAR value=[N, H, W, C]
// CHECK:      'every_type' returned !tfrt.chain value
func.func @every_type() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %a = "corert.create_op_attrs"() : () -> !corert.opattrs
  %ch1 = "corert.op_attrs_set.bool"(%a, %ch0) {key = "bool", value = true} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch2 = "corert.op_attrs_set.i32"(%a, %ch1) {key = "i32", value = -7 : i32} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch3 = "corert.op_attrs_set.f32"(%a, %ch2) {key = "f32", value = 0.25 : f32} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch4 = "corert.op_attrs_set.str"(%a, %ch3) {key = "str", value = "NHWC"} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch5 = "corert.op_attrs_set.dtype"(%a, %ch4) {key = "dtype", value = bf16} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch6 = "corert.op_attrs_set.dense"(%a, %ch5) {key = "dense", value = dense<0> : tensor<2x3xi64>} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch7 = "corert.op_attrs_set.shape"(%a, %ch6) {key = "shape", value = #corert.shape<2x?x3>} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch8 = "corert.op_attrs_set.aggregate"(%a, %ch7) {key = "aggregate", value = [1 : i32, "x"]} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch9 = "corert.op_attrs_set_array.i32"(%a, %ch8) {key = "i32s", value = [1 : i32, 2 : i32, 3 : i32, 4 : i32, 5 : i32, 6 : i32]} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch10 = "corert.op_attrs_set_array.i64"(%a, %ch9) {key = "i64s", value = []} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch11 = "corert.op_attrs_set_array.f32"(%a, %ch10) {key = "f32s", value = [1.0 : f32, 2.0 : f32]} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch12 = "tfrt_test.corert.op_attrs_print"(%a, %ch11) : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch12 : !tfrt.chain
}

// CHECK-LABEL: --- Running 'frozen':
// CHECK-NEXT: OpAttrs contains 1 entries:
// CHECK-NEXT:   'axis' type=I32 value=1
// CHECK:      OpAttrs contains 2 entries:
// CHECK-NEXT:   'axis' type=I32 value=1
// CHECK-NEXT:   'keep' type=BOOL value=0
func.func @frozen() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %a = "corert.create_op_attrs"() : () -> !corert.opattrs
  %ch1 = "corert.op_attrs_set.i32"(%a, %ch0) {key = "axis", value = 1 : i32} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %f, %ch2 = "tfrt_test.corert.op_attrs_freeze"(%a, %ch1) : (!corert.opattrs, !tfrt.chain) -> (!corert.opattrsref, !tfrt.chain)
  %ch3 = "corert.op_attrs_set.bool"(%a, %ch2) {key = "keep", value = false} : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch4 = "tfrt_test.corert.op_attrs_ref_print"(%f, %ch3) : (!corert.opattrsref, !tfrt.chain) -> !tfrt.chain
  %ch5 = "tfrt_test.corert.op_attrs_print"(%a, %ch4) : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch5 : !tfrt.chain
}
