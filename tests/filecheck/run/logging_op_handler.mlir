// The log goes to standard error, what the program prints to standard output.
// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: bef-run %t --functions=logged | filecheck %s --check-prefix=OUT
// RUN: bef-run %t --functions=logged 2>&1 | filecheck %s --check-prefix=ALL
// RUN: bef-run %t --functions=briefly_logged 2>&1 | filecheck %s --check-prefix=BRIEF

// OUT:      --- Running 'logged':
// OUT-NEXT: DenseHostTensor dtype = i32, shape = [2], values = [1, 3]
// OUT-NEXT: 'logged' returned !tfrt.chain value

// ALL:      --- Running 'logged':
// ALL-NEXT: [0] dispatch 'tfrt_test.create_dense_tensor' 0 arguments, 1 result, OpAttrs contains 2 entries:
// ALL-NEXT:   'shape' type=I64 value=[3]
// ALL-NEXT:   'values' type=I32 value=[1, 2, 3]
// ALL:      Outputs for [0]: 'tfrt_test.create_dense_tensor':
// ALL-NEXT:   Output for [0] tensor 0: DenseHostTensor dtype = i32, shape = [3], values = [1, 2, 3]
// ALL:      [1] dispatch 'tfrt_test.odd_collector' 1 argument, 1 result, no attributes
// ALL:      Inputs for [1]: 'tfrt_test.odd_collector':
// ALL-NEXT:   Input for [1] tensor 0: DenseHostTensor dtype = i32, shape = [3], values = [1, 2, 3]
// ALL:      Outputs for [1]: 'tfrt_test.odd_collector':
// ALL-NEXT:   Output for [1] tensor 0: DenseHostTensor dtype = i32, shape = [2], values = [1, 3]
// ALL:      DenseHostTensor dtype = i32, shape = [2], values = [1, 3]
func.func @logged() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %log = "corert.create_logging_op_handler"(%cpu) {sync_log_results = 1} : (!corert.ophandler) -> !corert.ophandler
  %a = corert.executeop(%log) "tfrt_test.create_dense_tensor"() {shape = [3], values = [1 : i32, 2 : i32, 3 : i32]} : 1
  %b = corert.executeop(%log) "tfrt_test.odd_collector"(%a) : 1
  %ch1 = "corert.print_tensorhandle"(%b, %ch0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch1 : !tfrt.chain
}

// BRIEF:     [0] dispatch 'tfrt_test.relu' 1 argument, 1 result, no attributes
// BRIEF:     Inputs for [0]: 'tfrt_test.relu':
// BRIEF-NOT: Outputs
func.func @briefly_logged() -> !corert.tensorhandle {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %log = "corert.create_logging_op_handler"(%cpu) {sync_log_results = 0} : (!corert.ophandler) -> !corert.ophandler
  %a = corert.const_dense_tensor dense<[-1, 1]> : tensor<2xi32>
  %b = corert.executeop(%log) "tfrt_test.relu"(%a) : 1
  tfrt.return %b : !corert.tensorhandle
}
