// RUN: tfrt-opt --keep-value-names %s -p unroll | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -p 'unroll{threshold=8}' | filecheck %s --check-prefix=FEW
// RUN: tfrt-opt --keep-value-names %s -p unroll,canonicalize | filecheck %s --check-prefix=FOLDED
// RUN: tfrt-opt --keep-value-names %s -p unroll --print-debuginfo | filecheck %s --check-prefix=WHERE

// Each copy is given what the one before returns.
// CHECK-LABEL: func.func @three_times
// CHECK-NOT: tfrt.repeat.i32
// CHECK: [[A:%.+]] = tfrt.add.i32 %x, %y
// CHECK-NEXT: [[C:%.+]] = tfrt.mul.i32 %x, [[A]]
// CHECK-NEXT: tfrt.constant.i32
// CHECK-NEXT: [[D:%.+]] = tfrt.add.i32 [[C]], [[A]]
// CHECK-NEXT: [[E:%.+]] = tfrt.mul.i32 [[C]], [[D]]
// CHECK-NEXT: tfrt.constant.i32
// CHECK-NEXT: [[F:%.+]] = tfrt.add.i32 [[E]], [[D]]
// CHECK-NEXT: [[G:%.+]] = tfrt.mul.i32 [[E]], [[F]]
// CHECK-NEXT: tfrt.return [[G]], [[F]] : i32, i32
// FEW-LABEL: func.func @three_times
// FEW: tfrt.repeat.i32
// WHERE-LABEL: func.func @three_times
// WHERE-COUNT-3: tfrt.mul.i32 {{.+}} loc("{{.*}}unroll.mlir":29:10)
func.func @three_times(%x: i32, %y: i32) -> (i32, i32) {
  %three = tfrt.constant.i32 3
  %r, %s = tfrt.repeat.i32 %three, %x, %y : i32, i32 {
    %unused = tfrt.constant.i32 7
    // The next two need both operands.
    %a = tfrt.add.i32 %x, %y
    // A product.
    %b = tfrt.mul.i32 %x, %a
    tfrt.return %b, %a : i32, i32
  }
  tfrt.return %r, %s : i32, i32
}

// Constants are folded through all copies.
// FOLDED-LABEL: func.func @constant
// FOLDED-NEXT: tfrt.constant.i32 24
// FOLDED-NEXT: tfrt.return
func.func @constant() -> i32 {
  %product = tfrt.constant.i32 1
  %factor = tfrt.constant.i32 1
  %four = tfrt.constant.i32 4
  %r, %s = tfrt.repeat.i32 %four, %product, %factor : i32, i32 {
    %one = tfrt.constant.i32 1
    %p = tfrt.mul.i32 %product, %factor
    %f = tfrt.add.i32 %factor, %one
    tfrt.return %p, %f : i32, i32
  }
  tfrt.return %r : i32
}

// Inner loops first, and the outer one if it is small enough then.
// CHECK-LABEL: func.func @nested
// CHECK-NOT: tfrt.repeat.i32
// CHECK-COUNT-4: tfrt.add.i32
// CHECK: tfrt.return
// FEW-LABEL: func.func @nested
// FEW-COUNT-1: tfrt.repeat.i32
// FEW-COUNT-2: tfrt.add.i32
// FEW-NOT: tfrt.add.i32
// FEW: func.func @effects
func.func @nested(%x: i32) -> i32 {
  %two = tfrt.constant.i32 2
  %r = tfrt.repeat.i32 %two, %x : i32 {
    %a = tfrt.constant.i32 2
    %b = tfrt.constant.i32 3
    %c = tfrt.constant.i32 4
    %s = tfrt.repeat.i32 %a, %x : i32 {
      %y = tfrt.add.i32 %x, %x
      tfrt.return %y : i32
    }
    tfrt.return %s : i32
  }
  tfrt.return %r : i32
}

// What fails in one copy does not run in the next, and what prints, prints in turn.
// CHECK-LABEL: func.func @effects
// CHECK: [[C:%.+]] = tfrt.print.i32 [[X:%.+]], %ch
// CHECK: tfrt.print.i32 {{%.+}}, [[C]]
func.func @effects(%ch: !tfrt.chain) -> !tfrt.chain {
  %two = tfrt.constant.i32 2
  %r = tfrt.repeat.i32 %two, %ch : !tfrt.chain {
    %one = tfrt.constant.i32 1
    %c = tfrt.print.i32 %one, %ch
    tfrt.return %c : !tfrt.chain
  }
  tfrt.return %r : !tfrt.chain
}

// Not known; not at all; where %x is an error, it would print nevertheless.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-3: tfrt.repeat.i32
func.func @stays(%n: i32, %x: i32, %ch: !tfrt.chain) -> (i32, i32, !tfrt.chain) {
  %zero = tfrt.constant.i32 0
  %two = tfrt.constant.i32 2
  %a = tfrt.repeat.i32 %n, %x : i32 {
    %y = tfrt.add.i32 %x, %x
    tfrt.return %y : i32
  }
  %b = tfrt.repeat.i32 %zero, %x : i32 {
    %y = tfrt.add.i32 %x, %x
    tfrt.return %y : i32
  }
  %c, %d = tfrt.repeat.i32 %two, %x, %ch : i32, !tfrt.chain {
    %one = tfrt.constant.i32 1
    %p = tfrt.print.i32 %one, %ch
    tfrt.return %x, %p : i32, !tfrt.chain
  }
  tfrt.return %a, %b, %d : i32, i32, !tfrt.chain
}
