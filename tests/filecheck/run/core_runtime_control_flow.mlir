// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: bef-run %t --functions=choose,count_down --test_init_function=register | filecheck %s
// RUN: bef-run %t --functions=choose,count_down --test_init_function=register --work_queue_type=mstd:2 | filecheck %s
// RUN: not --exit-code 1 bef-run %t --functions=unclear --test_init_function=register 2>&1 \
// RUN:   | filecheck %s --check-prefix=UNCLEAR

func.func @register() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  corert.register_op_handler %cpu "cpu"
  tfrt.return
}

func.func @double(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> (!tfrt.chain, !corert.tensorhandle) {
  %cpu = corert.get_op_handler %ch "cpu"
  %y = corert.executeop(%cpu) "tfrt_test.add"(%x, %x) : 1
  tfrt.return %ch, %y : !tfrt.chain, !corert.tensorhandle
}
func.func @keep(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> (!tfrt.chain, !corert.tensorhandle) {
  tfrt.return %ch, %x : !tfrt.chain, !corert.tensorhandle
}

// CHECK-LABEL: --- Running 'choose':
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2], values = [6, 8]
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2], values = [3, 4]
func.func @choose() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %cpu = corert.get_op_handler %ch0 "cpu"
  %x = corert.const_dense_tensor dense<[3, 4]> : tensor<2xi32>
  %one = corert.const_dense_tensor dense<1> : tensor<i32>
  %yes = corert.executeop(%cpu) "tfrt_test.async.noop_no_md"(%one) : 1
  %no = corert.const_string_tensor {shape = [], value = [""]}
  %a:2 = corert.cond %yes @double @keep (%ch0, %x) : (!corert.tensorhandle) -> (!corert.tensorhandle)
  %ch1 = "corert.print_tensorhandle"(%a#1, %a#0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %b:2 = corert.cond %no @double @keep (%ch1, %x) : (!corert.tensorhandle) -> (!corert.tensorhandle)
  %ch2 = "corert.print_tensorhandle"(%b#1, %b#0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch2 : !tfrt.chain
}

func.func @is_not_zero(%ch: !tfrt.chain, %n: !corert.tensorhandle) -> (!tfrt.chain, !corert.tensorhandle) {
  %cpu = corert.get_op_handler %ch "cpu"
  %later = corert.executeop(%cpu) "tfrt_test.async.noop"(%n) : 1
  tfrt.return %ch, %later : !tfrt.chain, !corert.tensorhandle
}
func.func @minus_one(%ch: !tfrt.chain, %n: !corert.tensorhandle) -> (!tfrt.chain, !corert.tensorhandle) {
  %cpu = corert.get_op_handler %ch "cpu"
  %ch1 = corert.executeop.seq(%cpu, %ch) "tfrt_test.print"(%n) : 0
  %minus_one = corert.const_dense_tensor dense<-1> : tensor<i32>
  %less = corert.executeop(%cpu) "tfrt_test.add"(%n, %minus_one) : 1
  tfrt.return %ch1, %less : !tfrt.chain, !corert.tensorhandle
}

// CHECK-LABEL: --- Running 'count_down':
// CHECK-NEXT: shape = [], values = [3]
// CHECK-NEXT: shape = [], values = [2]
// CHECK-NEXT: shape = [], values = [1]
// CHECK-NEXT: shape = [], values = [0]
// CHECK-NEXT: 'count_down' returned
func.func @count_down() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %n = corert.const_dense_tensor dense<3> : tensor<i32>
  %r:2 = corert.while @is_not_zero @minus_one (%ch0, %n) : (!corert.tensorhandle) -> (!corert.tensorhandle)
  %ch1 = "corert.print_tensorhandle"(%r#1, %r#0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch1 : !tfrt.chain
}

// UNCLEAR: core_runtime_control_flow.mlir:72:10: error: runtime error: tensor predicate does not support dtype f32
func.func @unclear() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %x = corert.const_dense_tensor dense<[3, 4]> : tensor<2xi32>
  %maybe = corert.const_dense_tensor dense<0.5> : tensor<f32>
  %a:2 = corert.cond %maybe @double @keep (%ch0, %x) : (!corert.tensorhandle) -> (!corert.tensorhandle)
  tfrt.return %a#0 : !tfrt.chain
}
