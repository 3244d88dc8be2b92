// RUN: tfrt-opt --keep-value-names %s -p dead-argument-elimination | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -p dead-argument-elimination --print-debuginfo | filecheck %s --check-prefix=WHERE
// RUN: tfrt-opt --keep-value-names %s -p dead-argument-elimination,dead-argument-elimination | filecheck %s

// The same constant in all calls; an argument that nobody uses; a result that nobody uses.
// CHECK-LABEL: func.func @caller
// CHECK: tfrt.call @callee(%x) : (i32) -> i32
// CHECK-NEXT: tfrt.call @callee(%y) : (i32) -> i32
// CHECK: func.func private @callee(%x: i32) -> i32 {
// CHECK-NEXT: [[K:%.+]] = tfrt.constant.i32 7
// CHECK-NEXT: [[Z:%.+]] = tfrt.add.i32 %x, [[K]]
// CHECK-NEXT: tfrt.return [[Z]] : i32
// WHERE-LABEL: func.func private @callee
// WHERE: tfrt.constant.i32 7 loc(fused["{{.*}}elimination.mlir":18:9, "{{.*}}elimination.mlir":19:9])
// WHERE-NEXT: tfrt.add.i32
func.func @caller(%x: i32, %y: i32) -> (i32, i32) {
  // Constants of both calls.
  %k1 = tfrt.constant.i32 7
  %k2 = tfrt.constant.i32 7
  %other = tfrt.constant.i32 1
  %a, %b = tfrt.call @callee(%x, %k1, %k1) : (i32, i32, i32) -> (i32, i32)
  %c, %d = tfrt.call @callee(%y, %k2, %other) : (i32, i32, i32) -> (i32, i32)
  tfrt.return %a, %c : i32, i32
}
func.func private @callee(%x: i32, %k: i32, %unused: i32) -> (i32, i32) {
  %z = tfrt.add.i32 %x, %k
  tfrt.return %z, %x : i32, i32
}

// A function that calls itself, from inside a branch.
// CHECK-LABEL: func.func @start
// CHECK: tfrt.call @count(%n) : (i32) -> i32
// CHECK: func.func private @count(%n: i32) -> i32 {
// CHECK: tfrt.if {{%.+}}, %n : (i32) -> (i32) {
// CHECK: } else {
// CHECK: [[ONE:%.+]] = tfrt.constant.i32 1
// CHECK-NEXT: [[M:%.+]] = "tfrt.minus.i32"(%n, [[ONE]])
// CHECK-NEXT: tfrt.call @count([[M]]) : (i32) -> i32
func.func @start(%n: i32) -> i32 {
  %step = tfrt.constant.i32 1
  %zero = tfrt.constant.i32 0
  %r = tfrt.call @count(%n, %step, %zero) : (i32, i32, i32) -> i32
  tfrt.return %r : i32
}
func.func private @count(%n: i32, %step: i32, %handed_on: i32) -> i32 {
  %last = "tfrt.lessequal.i32"(%n, %step) : (i32, i32) -> i1
  %r = tfrt.if %last, %n, %step, %handed_on : (i32, i32, i32) -> (i32) {
    tfrt.return %n : i32
  } else {
    %m = "tfrt.minus.i32"(%n, %step) : (i32, i32) -> i32
    %s = tfrt.call @count(%m, %step, %handed_on) : (i32, i32, i32) -> i32
    tfrt.return %s : i32
  }
  tfrt.return %r : i32
}

// A constant result is known to callers, and an argument that comes back.
// CHECK-LABEL: func.func @known
// CHECK: [[NINE:%.+]] = tfrt.constant.i32 9
// CHECK-NEXT: tfrt.call @nine() : () -> ()
// CHECK-NEXT: tfrt.call @gives(%x) : (i32) -> ()
// CHECK-NEXT: tfrt.return [[NINE]], %x : i32, i32
func.func @known(%x: i32) -> (i32, i32) {
  %k = tfrt.constant.i32 5
  %nine = tfrt.call @nine(%k) : (i32) -> i32
  %same = tfrt.call @gives(%x) : (i32) -> i32
  tfrt.return %nine, %same : i32, i32
}
func.func private @nine(%k: i32) -> i32 {
  %ch = tfrt.new.chain
  %p = tfrt.print.i32 %k, %ch
  %n = tfrt.constant.i32 9
  tfrt.return %n : i32
}
func.func private @gives(%x: i32) -> i32 {
  %ch = tfrt.new.chain
  %p = tfrt.print.i32 %x, %ch
  tfrt.return %x : i32
}

// Constants go into regions.
// CHECK-LABEL: func.func @loop
// CHECK: tfrt.repeat.i32 %n, %x : i32 {
// CHECK-NEXT: [[TWO:%.+]] = tfrt.constant.i32 2
// CHECK-NEXT: tfrt.mul.i32 %x, [[TWO]]
func.func @loop(%n: i32, %x: i32) -> i32 {
  %two = tfrt.constant.i32 2
  %r, %s = tfrt.repeat.i32 %n, %x, %two : i32, i32 {
    %y = tfrt.mul.i32 %x, %two
    tfrt.return %y, %two : i32, i32
  }
  tfrt.return %r : i32
}

// A call whose operand is an error does not run, so an operand that may be one stays; not so where the caller would
// not run either.
// CHECK-LABEL: func.func @may_be_an_error
// CHECK: tfrt.call @prints(%x) : (i32) -> ()
// CHECK: tfrt.call @through(%x) : (i32) -> ()
// CHECK: func.func private @through(%x: i32) {
// CHECK-NEXT: tfrt.call @prints_too() : () -> ()
func.func @may_be_an_error(%x: i32) {
  tfrt.call @prints(%x) : (i32) -> ()
  tfrt.call @through(%x) : (i32) -> ()
  tfrt.return
}
func.func private @prints(%unused: i32) {
  %ch = tfrt.new.chain
  %one = tfrt.constant.i32 1
  %p = tfrt.print.i32 %one, %ch
  tfrt.return
}
func.func private @through(%x: i32) {
  tfrt.call @prints_too(%x) : (i32) -> ()
  tfrt.return
}
func.func private @prints_too(%unused: i32) {
  %ch = tfrt.new.chain
  %one = tfrt.constant.i32 1
  %p = tfrt.print.i32 %one, %ch
  tfrt.return
}

// Hosts call functions that are not private; others refer to a function by name; constants that differ in a zero's sign.
// CHECK-LABEL: func.func @public(%unused: i32) -> i32
// CHECK: func.func private @named(%unused: i32) -> i32
// CHECK: func.func private @zeros(%z: f64) -> f64
// CHECK-LABEL: func.func @refers
func.func @public(%unused: i32) -> i32 {
  %n = tfrt.constant.i32 9
  tfrt.return %n : i32
}
func.func private @named(%unused: i32) -> i32 {
  %n = tfrt.constant.i32 9
  tfrt.return %n : i32
}
func.func private @zeros(%z: f64) -> f64 {
  %n = tfrt.add.f64 %z, %z
  tfrt.return %n : f64
}
func.func @refers(%t: i1) -> (i32, i32, f64, f64) {
  %k = tfrt.constant.i32 5
  %a = tfrt.call @public(%k) : (i32) -> i32
  %b = tfrt.call @named(%k) : (i32) -> i32
  %c = tfrt.cond %t @named @public (%k) : (i32) -> (i32)
  %plus = tfrt.constant.f64 0.0
  %minus = tfrt.constant.f64 -0.0
  %d = tfrt.call @zeros(%plus) : (f64) -> f64
  %e = tfrt.call @zeros(%minus) : (f64) -> f64
  tfrt.return %a, %c, %d, %e : i32, i32, f64, f64
}
