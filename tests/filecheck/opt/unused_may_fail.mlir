// RUN: tfrt-opt --keep-value-names %s -O1 | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -O2 | filecheck %s

// An op that may fail is reported where it does, though nobody uses its result.
// CHECK-LABEL: func.func @unused
// CHECK: corert.executeop
// CHECK: corert.get_op_handler %ch "none"
func.func @unused(%ch: !tfrt.chain, %x: !corert.tensorhandle) {
  %cpu = corert.get_op_handler %ch "cpu"
  %r = corert.executeop(%cpu) "tf.Relu"(%x) : 1
  %none = corert.get_op_handler %ch "none"
  tfrt.return
}

// What files cannot hold is left for what writes them to say.
// CHECK-LABEL: func.func @odd
// CHECK: corert.const_dense_tensor dense<[1, 0]> : tensor<2xi4>
func.func @odd() -> !corert.tensorhandle {
  %k = corert.const_dense_tensor dense<[1, 0]> : tensor<2xi4>
  tfrt.return %k : !corert.tensorhandle
}

func.func @register() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %ch = corert.register_op_handler %cpu "cpu"
  tfrt.return
}
