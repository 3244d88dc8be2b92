// RUN: tfrt-opt --keep-value-names %s -p canonicalize | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -p canonicalize --print-debuginfo | filecheck %s --check-prefix=WHERE

// In a branch %x and %t are no errors, for else it would not run.
// CHECK-LABEL: func.func @in_a_branch
// CHECK: tfrt.if
// CHECK-DAG: tfrt.constant.i32 0
// CHECK-DAG: tfrt.constant.i32 0
// CHECK-DAG: tfrt.constant.i1 true
// CHECK-DAG: tfrt.constant.i1 true
// CHECK-DAG: tfrt.constant.i1 true
// CHECK-DAG: tfrt.constant.i1 true
// CHECK-DAG: tfrt.constant.i1 false
// CHECK-NEXT: tfrt.return
// CHECK-NEXT: } else {
// WHERE-LABEL: func.func @in_a_branch
// WHERE: %a = tfrt.constant.i32 0 loc("{{.*}}absorption.mlir":28:10)
func.func @in_a_branch(%c: i1, %x: i32, %t: i1) -> (i32, i32, i1, i1, i1, i1, i1) {
  %r:7 = tfrt.if %c, %x, %t : (i32, i1) -> (i32, i32, i1, i1, i1, i1, i1) {
    %zero = tfrt.constant.i32 0
    %most = tfrt.constant.i32 2147483647
    %least = tfrt.constant.i32 -2147483648
    %false = tfrt.constant.i1 false
    %one = tfrt.constant.i32 1
    // What is computed from %x without failing is no error either.
    %y = tfrt.add.i32 %x, %one
    // Seven results that are known.
    %a = tfrt.mul.i32 %y, %zero
    %b = "tfrt.minus.i32"(%x, %x) : (i32, i32) -> i32
    %d = tfrt.equal.i32 %y, %y
    %e = "tfrt.lessequal.i32"(%x, %x) : (i32, i32) -> i1
    %f = "tfrt.lessequal.i32"(%x, %most) : (i32, i32) -> i1
    %g = "tfrt.lessequal.i32"(%least, %x) : (i32, i32) -> i1
    %h = tfrt.and.i1 %false, %t
    tfrt.return %a, %b, %d, %e, %f, %g, %h : i32, i32, i1, i1, i1, i1, i1
  } else {
    tfrt.return %x, %x, %t, %t, %t, %t, %t : i32, i32, i1, i1, i1, i1, i1
  }
  tfrt.return %r#0, %r#1, %r#2, %r#3, %r#4, %r#5, %r#6 : i32, i32, i1, i1, i1, i1, i1
}

// The second iteration may be given an error, and a quotient may be one.
// CHECK-LABEL: func.func @may_be_an_error
// CHECK: tfrt.repeat.i32
// CHECK: tfrt.mul.i32
// CHECK: tfrt.if
// CHECK: tfrt.div.i32
// CHECK-NEXT: "tfrt.minus.i32"
func.func @may_be_an_error(%n: i32, %c: i1, %x: i32) -> (i32, i32) {
  %r = tfrt.repeat.i32 %n, %x : i32 {
    %zero = tfrt.constant.i32 0
    %a = tfrt.mul.i32 %x, %zero
    %b = tfrt.add.i32 %a, %x
    tfrt.return %b : i32
  }
  %s = tfrt.if %c, %x : (i32) -> (i32) {
    %q, %m = tfrt.div.i32 %x, %x
    %b = "tfrt.minus.i32"(%q, %q) : (i32, i32) -> i32
    tfrt.return %b : i32
  } else {
    tfrt.return %x : i32
  }
  tfrt.return %r, %s : i32, i32
}
