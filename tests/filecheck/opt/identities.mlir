// RUN: tfrt-opt --keep-value-names %s -p canonicalize | filecheck %s

// CHECK-LABEL: func.func @integers
// CHECK-NEXT: tfrt.return %x, %x, %x, %x, %y, %y, %y, %y : i32, i32, i32, i32, i64, i64, i64, i64
func.func @integers(%x: i32, %y: i64) -> (i32, i32, i32, i32, i64, i64, i64, i64) {
  %zero = tfrt.constant.i32 0
  %one = tfrt.constant.i32 1
  %none = tfrt.constant.i64 0
  %single = tfrt.constant.i64 1
  %a = tfrt.add.i32 %zero, %x
  %b = "tfrt.minus.i32"(%x, %zero) : (i32, i32) -> i32
  %c = tfrt.mul.i32 %x, %one
  %d, %m = tfrt.div.i32 %x, %one
  %e = tfrt.add.i64 %y, %none
  %f = "tfrt.minus.i64"(%y, %none) : (i64, i64) -> i64
  %g = tfrt.mul.i64 %single, %y
  %h, %n = tfrt.div.i64 %y, %single
  tfrt.return %a, %b, %c, %d, %e, %f, %g, %h : i32, i32, i32, i32, i64, i64, i64, i64
}

// CHECK-LABEL: func.func @floats
// CHECK-NEXT: tfrt.return %x, %x, %x, %x, %x, %y, %y, %y, %y, %y :
func.func @floats(%x: f32, %y: f64) -> (f32, f32, f32, f32, f32, f64, f64, f64, f64, f64) {
  %none = tfrt.constant.f32 -0.0
  %one = tfrt.constant.f32 1.0
  %most = tfrt.constant.f32 0x7F800000
  %a = tfrt.add.f32 %none, %x
  %b = "tfrt.multiply.f32"(%x, %one) : (f32, f32) -> f32
  %c = "tfrt.div.f32"(%x, %one) : (f32, f32) -> f32
  %d = "tfrt.minimum.f32"(%x, %x) : (f32, f32) -> f32
  %e = "tfrt.minimum.f32"(%x, %most) : (f32, f32) -> f32
  %nothing = tfrt.constant.f64 -0.0
  %single = tfrt.constant.f64 1.0
  %infinity = tfrt.constant.f64 0x7FF0000000000000
  %f = tfrt.add.f64 %y, %nothing
  %g = "tfrt.multiply.f64"(%single, %y) : (f64, f64) -> f64
  %h = "tfrt.div.f64"(%y, %single) : (f64, f64) -> f64
  %i = "tfrt.minimum.f64"(%y, %y) : (f64, f64) -> f64
  %j = "tfrt.minimum.f64"(%y, %infinity) : (f64, f64) -> f64
  tfrt.return %a, %b, %c, %d, %e, %f, %g, %h, %i, %j : f32, f32, f32, f32, f32, f64, f64, f64, f64, f64
}

// CHECK-LABEL: func.func @truth_values
// CHECK-NEXT: %c = tfrt.and.i1 %t, %u
// CHECK-NEXT: tfrt.return %t, %t, %c, %c, %c, %c : i1, i1, i1, i1, i1, i1
func.func @truth_values(%t: i1, %u: i1) -> (i1, i1, i1, i1, i1, i1) {
  %true = tfrt.constant.i1 true
  %a = tfrt.and.i1 %t, %t
  %b = tfrt.and.i1 %true, %t
  %c = tfrt.and.i1 %t, %u
  %d = tfrt.and.i1 %t, %c
  %e = tfrt.and.i1 %u, %c
  %f = tfrt.and.i1 %c, %u
  tfrt.return %a, %b, %c, %d, %e, %f : i1, i1, i1, i1, i1, i1
}

// The smaller of a number and a minimum that has it.
// CHECK-LABEL: func.func @minima
// CHECK-NEXT: %a = "tfrt.minimum.f32"(%x, %y)
// CHECK-NEXT: %d = "tfrt.minimum.f32"(%y, %a)
// CHECK-NEXT: tfrt.return %a, %a, %d : f32, f32, f32
func.func @minima(%x: f32, %y: f32) -> (f32, f32, f32) {
  %a = "tfrt.minimum.f32"(%x, %y) : (f32, f32) -> f32
  %b = "tfrt.minimum.f32"(%x, %a) : (f32, f32) -> f32
  %c = "tfrt.minimum.f32"(%a, %y) : (f32, f32) -> f32
  // Not for zeros of both signs, of which the first is the minimum.
  %d = "tfrt.minimum.f32"(%y, %a) : (f32, f32) -> f32
  tfrt.return %b, %c, %d : f32, f32, f32
}

// A value that is to wait for a new chain need not wait.
// CHECK-LABEL: func.func @alias
// CHECK-NEXT: "tfrt.alias.value"(%ch, %x)
// CHECK-NEXT: tfrt.return %x, %b
func.func @alias(%ch: !tfrt.chain, %x: i32) -> (i32, i32) {
  %new = tfrt.new.chain
  %a = "tfrt.alias.value"(%new, %x) : (!tfrt.chain, i32) -> i32
  %b = "tfrt.alias.value"(%ch, %x) : (!tfrt.chain, i32) -> i32
  tfrt.return %a, %b : i32, i32
}

// Where %x or %t is an error, so are these.
// CHECK-LABEL: func.func @would_hide_an_error
// CHECK: tfrt.mul.i32
// CHECK-NEXT: "tfrt.minus.i32"
// CHECK-NEXT: tfrt.equal.i32
// CHECK-NEXT: tfrt.lessequal.i32
// CHECK-NEXT: tfrt.and.i1
// CHECK-NEXT: tfrt.div.i32
// CHECK-NEXT: tfrt.return
func.func @would_hide_an_error(%x: i32, %t: i1) -> (i32, i32, i1, i1, i1, i32) {
  %zero = tfrt.constant.i32 0
  %one = tfrt.constant.i32 1
  %false = tfrt.constant.i1 false
  %a = tfrt.mul.i32 %x, %zero
  %b = "tfrt.minus.i32"(%x, %x) : (i32, i32) -> i32
  %c = tfrt.equal.i32 %x, %x
  %d = "tfrt.lessequal.i32"(%x, %x) : (i32, i32) -> i1
  %e = tfrt.and.i1 %t, %false
  %q, %r = tfrt.div.i32 %x, %one
  tfrt.return %a, %b, %c, %d, %e, %r : i32, i32, i1, i1, i1, i32
}

// Where both are errors, the conjunction is the last operand's.
// CHECK-LABEL: func.func @would_change_the_error
// CHECK: tfrt.and.i1 %c, %t
func.func @would_change_the_error(%t: i1, %u: i1) -> i1 {
  %c = tfrt.and.i1 %t, %u
  %d = tfrt.and.i1 %c, %t
  tfrt.return %d : i1
}

// Zeros of the other sign, infinity and NaN, and rounding.
// CHECK-LABEL: func.func @not_exact
// CHECK: tfrt.add.f64
// CHECK-NEXT: "tfrt.multiply.f64"
// CHECK-NEXT: "tfrt.minimum.f64"
// CHECK-NEXT: "tfrt.cast.i64_to_f64"
// CHECK-NEXT: "tfrt.cast.f64_to_i64"
// CHECK-NEXT: tfrt.return
func.func @not_exact(%y: f64, %i: i64) -> (f64, f64, f64, i64) {
  %zero = tfrt.constant.f64 0.0
  %infinity = tfrt.constant.f64 0x7FF0000000000000
  %a = tfrt.add.f64 %y, %zero
  %b = "tfrt.multiply.f64"(%y, %zero) : (f64, f64) -> f64
  %c = "tfrt.minimum.f64"(%infinity, %y) : (f64, f64) -> f64
  %d = "tfrt.cast.i64_to_f64"(%i) : (i64) -> f64
  %e = "tfrt.cast.f64_to_i64"(%d) : (f64) -> i64
  tfrt.return %a, %b, %c, %e : f64, f64, f64, i64
}
