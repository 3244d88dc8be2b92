// RUN: tfrt-opt --keep-value-names %s --verify-roundtrip | filecheck %s
// RUN: tfrt-opt --keep-value-names %s --mlir-print-op-generic | tfrt-opt --keep-value-names | filecheck %s

// CHECK-LABEL: func.func @forms
func.func @forms(%x: i32, %ch0: !tfrt.chain) -> !tfrt.chain {
  // CHECK: %i = tfrt.constant.i32 -3
  %i = tfrt.constant.i32 -3
  // CHECK: %f = tfrt.constant.f32 1.000000e-01
  %f = tfrt.constant.f32 0.1
  // CHECK: %t = tfrt.constant.i1 true
  %t = tfrt.constant.i1 true
  // CHECK: %r = tfrt.call @callee(%x, %i) : (i32, i32) -> i32
  %r = tfrt.call @callee(%x, %i) : (i32, i32) -> i32
  // CHECK: %a = tfrt.cond %t @callee @callee(%x, %r) : (i32, i32) -> (i32)
  %a = tfrt.cond %t @callee @callee (%x, %r) : (i32, i32) -> (i32)
  // CHECK: %b = tfrt.case %x [@callee, @callee](%x, %a) : (i32, i32) -> (i32)
  %b = tfrt.case %x [@callee, @callee] (%x, %a) : (i32, i32) -> (i32)
  // CHECK: %ch1 = tfrt.print.i32 %b, %ch0
  %ch1 = tfrt.print.i32 %b, %ch0
  // CHECK: %ch2 = tfrt.merge.chains %ch0, %ch1 : !tfrt.chain, !tfrt.chain
  %ch2 = tfrt.merge.chains %ch0, %ch1 : !tfrt.chain, !tfrt.chain
  // CHECK: %d = tfrt_dht.create_uninitialized_tensor.i32.2 [3, 2]
  %d = tfrt_dht.create_uninitialized_tensor.i32.2 [3 : i64, 2 : i64]
  // CHECK: %ch3 = tfrt_dht.fill_tensor_with_constant.i32 %d, %ch2 7 : i32
  %ch3 = tfrt_dht.fill_tensor_with_constant.i32 %d, %ch2 7 : i32
  // CHECK: tfrt.return %ch3 : !tfrt.chain
  tfrt.return %ch3 : !tfrt.chain
}

func.func @callee(%x: i32, %y: i32) -> i32 {
  tfrt.return %y : i32
}
