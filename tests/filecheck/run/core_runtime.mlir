// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: not --exit-code 1 bef-run %t --test_init_function=register 2>&1 | filecheck %s
// RUN: not --exit-code 1 bef-run %t --test_init_function=register --work_queue_type=mstd:2 2>&1 | filecheck %s

// CHECK-LABEL: --- Running 'register':
func.func @register() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %one = tfrt.constant.i32 1
  %other = "corert.create_cpu_op_handler_with_ordinal"(%cpu, %one) : (!corert.ophandler, i32) -> !corert.ophandler
  corert.register_op_handler %cpu "cpu"
  corert.register_op_handler %other "other"
  tfrt.return
}

// CHECK-LABEL: --- Running 'tf_ops':
// CHECK-NEXT: DenseHostTensor dtype = f32, shape = [2, 2], values = [0.000000e+00, 1.000000e+00, 4.500000e+00, 9.000000e+00]
func.func @tf_ops() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %cpu = corert.get_op_handler %ch0 "cpu"
  %x = corert.executeop(%cpu) "tf.Const"() {dtype = f32, value = dense<[[1.0, -2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : 1
  %w = corert.const_dense_tensor dense<[[0.5, 1.0], [1.0, 1.0]]> : tensor<2x2xf32>
  %b = corert.const_dense_tensor dense<[-1.0, 0.5]> : tensor<2xf32>
  %xw = corert.executeop(%cpu) "tf.MatMul"(%x, %w) {transpose_a = false, transpose_b = false} : 1
  %y = corert.executeop(%cpu) "tf.BiasAdd"(%xw, %b) {T = f32} : 1
  %b2 = corert.const_dense_tensor dense<[0.0, 1.5]> : tensor<2xf32>
  %z = corert.executeop(%cpu) "tf.AddV2"(%y, %b2) : 1
  %r = corert.executeop(%cpu) "tf.Relu"(%z) : 1
  %ch1 = "corert.print_tensorhandle"(%r, %ch0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch1 : !tfrt.chain
}

// An op runs on the handler that it is given, in the order of the chains.
// CHECK-LABEL: --- Running 'ordered':
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [3], values = [2, 4, 6]
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [3], values = [1, 2, 3]
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2], values = [1, 3]
func.func @ordered() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %cpu = corert.get_op_handler %ch0 "cpu"
  %other = corert.get_op_handler %ch0 "other"
  %a = corert.executeop(%other) "tfrt_test.create_dense_tensor"() {shape = [3], values = [1 : i32, 2 : i32, 3 : i32]} : 1
  %b = corert.executeop(%other) "tfrt_test.async.noop_no_md"(%a) : 1
  %c = corert.executeop(%cpu) "tfrt_test.add"(%a, %b) : 1
  %d = corert.executeop(%cpu) "tfrt_test.odd_collector"(%b) : 1
  %ch1 = corert.executeop.seq(%cpu, %ch0) "tfrt_test.print"(%c) : 0
  %ch2 = corert.executeop.seq(%other, %ch1) "tfrt_test.print"(%a) : 0
  %ch3 = corert.executeop.seq(%cpu, %ch2) "tfrt_test.print"(%d) : 0
  tfrt.return %ch3 : !tfrt.chain
}

// CHECK-LABEL: --- Running 'refused':
// CHECK: core_runtime.mlir:61:8: error: runtime error: arguments of test.add must have same shape
// CHECK-NOT: error: runtime error
// CHECK: 'refused' returned <<error: arguments of test.add must have same shape>>
func.func @refused() -> !corert.tensorhandle {
  %ch0 = tfrt.new.chain
  %cpu = corert.get_op_handler %ch0 "cpu"
  %a = corert.const_dense_tensor dense<[1, 2]> : tensor<2xi32>
  %b = corert.const_dense_tensor dense<[1, 2, 3]> : tensor<3xi32>
  %c = corert.executeop(%cpu) "tfrt_test.add"(%a, %b) : 1
  %d = corert.executeop(%cpu) "tfrt_test.add"(%c, %c) : 1
  tfrt.return %d : !corert.tensorhandle
}
