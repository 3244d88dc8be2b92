// RUN: tfrt-opt --keep-value-names %s -p inline | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -p 'inline{threshold=1}' | filecheck %s --check-prefix=FEW
// RUN: tfrt-opt --keep-value-names %s -p inline,symbol-dce | filecheck %s --check-prefix=DEAD
// RUN: tfrt-opt --keep-value-names %s -p inline --print-debuginfo | filecheck %s --check-prefix=WHERE

// DEAD-NOT: @twice
func.func private @twice(%x: i32) -> i32 {
  %y = tfrt.add.i32 %x, %x
  %z = tfrt.add.i32 %y, %y
  tfrt.return %z : i32
}

// The callee's callees come first.
// CHECK-LABEL: func.func @nested
// CHECK-COUNT-2: tfrt.add.i32
// CHECK-NOT: tfrt.call
// FEW-LABEL: func.func @nested
// FEW: tfrt.call @twice
// WHERE-LABEL: func.func @nested
// WHERE: tfrt.add.i32 %a, %a loc("{{.*}}inline.mlir":8:8)
func.func @nested(%a: i32) -> i32 {
  %b = tfrt.call @twice(%a) : (i32) -> i32
  tfrt.return %b : i32
}

// A callee may return what it is given.
// CHECK-LABEL: func.func @given
// CHECK: tfrt.return %a : i32
func.func @given(%a: i32) -> i32 {
  %b = tfrt.call @same(%a) : (i32) -> i32
  tfrt.return %b : i32
}
func.func @same(%a: i32) -> i32 {
  tfrt.return %a : i32
}

// CHECK-LABEL: func.func @recursive
// CHECK: tfrt.call @recursive
func.func @recursive(%a: i32) -> i32 {
  %b = tfrt.call @recursive(%a) : (i32) -> i32
  tfrt.return %b : i32
}

// Inlined, the constant would be there even where %a is an error.
// CHECK-LABEL: func.func @would_hide_an_error
// CHECK: tfrt.call @ignores
func.func @would_hide_an_error(%a: i32) -> i32 {
  %b = tfrt.call @ignores(%a) : (i32) -> i32
  tfrt.return %b : i32
}
func.func @ignores(%a: i32) -> i32 {
  %c = tfrt.constant.i32 1
  tfrt.return %c : i32
}

// A constant is never an error.
// CHECK-LABEL: func.func @cannot_fail
// CHECK-NOT: tfrt.call
// CHECK: tfrt.return
func.func @cannot_fail() -> i32 {
  %a = tfrt.constant.i32 2
  %b = tfrt.call @ignores(%a) : (i32) -> i32
  tfrt.return %b : i32
}

// Printed where %x is an error, too, if it were inlined.
// CHECK-LABEL: func.func @effect_without_operand
// CHECK: tfrt.call @prints
func.func @effect_without_operand(%x: i32) -> i32 {
  %y = tfrt.call @prints(%x) : (i32) -> i32
  tfrt.return %y : i32
}
func.func @prints(%x: i32) -> i32 {
  %n = tfrt.new.chain
  %one = tfrt.constant.i32 1
  %p = tfrt.print.i32 %one, %n
  tfrt.return %x : i32
}

// Where both are errors, the call's result is the last operand's, and so must be that of what stands in its place.
// CHECK-LABEL: func.func @would_change_the_error
// CHECK: tfrt.call @swapped(%a, %b)
// CHECK-NEXT: tfrt.add.i32 %a, %b
func.func @would_change_the_error(%a: i32, %b: i32) -> (i32, i32) {
  %c = tfrt.call @swapped(%a, %b) : (i32, i32) -> i32
  %d = tfrt.call @in_order(%a, %b) : (i32, i32) -> i32
  tfrt.return %c, %d : i32, i32
}
func.func @swapped(%a: i32, %b: i32) -> i32 {
  %c = tfrt.add.i32 %b, %a
  tfrt.return %c : i32
}
func.func @in_order(%a: i32, %b: i32) -> i32 {
  %c = tfrt.add.i32 %a, %b
  tfrt.return %c : i32
}
