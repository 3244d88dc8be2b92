// RUN: tfrt-opt %s -p 'lower-to-cpu,plan-buffers{threshold=0}' | filecheck %s
// RUN: tfrt-opt %s -p 'lower-to-cpu,plan-buffers' | filecheck %s --check-prefix=SMALL
// RUN: tfrt-opt %s -p 'lower-to-cpu,plan-buffers{threshold=0}' --print-debuginfo | filecheck %s --check-prefix=WHERE

func.func @register() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %a = corert.register_op_handler %cpu "cpu"
  tfrt.return
}

// Each product needs the one before, so the third may be where the first was. What is returned is not in the arena.
// CHECK-LABEL: func.func @in_a_row
// CHECK-NEXT: [[A:%.+]]:3 = cpu.arena {metadata = {{.*}}, offsets = [0, 64, 0], size = 128 : i64} : memref<4x4xf32>, memref<4x4xf32>, memref<4x4xf32>
// CHECK: [[X:%.+]] = cpu.arrays
// CHECK-NEXT: [[P:%.+]] = cpu.call_into [[X]], [[X]], [[A]]#0
// CHECK-NEXT: [[Q:%.+]] = cpu.call_into [[P]], [[X]], [[A]]#1
// CHECK-NEXT: [[R:%.+]] = cpu.call_into [[Q]], [[X]], [[A]]#2
// CHECK-NEXT: cpu.call [[R]], [[X]]
// SMALL-LABEL: func.func @in_a_row
// SMALL-NOT: cpu.arena
// SMALL: tfrt.return
// WHERE-LABEL: func.func @in_a_row
// WHERE: cpu.arena {{.*}} loc(fused["{{.*}}plan_buffers.mlir":29:8, "{{.*}}plan_buffers.mlir":30:8, "{{.*}}plan_buffers.mlir":31:8])
// WHERE: cpu.call_into {{.*}} loc("{{.*}}plan_buffers.mlir":29:8)
func.func @in_a_row(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  %k = corert.ensure_metadata %x {metadata = [[f32, 4, 4]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %p = corert.executeop(%cpu) "tf.MatMul"(%k, %k) {transpose_a = false, transpose_b = false} : 1
  %q = corert.executeop(%cpu) "tf.MatMul"(%p, %k) {transpose_a = false, transpose_b = false} : 1
  %r = corert.executeop(%cpu) "tf.MatMul"(%q, %k) {transpose_a = false, transpose_b = false} : 1
  %s = corert.executeop(%cpu) "tf.MatMul"(%r, %k) {transpose_a = false, transpose_b = false} : 1
  tfrt.return %s : !corert.tensorhandle
}

// Nothing orders the second square after the use of the first, so they have places of their own.
// CHECK-LABEL: func.func @side_by_side
// CHECK-NEXT: cpu.arena {{.*}}offsets = [0, 64]
func.func @side_by_side(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle) {
  %cpu = corert.get_op_handler %ch "cpu"
  %k = corert.ensure_metadata %x {metadata = [[f32, 4, 4]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %p = corert.executeop(%cpu) "tf.MatMul"(%k, %k) {transpose_a = false, transpose_b = false} : 1
  %q = corert.executeop(%cpu) "tf.MatMul"(%p, %k) {transpose_a = false, transpose_b = false} : 1
  %r = corert.executeop(%cpu) "tf.MatMul"(%k, %k) {transpose_a = true, transpose_b = false} : 1
  %s = corert.executeop(%cpu) "tf.MatMul"(%r, %k) {transpose_a = false, transpose_b = false} : 1
  tfrt.return %q, %s : !corert.tensorhandle, !corert.tensorhandle
}

// Elementwise ops overwrite what nobody else reads, also where the last result leaves the function.
// CHECK-LABEL: func.func @in_place
// CHECK-NOT: cpu.arena
// CHECK: [[X:%.+]] = cpu.arrays
// CHECK-NEXT: [[T:%.+]] = cpu.elementwise [[X]]
// CHECK-NEXT: [[U:%.+]] = cpu.elementwise_into [[T]], [[T]]
// CHECK-NEXT: [[V:%.+]] = cpu.elementwise_into [[U]], [[X]], [[U]]
// CHECK-NEXT: cpu.handle %{{.+}}, [[V]]
func.func @in_place(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  %k = corert.ensure_metadata %x {metadata = [[f32, 4, 4]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %t = corert.executeop(%cpu) "tf.Tanh"(%k) : 1
  %u = corert.executeop(%cpu) "tf.Exp"(%t) : 1
  %v = corert.executeop(%cpu) "tf.Mul"(%u, %k) : 1
  tfrt.return %v : !corert.tensorhandle
}

// Not overwritten: what another op may still read, what leaves the function, and what a view may show.
// CHECK-LABEL: func.func @kept
// CHECK-NOT: _into
// CHECK: tfrt.return
func.func @kept(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle) {
  %cpu = corert.get_op_handler %ch "cpu"
  %k = corert.ensure_metadata %x {metadata = [[f32, 4, 4]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %t = corert.executeop(%cpu) "tf.Tanh"(%k) : 1
  %u = corert.executeop(%cpu) "tf.Exp"(%t) : 1
  %v = corert.executeop(%cpu) "tf.Sqrt"(%t) : 1
  %out = corert.executeop(%cpu) "tf.Neg"(%k) : 1
  %w = corert.executeop(%cpu) "tf.Exp"(%out) : 1
  tfrt.return %u, %v, %out, %w : !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle
}

// An argument of a public function is written to where it is the caller's gift; `cpu.own` copies all others.
// CHECK-LABEL: func.func @put
// CHECK: [[OWN:%.+]] = cpu.own %arg0
// CHECK-NEXT: cpu.call_into [[OWN]], %arg1, %arg2, %arg2, [[OWN]]
func.func @put(%a: memref<64x64xf32>, %row: memref<1x64xf32>, %i: memref<i32>) -> memref<64x64xf32> {
  %b = cpu.call %a, %row, %i, %i {arguments = [[f32, 64, 64], [f32, 1, 64], [i32], [i32]], inputs = 4 : i64, metadata = [[f32, 64, 64]], op_attrs = [], op_name = "stablehlo.dynamic_update_slice", steps = []} : (memref<64x64xf32>, memref<1x64xf32>, memref<i32>, memref<i32>) -> memref<64x64xf32>
  tfrt.return %b : memref<64x64xf32>
}

// Not where it is given back, or where others in the program call the function.
// CHECK-LABEL: func.func @given_back
// CHECK-NOT: cpu.own
func.func @given_back(%a: memref<64x64xf32>, %row: memref<1x64xf32>, %i: memref<i32>) -> (memref<64x64xf32>, memref<64x64xf32>) {
  %b = cpu.call %a, %row, %i, %i {arguments = [[f32, 64, 64], [f32, 1, 64], [i32], [i32]], inputs = 4 : i64, metadata = [[f32, 64, 64]], op_attrs = [], op_name = "stablehlo.dynamic_update_slice", steps = []} : (memref<64x64xf32>, memref<1x64xf32>, memref<i32>, memref<i32>) -> memref<64x64xf32>
  tfrt.return %b, %a : memref<64x64xf32>, memref<64x64xf32>
}
// CHECK-LABEL: func.func @called
// CHECK-NOT: cpu.own
func.func @called(%a: memref<64x64xf32>, %row: memref<1x64xf32>, %i: memref<i32>) -> memref<64x64xf32> {
  %b = cpu.call %a, %row, %i, %i {arguments = [[f32, 64, 64], [f32, 1, 64], [i32], [i32]], inputs = 4 : i64, metadata = [[f32, 64, 64]], op_attrs = [], op_name = "stablehlo.dynamic_update_slice", steps = []} : (memref<64x64xf32>, memref<1x64xf32>, memref<i32>, memref<i32>) -> memref<64x64xf32>
  tfrt.return %b : memref<64x64xf32>
}
func.func @caller(%a: memref<64x64xf32>, %row: memref<1x64xf32>, %i: memref<i32>) -> (memref<64x64xf32>, memref<64x64xf32>) {
  %b = tfrt.call @called(%a, %row, %i) : (memref<64x64xf32>, memref<1x64xf32>, memref<i32>) -> memref<64x64xf32>
  tfrt.return %a, %b : memref<64x64xf32>, memref<64x64xf32>
}

// One temporary alone is in an arena where it is large: its memory is kept for the next call.
// CHECK-LABEL: func.func @one_large
// CHECK: [[LARGE:%.+]] = cpu.arena {{.*}}metadata = {{\[\[}}f32, 256, 256]]
// CHECK: cpu.call_into %{{.+}}, [[LARGE]]
// CHECK: tfrt.return
// SMALL-LABEL: func.func @one_large
// SMALL: cpu.arena
func.func @one_large(%a: memref<256x256xf32>) -> memref<f32> {
  %b = cpu.call %a, %a {arguments = [[f32, 256, 256], [f32, 256, 256]], inputs = 2 : i64, metadata = [[f32, 256, 256]], op_attrs = [["lhs_batching_dimensions", []], ["rhs_batching_dimensions", []], ["lhs_contracting_dimensions", [1]], ["rhs_contracting_dimensions", [0]]], op_name = "stablehlo.dot_general", steps = []} : (memref<256x256xf32>, memref<256x256xf32>) -> memref<256x256xf32>
  %zero = cpu.constant {value = dense<0.0> : tensor<f32>} : memref<f32>
  %c = cpu.call %b, %zero {arguments = [[f32, 256, 256], [f32]], inputs = 2 : i64, metadata = [[f32]], op_attrs = [["dimensions", [0, 1]], ["body", "stablehlo.add"]], op_name = "stablehlo.reduce", steps = []} : (memref<256x256xf32>, memref<f32>) -> memref<f32>
  tfrt.return %c : memref<f32>
}
// CHECK-LABEL: func.func @one_small
// CHECK-NOT: cpu.arena
// SMALL-LABEL: func.func @one_small
// SMALL-NOT: cpu.arena
func.func @one_small(%a: memref<128x128xf32>) -> memref<f32> {
  %b = cpu.call %a, %a {arguments = [[f32, 128, 128], [f32, 128, 128]], inputs = 2 : i64, metadata = [[f32, 128, 128]], op_attrs = [["lhs_batching_dimensions", []], ["rhs_batching_dimensions", []], ["lhs_contracting_dimensions", [1]], ["rhs_contracting_dimensions", [0]]], op_name = "stablehlo.dot_general", steps = []} : (memref<128x128xf32>, memref<128x128xf32>) -> memref<128x128xf32>
  %zero = cpu.constant {value = dense<0.0> : tensor<f32>} : memref<f32>
  %c = cpu.call %b, %zero {arguments = [[f32, 128, 128], [f32]], inputs = 2 : i64, metadata = [[f32]], op_attrs = [["dimensions", [0, 1]], ["body", "stablehlo.add"]], op_name = "stablehlo.reduce", steps = []} : (memref<128x128xf32>, memref<f32>) -> memref<f32>
  tfrt.return %c : memref<f32>
}
