// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: bef-run %t --functions=filled | filecheck %s
// RUN: bef-run %t --function=relu --input='2x2xf32=[[1 -2][-3 4]]' --expected_output='2x2xf32=[1 0][0 4]'
// RUN: bef-run %t --function=relu --input=3xf32=-1 --expected_output=3xf32=0
// RUN: not --exit-code 1 bef-run %t --function=relu --input='2xf32=1 -1' --expected_output='2xf32=1 1' 2>&1 \
// RUN:   | filecheck %s --check-prefix=WRONG
// RUN: not --exit-code 1 bef-run %t --function=relu --input='2xi32=1 -1' 2>&1 | filecheck %s --check-prefix=TYPE
// RUN: not --exit-code 2 bef-run %t --function=relu --input='2xf32=1' --input=2 2>&1 | filecheck %s --check-prefix=COUNT

// CHECK-LABEL: --- Running 'filled':
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2, 3], values = [7, 7, 7, 7, 7, 7]
// CHECK-NEXT: shape = [2, 3]
// CHECK-NEXT: 'filled' returned !tfrt_tensor.tensor value,!tfrt.chain value
func.func @filled() -> (!tfrt_tensor.tensor, !tfrt.chain) {
  %ch0 = tfrt.new.chain
  %t = tfrt_dht.create_uninitialized_tensor.i32.2 [2 : i64, 3 : i64]
  %ch1 = tfrt_dht.fill_tensor_with_constant.i32 %t, %ch0 7 : i32
  %ch2 = tfrt_dht.print_tensor %t, %ch1
  %s = tfrt_dht.get_tensor_shape %t
  %ch3 = ts.print_shape %s, %ch2
  tfrt.return %t, %ch3 : !tfrt_tensor.tensor, !tfrt.chain
}

// WRONG: 'relu' returned 2xf32=1.0 0.0
// WRONG-NEXT: bef-run: result #0 of 'relu': expected 2xf32=1.0 1.0, got 2xf32=1.0 0.0 (1 of 2 elements differ, the first one at [1])
// TYPE: tensors.mlir:29:11: error: runtime error: expected a tensor of dtype f32, got i32
// COUNT: bef-run: function 'relu' takes 1 input (!tfrt_tensor.tensor), got 2
func.func @relu(%t: !tfrt_tensor.tensor, %ch: !tfrt.chain) -> (!tfrt_tensor.tensor, !tfrt.chain) {
  %done = "tfrt_test.relu_inplace.f32"(%t, %ch) : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  tfrt.return %t, %done : !tfrt_tensor.tensor, !tfrt.chain
}
