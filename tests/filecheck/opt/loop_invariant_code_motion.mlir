// RUN: tfrt-opt --keep-value-names %s -p loop-invariant-code-motion | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -p loop-invariant-code-motion,canonicalize | filecheck %s --check-prefix=DEAD
// RUN: tfrt-opt --keep-value-names %s -p loop-invariant-code-motion --print-debuginfo | filecheck %s --check-prefix=WHERE

// The sum of %y and one is the same in every iteration. It comes before %y: where both are errors, results are %y's.
// CHECK-LABEL: func.func @repeat
// CHECK: [[ONE:%.+]] = tfrt.constant.i32 1
// CHECK-NEXT: %t = tfrt.add.i32 %y, [[ONE]]
// CHECK-NEXT: {{%.+}}, %r, %s = tfrt.repeat.i32 %n, %t, %x, %y : i32, i32, i32 {
// CHECK: %q = tfrt.add.i32 %x, %t
// CHECK-NEXT: tfrt.return %t, %q, %y : i32, i32, i32
// CHECK: tfrt.return %r : i32
// DEAD-LABEL: func.func @repeat
// DEAD: tfrt.repeat.i32
// DEAD-NEXT: %q = tfrt.add.i32 %x, %t
// WHERE-LABEL: func.func @repeat
// WHERE: tfrt.constant.i32 1 loc("{{.*}}motion.mlir":23:12)
// WHERE-NEXT: tfrt.add.i32 %y, {{%.+}} loc("{{.*}}motion.mlir":24:10)
// WHERE-NEXT: tfrt.repeat.i32
// WHERE: } loc("{{.*}}motion.mlir":22:12)
func.func @repeat(%n: i32, %x: i32, %y: i32) -> i32 {
  %r, %s = tfrt.repeat.i32 %n, %x, %y : i32, i32 {
    %one = tfrt.constant.i32 1
    %t = tfrt.add.i32 %y, %one
    %q = tfrt.add.i32 %x, %t
    tfrt.return %q, %y : i32, i32
  }
  tfrt.return %r : i32
}

// What only moved ops need is no argument.
// CHECK-LABEL: func.func @several
// CHECK-NEXT: %a = tfrt.add.i32 %y, %y
// CHECK-NEXT: %b = tfrt.mul.i32 %a, %y
// CHECK-NEXT: tfrt.repeat.i32 %n, %b, %x, %y : i32, i32, i32 {
func.func @several(%n: i32, %x: i32, %y: i32) -> i32 {
  %r, %s = tfrt.repeat.i32 %n, %x, %y : i32, i32 {
    %a = tfrt.add.i32 %y, %y
    %b = tfrt.mul.i32 %a, %y
    %q = tfrt.add.i32 %x, %b
    tfrt.return %q, %y : i32, i32
  }
  tfrt.return %r : i32
}

// Out of both loops.
// CHECK-LABEL: func.func @nested
// CHECK-NEXT: %a = tfrt.add.i32 %y, %y
// CHECK-NEXT: tfrt.repeat.i32
// CHECK-NEXT: tfrt.repeat.i32
// CHECK-NEXT: tfrt.mul.i32 %x, %a
func.func @nested(%n: i32, %x: i32, %y: i32) -> i32 {
  %r, %s, %k = tfrt.repeat.i32 %n, %x, %y, %n : i32, i32, i32 {
    %t, %u = tfrt.repeat.i32 %n, %x, %y : i32, i32 {
      %a = tfrt.add.i32 %y, %y
      %q = tfrt.mul.i32 %x, %a
      tfrt.return %q, %y : i32, i32
    }
    tfrt.return %t, %y, %n : i32, i32, i32
  }
  tfrt.return %r : i32
}

// CHECK-LABEL: func.func @blocks
// CHECK-NEXT: %a = tfrt.add.i32 %x, %x
// CHECK-NEXT: tfrt.parallel_for.i32 %i to %j fixed %k, %a, %x, %ch : i32, i32, !tfrt.chain {
// CHECK-NEXT: %b = tfrt.add.i32 %i, %a
func.func @blocks(%i: i32, %j: i32, %k: i32, %x: i32, %ch: !tfrt.chain) -> !tfrt.chain {
  %done = tfrt.parallel_for.i32 %i to %j fixed %k, %x, %ch : i32, !tfrt.chain {
    %a = tfrt.add.i32 %x, %x
    %b = tfrt.add.i32 %i, %a
    %c = tfrt.print.i32 %b, %ch
    tfrt.return %c : !tfrt.chain
  }
  tfrt.return %done : !tfrt.chain
}

// A function that only this loop runs gets an argument, and a result before its condition.
// CHECK-LABEL: func.func @while
// CHECK-NEXT: %a = tfrt.add.i32 %y, %y
// CHECK-NEXT: {{%.+}}, %r, %s = tfrt.while %c @step(%a, %x, %y) parallel_iterations(1) : (i32, i32, i32) -> (i32, i32, i32)
// CHECK-NEXT: tfrt.return %r : i32
// CHECK: func.func private @step(%a: i32, %x: i32, %y: i32) -> (i32, i32, i32, i1)
// CHECK-NEXT: %z = tfrt.add.i32 %x, %a
// CHECK: tfrt.return %a, %z, %y, %d : i32, i32, i32, i1
func.func @while(%c: i1, %x: i32, %y: i32) -> i32 {
  %r, %s = tfrt.while %c @step (%x, %y) parallel_iterations(1) : (i32, i32) -> (i32, i32)
  tfrt.return %r : i32
}
func.func private @step(%x: i32, %y: i32) -> (i32, i32, i1) {
  %a = tfrt.add.i32 %y, %y
  %z = tfrt.add.i32 %x, %a
  %d = "tfrt.lessequal.i32"(%z, %y) : (i32, i32) -> i1
  tfrt.return %z, %y, %d : i32, i32, i1
}

// CHECK-LABEL: func.func @parallel_call
// CHECK-NEXT: %a = tfrt.add.i32 %x, %x
// CHECK-NEXT: tfrt.parallel_call.i32 %i to %j fixed %k @block(%a, %x) : i32, i32
// CHECK: func.func private @block(%i: i32, %j: i32, %a: i32, %x: i32)
func.func @parallel_call(%i: i32, %j: i32, %k: i32, %x: i32) -> !tfrt.chain {
  %done = tfrt.parallel_call.i32 %i to %j fixed %k @block(%x) : i32
  tfrt.return %done : !tfrt.chain
}
func.func private @block(%i: i32, %j: i32, %x: i32) {
  %a = tfrt.add.i32 %x, %x
  %c = tfrt.new.chain
  %p = tfrt.print.i32 %a, %c
  tfrt.return
}

// Not moved: what may fail, what has effects, what changes, what others refer to, and constants.
// CHECK-LABEL: func.func @stays
// CHECK-NEXT: tfrt.repeat.i32 %n, %x, %y, %ch
// CHECK-NEXT: tfrt.constant.i32
// CHECK-NEXT: tfrt.div.i32
// CHECK-NEXT: tfrt.print.i32
// CHECK-NEXT: tfrt.add.i32
// CHECK-NEXT: tfrt.return
// CHECK: tfrt.while {{%.+}} @shared(%x, %y) parallel_iterations
func.func @stays(%n: i32, %x: i32, %y: i32, %ch: !tfrt.chain, %c: i1) -> (i32, !tfrt.chain) {
  %r, %s, %d = tfrt.repeat.i32 %n, %x, %y, %ch : i32, i32, !tfrt.chain {
    %two = tfrt.constant.i32 2
    %q, %m = tfrt.div.i32 %y, %two
    %e = tfrt.print.i32 %y, %ch
    %z = tfrt.add.i32 %x, %two
    tfrt.return %z, %y, %ch : i32, i32, !tfrt.chain
  }
  %v, %w = tfrt.while %c @shared (%x, %y) parallel_iterations(1) : (i32, i32) -> (i32, i32)
  %f:3 = tfrt.call @shared(%v, %w) : (i32, i32) -> (i32, i32, i1)
  tfrt.return %r, %d : i32, !tfrt.chain
}
func.func private @shared(%x: i32, %y: i32) -> (i32, i32, i1) {
  %a = tfrt.add.i32 %y, %y
  %z = tfrt.add.i32 %x, %a
  %d = "tfrt.lessequal.i32"(%z, %y) : (i32, i32) -> i1
  tfrt.return %z, %y, %d : i32, i32, i1
}
