// RUN: tfrt-opt --keep-value-names %s -p relax-chains | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -p relax-chains --print-debuginfo | filecheck %s --check-prefix=WHERE

// Both tensors are set at once, while something is printed; what came after still does.
// CHECK-LABEL: func.func @first_accesses
// CHECK: %c1 = tfrt.print.i32 %x, %ch
// CHECK-NEXT: %c2 = tfrt_dht.fill_tensor_with_constant.f32 %t, %ch 1.000000e+00 : f32
// CHECK-NEXT: [[A:%[0-9]+]] = tfrt.merge.chains %c2, %c1 : !tfrt.chain, !tfrt.chain
// CHECK-NEXT: %c3 = tfrt_dht.set_tensor_with_constant_values.i32 %u, %ch [1 : i32, 2 : i32]
// CHECK-NEXT: [[B:%[0-9]+]] = tfrt.merge.chains %c3, [[A]] : !tfrt.chain, !tfrt.chain
// CHECK-NEXT: %c4 = tfrt_dht.print_tensor %t, [[B]]
// CHECK-NEXT: tfrt.return %u, %c4, [[A]]
// WHERE-LABEL: func.func @first_accesses
// WHERE: tfrt_dht.fill_tensor_with_constant.f32 {{.*}} loc("{{.*}}relax_chains.mlir":20:9)
// WHERE-NEXT: tfrt.merge.chains {{.*}} loc("{{.*}}relax_chains.mlir":20:9)
func.func @first_accesses(%x: i32, %ch: !tfrt.chain) -> (!tfrt_tensor.tensor, !tfrt.chain, !tfrt.chain) {
  %t = tfrt_dht.create_uninitialized_tensor.f32.1 [2 : i64]
  %u = tfrt_dht.create_uninitialized_tensor.i32.2 [1 : i64, 2 : i64]
  %c1 = tfrt.print.i32 %x, %ch
  %c2 = tfrt_dht.fill_tensor_with_constant.f32 %t, %c1 1.0 : f32
  %c3 = tfrt_dht.set_tensor_with_constant_values.i32 %u, %c2 [1 : i32, 2 : i32]
  %c4 = tfrt_dht.print_tensor %t, %c3
  tfrt.return %u, %c4, %c2 : !tfrt_tensor.tensor, !tfrt.chain, !tfrt.chain
}

// Whoever has seen the tensor before might look at it again.
// CHECK-LABEL: func.func @seen_before
// CHECK-NOT: merge
// CHECK: tfrt.return
func.func @seen_before(%x: i32, %s: !tfrt_tensor.tensor, %ch: !tfrt.chain) -> !tfrt.chain {
  %t = tfrt_dht.create_uninitialized_tensor.f32.1 [2 : i64]
  %c1 = tfrt_dht.print_tensor %t, %ch
  %c2 = tfrt_dht.fill_tensor_with_constant.f32 %t, %c1 1.0 : f32
  %c3 = tfrt_dht.fill_tensor_with_constant.f32 %t, %c2 2.0 : f32
  %c4 = tfrt_dht.fill_tensor_with_constant.f32 %s, %c3 2.0 : f32
  tfrt.return %c4 : !tfrt.chain
}

// If printing failed, these would report that they do not fit, which they do not do today.
// CHECK-LABEL: func.func @may_fail
// CHECK-NOT: merge
// CHECK: tfrt.return
func.func @may_fail(%x: i32, %ch: !tfrt.chain) -> !tfrt.chain {
  %t = tfrt_dht.create_uninitialized_tensor.f32.1 [2 : i64]
  %u = tfrt_dht.create_uninitialized_tensor.i32.1 [2 : i64]
  %c1 = tfrt.print.i32 %x, %ch
  %c2 = tfrt_dht.fill_tensor_with_constant.i32 %t, %c1 1 : i32
  %c3 = tfrt_dht.set_tensor_with_constant_values.i32 %u, %c2 [1 : i32, 2 : i32, 3 : i32]
  tfrt.return %c3 : !tfrt.chain
}

// There is nothing to wait for already, or there are two starts.
// CHECK-LABEL: func.func @no_single_start
// CHECK-COUNT-1: merge
// CHECK-NOT: merge
// CHECK: tfrt.return
func.func @no_single_start(%x: i32, %ch: !tfrt.chain, %other: !tfrt.chain) -> (!tfrt.chain, !tfrt.chain) {
  %t = tfrt_dht.create_uninitialized_tensor.f32.1 [2 : i64]
  %u = tfrt_dht.create_uninitialized_tensor.f32.1 [2 : i64]
  %c1 = tfrt_dht.fill_tensor_with_constant.f32 %t, %ch 1.0 : f32
  %m = tfrt.merge.chains %ch, %other : !tfrt.chain, !tfrt.chain
  %c2 = tfrt_dht.fill_tensor_with_constant.f32 %u, %m 1.0 : f32
  tfrt.return %c1, %c2 : !tfrt.chain, !tfrt.chain
}
