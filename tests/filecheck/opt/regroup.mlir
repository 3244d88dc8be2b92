// RUN: tfrt-opt --keep-value-names %s -p canonicalize | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -p canonicalize --print-debuginfo | filecheck %s --check-prefix=WHERE

// CHECK-LABEL: func.func @sums
// CHECK: [[A:%.+]] = tfrt.constant.i32 2
// CHECK-NEXT: [[B:%.+]] = "tfrt.minus.i32"(%x, [[A]])
// CHECK-NEXT: tfrt.return [[B]] : i32
// WHERE-LABEL: func.func @sums
// WHERE: "tfrt.minus.i32"(%x, {{%.+}}) : (i32, i32) -> i32 loc(fused["{{.*}}regroup.mlir":14:8, "{{.*}}regroup.mlir":15:8])
func.func @sums(%x: i32) -> i32 {
  %one = tfrt.constant.i32 1
  %three = tfrt.constant.i32 3
  // The constants of these two become one.
  %a = tfrt.add.i32 %one, %x
  %b = "tfrt.minus.i32"(%a, %three) : (i32, i32) -> i32
  tfrt.return %b : i32
}

// CHECK-LABEL: func.func @products
// CHECK: [[SIX:%.+]] = tfrt.constant.i64 6
// CHECK-NEXT: [[B:%.+]] = tfrt.mul.i64 %x, [[SIX]]
// CHECK-NEXT: tfrt.return [[B]] : i64
func.func @products(%x: i64) -> i64 {
  %two = tfrt.constant.i64 2
  %three = tfrt.constant.i64 3
  %a = tfrt.mul.i64 %two, %x
  %b = tfrt.mul.i64 %a, %three
  tfrt.return %b : i64
}

// CHECK-LABEL: func.func @negated_twice
// CHECK-NEXT: tfrt.return %x : i32
func.func @negated_twice(%x: i32) -> i32 {
  %zero = tfrt.constant.i32 0
  %a = "tfrt.minus.i32"(%zero, %x) : (i32, i32) -> i32
  %b = "tfrt.minus.i32"(%zero, %a) : (i32, i32) -> i32
  tfrt.return %b : i32
}

// CHECK-LABEL: func.func @from_a_constant
// CHECK: [[TEN:%.+]] = tfrt.constant.i32 10
// CHECK-NEXT: [[B:%.+]] = "tfrt.minus.i32"([[TEN]], %x)
// CHECK-NEXT: tfrt.return [[B]] : i32
func.func @from_a_constant(%x: i32) -> i32 {
  %seven = tfrt.constant.i32 7
  %three = tfrt.constant.i32 3
  %a = "tfrt.minus.i32"(%seven, %x) : (i32, i32) -> i32
  %b = tfrt.add.i32 %a, %three
  tfrt.return %b : i32
}

// CHECK-LABEL: func.func @wraps_around
// CHECK: tfrt.constant.i32 -2147483648
// CHECK-NEXT: tfrt.add.i32
func.func @wraps_around(%x: i32) -> i32 {
  %most = tfrt.constant.i32 2147483647
  %one = tfrt.constant.i32 1
  %a = tfrt.add.i32 %x, %most
  %b = tfrt.add.i32 %a, %one
  tfrt.return %b : i32
}

// CHECK-LABEL: func.func @equality
// CHECK: [[FOUR:%.+]] = tfrt.constant.i32 4
// CHECK-NEXT: tfrt.equal.i32 %x, [[FOUR]]
// CHECK-NEXT: [[MINUS_TWO:%.+]] = tfrt.constant.i32 -2
// CHECK-NEXT: tfrt.equal.i32 %x, [[MINUS_TWO]]
func.func @equality(%x: i32) -> (i1, i1) {
  %one = tfrt.constant.i32 1
  %three = tfrt.constant.i32 3
  %five = tfrt.constant.i32 5
  %a = tfrt.add.i32 %x, %one
  %b = tfrt.equal.i32 %a, %five
  %c = "tfrt.minus.i32"(%three, %x) : (i32, i32) -> i32
  %d = tfrt.equal.i32 %five, %c
  tfrt.return %b, %d : i1, i1
}

// The result between them is needed, too; an order does not survive; no one op says it; floats round.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-2: tfrt.add.i32
// CHECK: tfrt.add.i32
// CHECK-NEXT: tfrt.lessequal.i32
// CHECK-NEXT: tfrt.add.i32
// CHECK-NEXT: tfrt.mul.i32
// CHECK-NEXT: tfrt.add.f64
// CHECK-NEXT: tfrt.add.f64
// CHECK-NEXT: tfrt.return
func.func @stays(%x: i32, %y: f64) -> (i32, i32, i1, i32, f64) {
  %one = tfrt.constant.i32 1
  %two = tfrt.constant.i32 2
  %half = tfrt.constant.f64 0.5
  %a = tfrt.add.i32 %x, %one
  %b = tfrt.add.i32 %a, %two
  %c = tfrt.add.i32 %x, %two
  %d = "tfrt.lessequal.i32"(%c, %one) : (i32, i32) -> i1
  %e = tfrt.add.i32 %x, %one
  %f = tfrt.mul.i32 %e, %two
  %g = tfrt.add.f64 %y, %half
  %h = tfrt.add.f64 %g, %half
  tfrt.return %a, %b, %d, %f, %h : i32, i32, i1, i32, f64
}
