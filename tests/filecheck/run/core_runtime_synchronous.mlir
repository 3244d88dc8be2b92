// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: bef-run %t --functions=layer,buffers --test_init_function=register | filecheck %s
// RUN: bef-run %t --functions=layer,buffers --test_init_function=register --work_queue_type=mstd:2 | filecheck %s
// RUN: not --exit-code 1 bef-run %t --functions=stops --test_init_function=register 2>&1 \
// RUN:   | filecheck %s --check-prefix=STOPS

func.func @register() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  corert.register_op_handler %cpu "cpu"
  tfrt.return
}

// CHECK-LABEL: --- Running 'layer':
// CHECK-NEXT: DenseHostTensor dtype = f32, shape = [2], values = [5.000000e-01, 0.000000e+00]
// CHECK-NEXT: DenseHostTensor dtype = f32, shape = [2], values = [1.000000e+00, -4.000000e+00]
// CHECK-NEXT: 'layer' returned !corert.tensorhandle value
func.func @layer() -> !corert.tensorhandle attributes {tfrt.sync} {
  %cpu = corert_sync.get_op_handler "cpu"
  %x = corert_sync.const_dense_tensor dense<[1.0, -4.0]> : tensor<2xf32>
  %half = corert_sync.create_dense_tensor.f32 {shape = [2], value = [0.5 : f32]}
  %later = corert_sync.executeop(%cpu) "tfrt_test.async.noop"(%x) : 1
  %y = corert_sync.executeop(%cpu) "tf.Mul"(%later, %half) : 1
  %z = corert_sync.executeop(%cpu) "tf.Relu"(%y) : 1
  corert_sync.executeop(%cpu) "tfrt_test.print"(%z)
  corert_sync.executeop(%cpu) "tfrt_test.print"(%x)
  tfrt.return %z : !corert.tensorhandle
}

// STOPS-LABEL: --- Running 'stops':
// STOPS-NEXT: core_runtime_synchronous.mlir:37:8: error: runtime error: arguments of test.add must have same shape
// STOPS-NOT: DenseHostTensor
func.func @stops() -> !corert.tensorhandle attributes {tfrt.sync} {
  %cpu = corert_sync.get_op_handler "cpu"
  %x = corert_sync.create_dense_tensor.i32 {shape = [2], value = [1 : i32]}
  %y = corert_sync.create_dense_tensor.i32 {shape = [3], value = [1 : i32]}
  %z = corert_sync.executeop(%cpu) "tfrt_test.add"(%x, %y) : 1
  corert_sync.executeop(%cpu) "tfrt_test.print"(%x)
  tfrt.return %z : !corert.tensorhandle
}

// A tensor of a part of a buffer shares its memory.
// CHECK-LABEL: --- Running 'buffers':
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2, 2], values = [1, 2, 3, 4]
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2, 2], values = [1, 2, 8, 9]
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2], values = [5, 6]
// CHECK-NEXT: 'buffers' returned 4
func.func @buffers() -> i64 attributes {tfrt.sync} {
  %eight = "tfrt.constant_s.i64"() {value = 8 : i64} : () -> i64
  %sixteen = "tfrt.constant_s.i64"() {value = 16 : i64} : () -> i64
  %buffer = tfrt_dht_sync.allocate_buffer %sixteen, %eight
  %square = ts_sync.build_shape [2 : i64, 2 : i64]
  %t = tfrt_dht_sync.make_tensor.i32 %buffer, %square
  tfrt_dht_sync.set_tensor_with_constant_values.i32 %t [1 : i32, 2 : i32, 3 : i32, 4 : i32]
  tfrt_dht_sync.print_tensor %t

  %end = tfrt_dht_sync.get_buffer_slice %buffer, %eight, %eight
  %row = ts_sync.build_shape [2 : i64]
  %part = tfrt_dht_sync.make_tensor.i32 %end, %row
  tfrt_dht_sync.set_tensor_with_constant_values.i32 %part [8 : i32, 9 : i32]
  tfrt_dht_sync.print_tensor %t

  %own = tfrt_dht_sync.create_uninitialized_tensor.i32.1 [2 : i64]
  tfrt_dht_sync.set_tensor_with_constant_values.i32 %own [5 : i32, 6 : i32]
  tfrt_dht_sync.print_tensor %own
  %shape = tfrt_dht_sync.get_tensor_shape %t
  %n = ts_sync.get_num_elements %shape
  tfrt.return %n : i64
}
