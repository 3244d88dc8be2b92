// RUN: tfrt-opt --keep-value-names %s -p outline-regions | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -p 'outline-regions{threshold=9}' | filecheck %s --check-prefix=LARGE
// RUN: tfrt-opt --keep-value-names %s -p outline-regions --print-debuginfo | filecheck %s --check-prefix=WHERE

// LARGE-NOT: @outlined
// CHECK-LABEL: func.func @first
// CHECK-NEXT: tfrt.cond %c @outlined_0 @outlined_1(%x, %y) : (i32, i32) -> (i32)
func.func @first(%c: i1, %x: i32, %y: i32) -> i32 {
  %r = tfrt.if %c, %x, %y : (i32, i32) -> (i32) {
    %a = tfrt.add.i32 %x, %y
    %b = tfrt.mul.i32 %a, %y
    tfrt.return %b : i32
  } else {
    %a = tfrt.mul.i32 %x, %y
    %b = tfrt.mul.i32 %a, %x
    tfrt.return %b : i32
  }
  tfrt.return %r : i32
}

// Names of values do not matter.
// CHECK-LABEL: func.func @second
// CHECK-NEXT: tfrt.cond %d @outlined_0 @outlined_1(%w, %v) : (i32, i32) -> (i32)
func.func @second(%d: i1, %v: i32, %w: i32) -> i32 {
  %r = tfrt.if %d, %w, %v : (i32, i32) -> (i32) {
    %p = tfrt.add.i32 %w, %v
    %q = tfrt.mul.i32 %p, %v
    tfrt.return %q : i32
  } else {
    %p = tfrt.mul.i32 %w, %v
    %q = tfrt.mul.i32 %p, %w
    tfrt.return %q : i32
  }
  tfrt.return %r : i32
}

// Inlined twice, an op that prints is at one location.
// CHECK-LABEL: func.func @blocks
// CHECK-COUNT-2: tfrt.parallel_call.i32 %i to %j fixed %k @outlined_2(%x) : i32
func.func @blocks(%i: i32, %j: i32, %k: i32, %x: i32) -> (!tfrt.chain, !tfrt.chain) {
  %a = tfrt.parallel_for.i32 %i to %j fixed %k, %x : i32 {
    %ch = tfrt.new.chain
    %s = tfrt.add.i32 %i, %x
    %t = tfrt.add.i32 %j, %s
    %u = tfrt.mul.i32 %t, %t
    %p = tfrt.print.i32 %u, %ch loc("inlined")
    tfrt.return
  }
  %b = tfrt.parallel_for.i32 %i to %j fixed %k, %x : i32 {
    %ch = tfrt.new.chain
    %s = tfrt.add.i32 %i, %x
    %t = tfrt.add.i32 %j, %s
    %u = tfrt.mul.i32 %t, %t
    %p = tfrt.print.i32 %u, %ch loc("inlined")
    tfrt.return
  }
  tfrt.return %a, %b : !tfrt.chain, !tfrt.chain
}

// Other operands, another location of what may fail, and a function that says how its kernels are run.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-3: tfrt.if
// CHECK-LABEL: func.func @says_how
// CHECK: tfrt.if
func.func @stays(%c: i1, %x: i32, %y: i32) -> (i32, i32, i32) {
  %r = tfrt.if %c, %x, %y : (i32, i32) -> (i32) {
    %a = tfrt.add.i32 %x, %x
    %b = tfrt.mul.i32 %a, %y
    tfrt.return %b : i32
  } else {
    %a = tfrt.mul.i32 %x, %y
    %b = tfrt.mul.i32 %a, %x
    tfrt.return %b : i32
  }
  %s = tfrt.if %c, %x, %y : (i32, i32) -> (i32) {
    %a = tfrt.add.i32 %x, %y
    %q, %m = tfrt.div.i32 %a, %y
    tfrt.return %q : i32
  } else {
    %b = tfrt.mul.i32 %x, %y
    tfrt.return %b : i32
  }
  %t = tfrt.if %c, %x, %y : (i32, i32) -> (i32) {
    %a = tfrt.add.i32 %x, %y
    %q, %m = tfrt.div.i32 %a, %y
    tfrt.return %q : i32
  } else {
    %b = tfrt.mul.i32 %x, %y
    tfrt.return %b : i32
  }
  tfrt.return %r, %s, %t : i32, i32, i32
}
func.func @says_how(%c: i1, %x: i32, %y: i32) -> i32 attributes {tfrt.cost_threshold = 10 : i64} {
  %r = tfrt.if %c, %x, %y : (i32, i32) -> (i32) {
    %a = tfrt.add.i32 %x, %y
    %b = tfrt.mul.i32 %a, %y
    tfrt.return %b : i32
  } else {
    %a = tfrt.mul.i32 %x, %y
    %b = tfrt.mul.i32 %a, %x
    tfrt.return %b : i32
  }
  tfrt.return %r : i32
}

// CHECK: func.func private @outlined_0(%x: i32, %y: i32) -> i32 {
// CHECK-NEXT: [[A:%.+]] = tfrt.add.i32 %x, %y
// CHECK-NEXT: [[B:%.+]] = tfrt.mul.i32 [[A]], %y
// CHECK-NEXT: tfrt.return [[B]] : i32
// CHECK: func.func private @outlined_1
// CHECK: func.func private @outlined_2
// CHECK-NOT: @outlined_3
// WHERE: func.func private @outlined_0
// WHERE-NEXT: tfrt.add.i32 {{.+}} loc(fused["{{.*}}outline_regions.mlir":10:10, "{{.*}}outline_regions.mlir":26:10])
// WHERE: tfrt.print.i32 {{.+}} loc("inlined")
