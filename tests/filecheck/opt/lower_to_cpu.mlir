// RUN: tfrt-opt --keep-value-names %s -p lower-to-cpu | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -p lower-to-cpu --print-debuginfo | filecheck %s --check-prefix=WHERE
// RUN: tfrt-opt --keep-value-names %s -p 'lower-to-cpu{handlers=gpu}' | filecheck %s --check-prefix=GPU
// RUN: tfrt-opt --keep-value-names %s -p lower-to-cpu,lower-to-cpu | filecheck %s

func.func @register() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %a = corert.register_op_handler %cpu "cpu"
  %b = corert.register_op_handler %cpu "both"
  %log = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %c = corert.register_op_handler %log "both"
  tfrt.return
}

// Shapes become types, and nothing but arrays is passed on until a tensor is asked for.
// CHECK-LABEL: func.func @known
// CHECK: [[CPU:%.+]] = corert.get_op_handler
// CHECK-NEXT: [[X:%.+]] = cpu.arrays [[CPU]], %{{.+}} {metadata = {{\[\[}}f32, 2, 3]]} : memref<2x3xf32>
// CHECK-NEXT: [[R:%.+]] = cpu.elementwise [[X]] {{.*}}steps = {{\[\[}}"tf.Relu", 0]]} : (memref<2x3xf32>) -> memref<2x3xf32>
// CHECK-NEXT: [[M:%.+]] = cpu.call [[R]], [[R]] {{.*}}op_attrs = {{\[\[}}"transpose_a", true], ["transpose_b", false]], op_name = "tf.MatMul", steps = []} : (memref<2x3xf32>, memref<2x3xf32>) -> memref<3x3xf32>
// CHECK-NEXT: [[H:%.+]] = cpu.handle [[CPU]], [[M]]
// CHECK-NEXT: tfrt.return [[H]]
// WHERE: cpu.arrays {{.*}} loc("{{.*}}lower_to_cpu.mlir":29:8)
// WHERE: cpu.elementwise {{.*}} loc("{{.*}}lower_to_cpu.mlir":30:8)
// WHERE: cpu.handle {{.*}} loc("{{.*}}lower_to_cpu.mlir":31:8)
func.func @known(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  %k = corert.ensure_metadata %x {metadata = [[f32, 2, 3]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %r = corert.executeop(%cpu) "tf.Relu"(%k) : 1
  %m = corert.executeop(%cpu) "tf.MatMul"(%r, %r) {transpose_a = true, transpose_b = false} : 1
  tfrt.return %m : !corert.tensorhandle
}

// A shape may depend on a constant; a tensor that is used by what is not lowered is made of the array.
// CHECK-LABEL: func.func @constant_axes
// CHECK: cpu.constant {value = dense<1> : tensor<1xi32>} : memref<1xi32>
// CHECK: cpu.call {{.*}}op_name = "tf.Mean"{{.*}} -> memref<2xf32>
// CHECK-NEXT: [[H:%.+]] = cpu.handle
// CHECK-NEXT: corert.executeop({{.*}}) "tfrt_test.odd_collector"([[H]])
func.func @constant_axes(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  %k = corert.ensure_metadata %x {metadata = [[f32, 2, 3]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %axes = corert.const_dense_tensor dense<[1]> : tensor<1xi32>
  %m = corert.executeop(%cpu) "tf.Mean"(%k, %axes) : 1
  %o = corert.executeop(%cpu) "tfrt_test.odd_collector"(%m) : 1
  tfrt.return %o : !corert.tensorhandle
}

// Batch normalization is made of what can be fused with others.
// CHECK-LABEL: func.func @batch_norm
// CHECK: steps = {{\[\[}}"tf.AddV2", 0, 1]]
// CHECK: steps = {{\[\[}}"tf.Sqrt", 0]]
// CHECK: steps = {{\[\[}}"tf.RealDiv", 0, 1]]
// CHECK: steps = {{\[\[}}"tf.Mul", 0, 1]]
// CHECK: steps = {{\[\[}}"tf.Sub", 0, 1]]
// CHECK: steps = {{\[\[}}"tf.Mul", 0, 1]]
// CHECK: steps = {{\[\[}}"tf.AddV2", 0, 1]]
// CHECK-NEXT: cpu.handle
func.func @batch_norm(%ch: !tfrt.chain, %x: !corert.tensorhandle, %v: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  %k:2 = corert.ensure_metadata %x, %v {metadata = [[f32, 1, 2, 2, 3], [f32, 3]]}
    : (!corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle)
  %n:6 = corert.executeop(%cpu) "tf.FusedBatchNormV3"(%k#0, %k#1, %k#1, %k#1, %k#1) {is_training = false} : 6
  tfrt.return %n#0 : !corert.tensorhandle
}

// What is known stays known where another op needs the tensor, too.
// CHECK-LABEL: func.func @used_twice
// CHECK: [[K:%.+]] = corert.ensure_metadata %x
// CHECK: cpu.arrays %{{.+}}, [[K]]
// CHECK: tfrt.return %{{.+}}, [[K]]
func.func @used_twice(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle) {
  %cpu = corert.get_op_handler %ch "cpu"
  %k = corert.ensure_metadata %x {metadata = [[f32, 2, 3]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %r = corert.executeop(%cpu) "tf.Relu"(%k) : 1
  tfrt.return %r, %k : !corert.tensorhandle, !corert.tensorhandle
}

// An op that would fail does so when the program runs, and in its own words.
// CHECK-LABEL: func.func @would_fail
// CHECK-NOT: cpu.
// CHECK: corert.executeop({{.*}}) "tf.MatMul"
// CHECK-NOT: cpu.
// CHECK: tfrt.return
func.func @would_fail(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  %k = corert.ensure_metadata %x {metadata = [[f32, 2, 3]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %m = corert.executeop(%cpu) "tf.MatMul"(%k, %k) {transpose_a = false, transpose_b = false} : 1
  tfrt.return %m : !corert.tensorhandle
}

// Unknown shapes, sparse results, effects, other op handlers, and ops on constants
// alone, behind which there is no op handler, stay on the general path.
// CHECK-LABEL: func.func @others
// CHECK-NOT: cpu.
// CHECK: tfrt.return
// GPU-LABEL: func.func @others
// GPU: cpu.elementwise
func.func @others(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> !tfrt.chain {
  %cpu = corert.get_op_handler %ch "cpu"
  %gpu = corert.get_op_handler %ch "gpu"
  %both = corert.get_op_handler %ch "both"
  %unknown = corert.executeop(%cpu) "tf.Relu"(%x) : 1
  %k = corert.ensure_metadata %x {metadata = [[f32, 2, 3]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %kind = corert.executeop(%cpu) "tfrt_test.identity"(%k) : 1
  %none = corert.executeop(%cpu) "tf.NoSuchOp"(%k) : 1
  %ch1 = corert.executeop.seq(%cpu, %ch) "tfrt_test.print"(%k) : 0
  %there = corert.executeop(%gpu) "tf.Relu"(%k) : 1
  %either = corert.executeop(%both) "tf.Relu"(%k) : 1
  %one = corert.const_dense_tensor dense<[1, 0]> : tensor<2xi32>
  %fails = corert.executeop(%cpu) "tf.RealDiv"(%one, %one) : 1
  tfrt.return %ch1 : !tfrt.chain
}
