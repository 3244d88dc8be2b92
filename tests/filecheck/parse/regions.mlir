// RUN: tfrt-opt --keep-value-names %s --verify-roundtrip | filecheck %s

// Regions of these ops declare the op's operands anew, under the same names.
// CHECK-LABEL: func.func @regions
func.func @regions(%c: i1, %n: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  // CHECK: %a = tfrt.if %c, %n : (i32) -> (i32) {
  %a = tfrt.if %c, %n : (i32) -> (i32) {
    // CHECK-NEXT: tfrt.return %n : i32
    tfrt.return %n : i32
  // CHECK-NEXT: } else {
  } else {
    // CHECK-NEXT: %m = tfrt.add.i32 %n, %n
    %m = tfrt.add.i32 %n, %n
    tfrt.return %m : i32
  }
  // CHECK: %b:2 = tfrt.repeat.i32 %n, %a, %ch : i32, !tfrt.chain {
  %b:2 = tfrt.repeat.i32 %n, %a, %ch : i32, !tfrt.chain {
    // CHECK-NEXT: tfrt.print.i32 %a, %ch
    %ch1 = tfrt.print.i32 %a, %ch
    tfrt.return %a, %ch1 : i32, !tfrt.chain
  }
  // CHECK: %d = tfrt.parallel_for.i32 %n to %a fixed %n, %b#1 : !tfrt.chain {
  %d = tfrt.parallel_for.i32 %n to %a fixed %n, %b#1 : !tfrt.chain {
    %ch2 = tfrt.new.chain
    tfrt.return %ch2 : !tfrt.chain
  }
  // CHECK: %e = tfrt_test.do.async %n : (i32) -> (i32) {
  %e = tfrt_test.do.async %n : (i32) -> (i32) {
    tfrt.return %n : i32
  }
  tfrt.return %e, %d : i32, !tfrt.chain
}
