// RUN: tfrt-opt --keep-value-names %s -p canonicalize | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -p canonicalize,cse | filecheck %s --check-prefixes=CHECK,CSE

// CHECK-LABEL: func.func @unused
// CHECK-NOT: tfrt.constant
// CHECK: tfrt.return
func.func @unused() {
  %x = tfrt.constant.i32 1
  tfrt.return
}

// CHECK-LABEL: func.func @merge_of_one
// CHECK-NOT: merge
// CHECK: tfrt.return %a, %a : !tfrt.chain
func.func @merge_of_one(%a: !tfrt.chain) -> (!tfrt.chain, !tfrt.chain) {
  %m = tfrt.merge.chains %a : !tfrt.chain
  tfrt.return %m, %a : !tfrt.chain, !tfrt.chain
}

// Others use these chains, too, but nothing else waits for both.
// CHECK-LABEL: func.func @merge_of_used_ones
// CHECK: %m = tfrt.merge.chains %a, %b : !tfrt.chain, !tfrt.chain
// CHECK-NEXT: tfrt.return %m, %a, %b
func.func @merge_of_used_ones(%a: !tfrt.chain, %b: !tfrt.chain) -> (!tfrt.chain, !tfrt.chain, !tfrt.chain) {
  %m = tfrt.merge.chains %a, %b : !tfrt.chain, !tfrt.chain
  tfrt.return %m, %a, %b : !tfrt.chain, !tfrt.chain, !tfrt.chain
}

// CHECK-LABEL: func.func @merge_of_an_otherwise_unused_one
// CHECK-NEXT: tfrt.return %a : !tfrt.chain
func.func @merge_of_an_otherwise_unused_one(%a: !tfrt.chain) -> !tfrt.chain {
  %m = tfrt.merge.chains %a : !tfrt.chain
  tfrt.return %m : !tfrt.chain
}

// Side effects stay, however often they are written.
// CHECK-LABEL: func.func @effects
// CHECK: tfrt.print.i32
// CHECK: tfrt.print.i32
func.func @effects(%ch: !tfrt.chain, %x: i32) {
  %a = tfrt.print.i32 %x, %ch
  %b = tfrt.print.i32 %x, %ch
  tfrt.return
}

// CSE-LABEL: func.func @twice
// CSE: %a = tfrt.add.i32 %x, %x
// CSE-NEXT: tfrt.return %a, %a : i32, i32
func.func @twice(%x: i32) -> (i32, i32) {
  %a = tfrt.add.i32 %x, %x
  %b = tfrt.add.i32 %x, %x
  tfrt.return %a, %b : i32, i32
}
