// RUN: tfrt-opt %s -p lower-to-cpu,fuse-cpu-ops | filecheck %s
// RUN: tfrt-opt %s -p lower-to-cpu,fuse-cpu-ops --print-debuginfo | filecheck %s --check-prefix=WHERE

func.func @register() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %a = corert.register_op_handler %cpu "cpu"
  tfrt.return
}

// A layer is one kernel, and where it fails, it fails at all its places.
// CHECK-LABEL: func.func @layer
// CHECK: [[K:%.+]]:3 = cpu.arrays
// CHECK-NEXT: cpu.call [[K]]#0, [[K]]#1, [[K]]#2 {{.*}}inputs = 2 : i64{{.*}}op_name = "tf.MatMul", steps = {{\[\[}}"tf.BiasAdd", 0, 1], ["tf.Relu", 2]]}
// CHECK-NEXT: cpu.handle
// WHERE: cpu.call {{.*}} loc(fused["{{.*}}fuse_cpu_ops.mlir":21:8, "{{.*}}fuse_cpu_ops.mlir":22:8, "{{.*}}fuse_cpu_ops.mlir":23:8])
func.func @layer(%ch: !tfrt.chain, %x: !corert.tensorhandle, %w: !corert.tensorhandle, %b: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  %k:3 = corert.ensure_metadata %x, %w, %b {metadata = [[f32, 4, 3], [f32, 3, 2], [f32, 2]]}
    : (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle)
  %m = corert.executeop(%cpu) "tf.MatMul"(%k#0, %k#1) {transpose_a = false, transpose_b = false} : 1
  %a = corert.executeop(%cpu) "tf.BiasAdd"(%m, %k#2) : 1
  %r = corert.executeop(%cpu) "tf.Relu"(%a) : 1
  tfrt.return %r : !corert.tensorhandle
}

// A value may be read twice by the op that it is fused with; operands that occur twice are passed once.
// CHECK-LABEL: func.func @chain
// CHECK: [[K:%.+]]:2 = cpu.arrays
// CHECK-NEXT: cpu.elementwise [[K]]#0, [[K]]#1 {{.*}}steps = {{\[\[}}"tf.AddV2", 0, 1], ["tf.Tanh", 2], ["tf.Mul", 3, 3], ["tf.Sub", 4, 0]]}
// CHECK-NEXT: cpu.handle
func.func @chain(%ch: !tfrt.chain, %x: !corert.tensorhandle, %y: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  %k:2 = corert.ensure_metadata %x, %y {metadata = [[f32, 4, 3], [f32, 3]]}
    : (!corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle)
  %s = corert.executeop(%cpu) "tf.AddV2"(%k#0, %k#1) : 1
  %t = corert.executeop(%cpu) "tf.Tanh"(%s) : 1
  %q = corert.executeop(%cpu) "tf.Mul"(%t, %t) : 1
  %d = corert.executeop(%cpu) "tf.Sub"(%q, %k#0) : 1
  tfrt.return %d : !corert.tensorhandle
}

// Not fused: a result that another op reads, too; one that is broadcast; images with channels first; a product that a
// whole matrix is added to. A column is read with the rows that it is one element of.
// CHECK-LABEL: func.func @apart
// CHECK-COUNT-4: cpu.elementwise
// CHECK: cpu.call {{.*}}op_name = "tf.Conv2D"{{.*}}steps = []
// CHECK-NEXT: cpu.elementwise
// CHECK: cpu.call {{.*}}op_name = "tf.MatMul"{{.*}}steps = []
// CHECK-NEXT: cpu.elementwise
func.func @apart(%ch: !tfrt.chain, %x: !corert.tensorhandle, %v: !corert.tensorhandle, %c: !corert.tensorhandle, %i: !corert.tensorhandle, %f: !corert.tensorhandle)
    -> (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle) {
  %cpu = corert.get_op_handler %ch "cpu"
  %k:5 = corert.ensure_metadata %x, %v, %c, %i, %f {metadata = [[f32, 3, 3], [f32, 3], [f32, 3, 1], [f32, 1, 3, 5, 3], [f32, 1, 1, 3, 3]]}
    : (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle)
    -> (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle)
  %read = corert.executeop(%cpu) "tf.Tanh"(%k#0) : 1
  %twice = corert.executeop(%cpu) "tf.Relu"(%read) : 1
  %small = corert.executeop(%cpu) "tf.Tanh"(%k#1) : 1
  %grown = corert.executeop(%cpu) "tf.AddV2"(%k#0, %small) : 1
  %column = corert.executeop(%cpu) "tf.AddV2"(%k#0, %k#2) : 1
  %after = corert.executeop(%cpu) "tf.Relu"(%column) : 1
  %and = corert.executeop(%cpu) "tf.Mul"(%after, %twice) : 1
  %images = corert.executeop(%cpu) "tf.Conv2D"(%k#3, %k#4) {padding = "VALID", strides = [1, 1, 1, 1], data_format = "NCHW"} : 1
  %bias = corert.executeop(%cpu) "tf.AddV2"(%images, %k#1) : 1
  %product = corert.executeop(%cpu) "tf.MatMul"(%k#0, %k#0) {transpose_a = false, transpose_b = false} : 1
  %sum = corert.executeop(%cpu) "tf.AddV2"(%product, %k#0) : 1
  tfrt.return %read, %twice, %grown, %and, %bias, %sum : !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle
}
