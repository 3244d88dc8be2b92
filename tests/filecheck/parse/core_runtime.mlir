// RUN: tfrt-opt --keep-value-names %s --verify-roundtrip | filecheck %s

// CHECK-LABEL: func.func @ops
func.func @ops(%ch0: !tfrt.chain) -> !tfrt.chain {
  // CHECK: %cpu = corert.get_op_handler %ch0 "cpu"
  %cpu = corert.get_op_handler %ch0 "cpu"
  // CHECK: %a = corert.executeop(%cpu) "tf.Const"() {value = dense<1> : tensor<2xi32>, dtype = i32} : 1
  %a = corert.executeop(%cpu) "tf.Const"() {value = dense<1> : tensor<2xi32>, dtype = i32} : 1
  // CHECK: %b:2 = corert.executeop(%cpu) "tf.Two"(%a, %a) : 2
  %b:2 = corert.executeop(%cpu) "tf.Two"(%a, %a) : 2
  // CHECK: %ch1 = corert.executeop.seq(%cpu, %ch0) "tfrt_test.print"(%b#1)
  %ch1 = corert.executeop.seq(%cpu, %ch0) "tfrt_test.print"(%b#1) : 0
  // CHECK: corert.register_op_handler %cpu "again"
  corert.register_op_handler %cpu "again"
  tfrt.return %ch1 : !tfrt.chain
}
