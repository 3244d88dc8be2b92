// RUN: tfrt-opt --keep-value-names %s --verify-roundtrip | filecheck %s
// RUN: tfrt-opt --keep-value-names %s --mlir-print-op-generic | tfrt-opt --keep-value-names | filecheck %s

// CHECK: module @outer attributes {tfrt.cost_threshold = 10 : i64} {
module @outer attributes {tfrt.cost_threshold = 10 : i64} {
  // CHECK-NEXT: func.func private @declared(i32, !tfrt.chain) -> f32
  func.func private @declared(i32, !tfrt.chain) -> f32
  // CHECK-NEXT: module @inner {
  module @inner {
    // CHECK-NEXT: func.func @empty() {
    // CHECK-NEXT: tfrt.return
    func.func @empty() { tfrt.return }
  }
  // CHECK: func.func @sync(%x: i32) -> i32 attributes {tfrt.sync} {
  func.func @sync(%x: i32) -> i32 attributes {tfrt.sync} {
    tfrt.return %x : i32
  }
}
