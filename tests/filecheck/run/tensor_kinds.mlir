// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: not --exit-code 1 bef-run %t 2>&1 | filecheck %s
// RUN: not --exit-code 1 bef-run %t --work_queue_type=mstd:2 2>&1 | filecheck %s

// CHECK-LABEL: --- Running 'strings':
// CHECK-NEXT: StringHostTensor shape = [2, 1], values = ["one", "two"]
// CHECK-NEXT: StringHostTensor shape = [3], values = ["", "", ""]
// CHECK-NEXT: StringHostTensor shape = [2], values = ["a", "b"]
func.func @strings() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %a = corert.const_string_tensor {shape = [2, 1], value = ["one", "two"]}
  %ch1 = "corert.print_tensorhandle"(%a, %ch0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %b = corert.const_string_tensor {shape = [3], value = [""]}
  %ch2 = "corert.print_tensorhandle"(%b, %ch1) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %c = "tfrt_sht.create_tensor"() {shape = [2], value = ["a", "b"]} : () -> !tfrt_tensor.tensor
  %ch3 = tfrt_dht.print_tensor %c, %ch2
  tfrt.return %ch3 : !tfrt.chain
}

// One value stands for all elements, until an op needs them.
// CHECK-LABEL: --- Running 'scalars':
// CHECK-NEXT: ScalarHostTensor dtype = i32, shape = [2, 3], value = 7
// CHECK-NEXT: ScalarHostTensor dtype = i32, shape = [2, 3], value = 14
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2], values = [0, 0]
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2, 3], values = [7, 7, 7, 7, 7, 7]
func.func @scalars() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %cpu = tfrt.call @cpu() : () -> !corert.ophandler
  %a = corert.executeop(%cpu) "tfrt_test.create_from_scalar"() {shape = [2 : i64, 3 : i64], value = 7 : i32} : 1
  %ch1 = corert.executeop.seq(%cpu, %ch0) "tfrt_test.print"(%a) : 0
  %b = corert.executeop(%cpu) "tfrt_test.add"(%a, %a) : 1
  %ch2 = corert.executeop.seq(%cpu, %ch1) "tfrt_test.print"(%b) : 0
  %c = corert.executeop(%cpu) "tfrt_test.argmax"(%a) {axis = 1 : i32} : 1
  %ch3 = corert.executeop.seq(%cpu, %ch2) "tfrt_test.print"(%c) : 0
  %d = corert.executeop(%cpu) "tfrt_test.identity"(%a) : 1
  %ch4 = corert.executeop.seq(%cpu, %ch3) "tfrt_test.print"(%d) : 0
  tfrt.return %ch4 : !tfrt.chain
}

// CHECK-LABEL: --- Running 'sparse':
// CHECK-NEXT: CooHostTensor dtype = i32, shape = [2, 3], indices = [0, 1, 1, 2], values = [5, 6]
// CHECK:      DenseHostTensor dtype = i32, shape = [2, 3], values = [0, 5, 0, 0, 0, 6]
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2, 3], values = [0, 10, 0, 0, 0, 12]
func.func @sparse() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %cpu = tfrt.call @cpu() : () -> !corert.ophandler
  %where = corert.const_dense_tensor dense<[[0, 1], [1, 2]]> : tensor<2x2xi64>
  %what = corert.const_dense_tensor dense<[5, 6]> : tensor<2xi32>
  %a = corert.executeop(%cpu) "tfrt_test.create_coo_tensor"(%where, %what) {shape = [2, 3]} : 1
  %ch1 = corert.executeop.seq(%cpu, %ch0) "tfrt_test.print"(%a) : 0
  %b = corert.executeop(%cpu) "tfrt_test.identity"(%a) : 1
  %ch2 = corert.executeop.seq(%cpu, %ch1) "tfrt_test.print"(%b) : 0
  %c = corert.executeop(%cpu) "tfrt_test.add"(%a, %a) : 1
  %ch3 = corert.executeop.seq(%cpu, %ch2) "tfrt_test.print"(%c) : 0
  tfrt.return %ch3 : !tfrt.chain
}

// CHECK-LABEL: --- Running 'there_and_back':
// CHECK-NEXT: CooHostTensor dtype = f32, shape = [4], indices = [1, 3], values = [1.500000e+00, -2.000000e+00]
// CHECK:      true
func.func @there_and_back() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %a = tfrt_dht.create_uninitialized_tensor.f32.1 [4 : i64]
  %ch1 = tfrt_dht.set_tensor_with_constant_values.f32 %a, %ch0 [0.0 : f32, 1.5 : f32, 0.0 : f32, -2.0 : f32]
  %b, %ch2 = coo.convert_dht_to_coo.f32.1 %a, %ch1
  %ch3 = "coo.print_tensor"(%b, %ch2) : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  %c, %ch4 = coo.convert_coo_to_dht.f32.1 %b, %ch3
  %same, %ch5 = tfrt_dht.tensor_equal.f32 %a, %c, %ch4
  %ch6 = "tfrt_test.print_bool"(%same, %ch5) : (i1, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch6 : !tfrt.chain
}

// CHECK-LABEL: --- Running 'transferred':
// CHECK-NEXT: tensor_type = DenseHost
// CHECK-NEXT: tensor_type = StringHost
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2], values = [7, 7]
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2], values = [7, 7]
func.func @transferred() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %cpu = tfrt.call @cpu() : () -> !corert.ophandler
  %host = tfrt.get_device %ch0 {device_name = "CPU:0"}
  %a = corert.executeop(%cpu) "tfrt_test.create_from_scalar"() {shape = [2 : i64], value = 7 : i32} : 1
  %dense = corert.get_dst_tensor_type %a, %host
  %ch1 = "tfrt_test.print_tensor_type"(%dense, %ch0) : (!tfrt.tensor_type, !tfrt.chain) -> !tfrt.chain
  %b = corert.const_string_tensor {shape = [], value = ["x"]}
  %string = corert.get_dst_tensor_type %b, %host
  %ch2 = "tfrt_test.print_tensor_type"(%string, %ch1) : (!tfrt.tensor_type, !tfrt.chain) -> !tfrt.chain
  %c = corert.transfer %a, %host, %dense
  %ch3 = "corert.print_tensorhandle"(%c, %ch2) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %d = corert.transfer_inferred_tensortype %a, %host
  %ch4 = "corert.print_tensorhandle"(%d, %ch3) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch4 : !tfrt.chain
}

// CHECK-LABEL: --- Running 'strings_are_not_dense':
// CHECK: tensor_kinds.mlir:100:8: error: runtime error: Cannot implictly convert StringHost to DenseHost
func.func @strings_are_not_dense() -> !corert.tensorhandle {
  %cpu = tfrt.call @cpu() : () -> !corert.ophandler
  %a = corert.const_string_tensor {shape = [1], value = ["x"]}
  %b = corert.executeop(%cpu) "tfrt_test.relu"(%a) : 1
  tfrt.return %b : !corert.tensorhandle
}

func.func @cpu() -> !corert.ophandler {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  tfrt.return %cpu : !corert.ophandler
}
