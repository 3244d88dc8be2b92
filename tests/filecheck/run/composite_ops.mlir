// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: bef-run %t --functions=swapped,in_order | filecheck %s
// RUN: bef-run %t --functions=swapped,in_order --work_queue_type=mstd:2 | filecheck %s
// RUN: not --exit-code 1 bef-run %t --functions=no_op 2>&1 | filecheck %s --check-prefix=NO-OP

func.func @cpu() -> !corert.ophandler {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  tfrt.return %cpu : !corert.ophandler
}

func.func @swap(%ch: !tfrt.chain, %x: !corert.tensorhandle, %y: !corert.tensorhandle)
    -> (!tfrt.chain, !corert.tensorhandle, !corert.tensorhandle) {
  tfrt.return %ch, %y, %x : !tfrt.chain, !corert.tensorhandle, !corert.tensorhandle
}

// CHECK-LABEL: --- Running 'swapped':
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [], values = [2]
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [], values = [1]
func.func @swapped() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %swap = "corert.make_composite_op"() {fn = @swap} : () -> !corert.op
  %x = corert.const_dense_tensor dense<1> : tensor<i32>
  %y = corert.const_dense_tensor dense<2> : tensor<i32>
  %a:2 = "corert.execute_crt_op"(%swap, %x, %y) {op_attrs = [], op_func_attrs = []}
    : (!corert.op, !corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle)
  %ch1 = "corert.print_tensorhandle"(%a#0, %ch0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %ch2 = "corert.print_tensorhandle"(%a#1, %ch1) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch2 : !tfrt.chain
}

func.func @double_twice(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> (!tfrt.chain, !corert.tensorhandle) {
  %cpu = tfrt.call @cpu() : () -> !corert.ophandler
  %later = corert.executeop(%cpu) "tfrt_test.async.noop_no_md"(%x) : 1
  %y = corert.executeop(%cpu) "tfrt_test.add"(%later, %x) : 1
  %z = corert.executeop(%cpu) "tfrt_test.add"(%y, %y) : 1
  tfrt.return %ch, %z : !tfrt.chain, !corert.tensorhandle
}

// CHECK-LABEL: --- Running 'in_order':
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2], values = [20, 24]
// CHECK-NEXT: DenseHostTensor dtype = i32, shape = [2], values = [80, 96]
func.func @in_order() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %op = "corert.make_composite_op"() {fn = @double_twice} : () -> !corert.op
  %x = corert.const_dense_tensor dense<[5, 6]> : tensor<2xi32>
  %y = "corert.execute_crt_op"(%op, %x) {op_attrs = [], op_func_attrs = []}
    : (!corert.op, !corert.tensorhandle) -> !corert.tensorhandle
  %z = "corert.execute_crt_op"(%op, %y) {op_attrs = [], op_func_attrs = []}
    : (!corert.op, !corert.tensorhandle) -> !corert.tensorhandle
  %ch1 = "corert.print_tensorhandle"(%y, %ch0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %ch2 = "corert.print_tensorhandle"(%z, %ch1) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch2 : !tfrt.chain
}

func.func @number(%ch: !tfrt.chain) -> (!tfrt.chain, i32) {
  %n = tfrt.constant.i32 1
  tfrt.return %ch, %n : !tfrt.chain, i32
}

// NO-OP: composite_ops.mlir:63:9: error: runtime error: The function should only returns type [!corert.tensorhandle]. But the 0-th results is type [i32].
func.func @no_op() -> !corert.op {
  %op = "corert.make_composite_op"() {fn = @number} : () -> !corert.op
  tfrt.return %op : !corert.op
}
