// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: not --exit-code 1 bef-run %t --test_init_function=register --functions=ops --enable_tracing 2>&1 | filecheck %s
// RUN: not --exit-code 1 bef-run %t --test_init_function=register --functions=ops --enable_tracing --tracing_level=verbose 2>&1 | filecheck %s --check-prefix=VERBOSE
// RUN: not --exit-code 1 bef-run %t --test_init_function=register --functions=ops --enable_tracing --tracing_level=debug 2>&1 | filecheck %s --check-prefix=DEBUG
// RUN: bef-run %t --test_init_function=register --functions=synchronous --enable_tracing | filecheck %s --check-prefix=SYNC
// RUN: not --exit-code 1 bef-run %t --test_init_function=register --functions=ops --print_error_code 2>&1 | filecheck %s --check-prefix=CODE

func.func @register() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  corert.register_op_handler %cpu "cpu"
  tfrt.return
}

// Each op has a scope and, in it, one for its work, unless its inputs do not fit it.
// CHECK: Scope:Bef Executor
// CHECK: Scope:Function: ops
// CHECK-NEXT: Scope:tf.Relu#op_handler=cpu#
// CHECK-NEXT: Scope:RunDispatch: tf.Relu
// CHECK-NEXT: End Scope
// CHECK-NEXT: End Scope
// CHECK-NEXT: Scope:tf.MatMul#op_handler=cpu#
// CHECK-NEXT: End Scope
// CHECK-NEXT: Scope:tfrt_test.print#op_handler=cpu#
// CHECK-NEXT: Scope:RunDispatch: tfrt_test.print
// CHECK-NEXT: End Scope
// CHECK-NEXT: End Scope
// CHECK-NEXT: End Scope
// CHECK-NEXT: End Scope

// VERBOSE: Scope:tf.Relu#op_handler=cpu#
// VERBOSE-NEXT: Scope:RunMetadataFunction
// VERBOSE-NEXT: End Scope
// VERBOSE-NEXT: Scope:RunDispatch: tf.Relu
// VERBOSE: Scope:tf.MatMul#op_handler=cpu#
// VERBOSE-NEXT: Scope:RunMetadataFunction
// VERBOSE-NEXT: End Scope
// VERBOSE-NEXT: End Scope

// DEBUG: Scope:corert.executeop
// DEBUG-NEXT: Scope:tf.Relu#op_handler=cpu#
// DEBUG-NEXT: Scope:RunMetadataFunction
// DEBUG-NEXT: End Scope
// DEBUG-NEXT: Scope:RunDispatchFunction: tf.Relu#op_name=tf.Relu,long_name=the_relu,Inputs=(f32 [2]),Results=(f32 [2]),Attributes=OpAttrs is empty
// DEBUG-NEXT: #
// DEBUG-NEXT: End Scope
// DEBUG-NEXT: End Scope
// DEBUG-NEXT: End Scope
// DEBUG: Scope:corert.executeop.seq
// DEBUG-NEXT: Scope:tfrt_test.print#op_handler=cpu#
// DEBUG-NEXT: Scope:RunDispatchFunction: tfrt_test.print#op_name=tfrt_test.print,Inputs=(f32 [2]),Results=(),Attributes=OpAttrs contains 1 entries:
// DEBUG-NEXT:   'unused' type=I32 value=7

// What a metadata function refuses is an invalid argument; what other kernels fail with is internal.
// CODE: 'ops' returned <<error: argument 0 of matmul op is not a rank-2 tensor. Actual rank is 1, code: INVALID_ARGUMENT>>,<<error: op_handler not found: none, code: INTERNAL>>,!tfrt.chain value
func.func @ops() -> (!corert.tensorhandle, !corert.tensorhandle, !tfrt.chain) {
  %ch = tfrt.new.chain
  %cpu = corert.get_op_handler %ch "cpu"
  %a = corert.const_dense_tensor dense<[1.0, -2.0]> : tensor<2xf32>
  %b = corert.executeop(%cpu) "tf.Relu"(%a) : 1 loc("the_relu")
  %c = corert.executeop(%cpu) "tf.MatMul"(%a, %b) {transpose_a = false, transpose_b = false} : 1
  %none = corert.get_op_handler %ch "none"
  %d = corert.executeop(%none) "tf.Relu"(%b) : 1
  %ch2 = corert.executeop.seq(%cpu, %ch) "tfrt_test.print"(%b) {unused = 7 : i32} : 0
  tfrt.return %c, %d, %ch2 : !corert.tensorhandle, !corert.tensorhandle, !tfrt.chain
}

// SYNC: Scope:Function: synchronous
// SYNC-NEXT: Scope:tf.Relu#op_handler=cpu#
// SYNC-NEXT: Scope:RunDispatch: tf.Relu
func.func @synchronous() -> !corert.tensorhandle attributes {tfrt.sync} {
  %cpu = corert_sync.get_op_handler "cpu"
  %a = corert_sync.const_dense_tensor dense<[1.0, -2.0]> : tensor<2xf32>
  %b = corert_sync.executeop(%cpu) "tf.Relu"(%a) : 1
  tfrt.return %b : !corert.tensorhandle
}
