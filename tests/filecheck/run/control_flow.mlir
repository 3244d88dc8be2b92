// RUN: tfrt-translate --mlir-to-bef %s | bef-run | filecheck %s
// RUN: tfrt-translate --mlir-to-bef %s | bef-run --work_queue_type=mstd:2 | filecheck %s
// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: tfrt-translate --bef-to-mlir %t | tfrt-translate --mlir-to-bef | bef-run | filecheck %s

// CHECK-LABEL: --- Running 'gcd_of_two_numbers':
// CHECK-NEXT: 'gcd_of_two_numbers' returned 21
func.func @gcd_of_two_numbers() -> i32 {
  %a = tfrt.constant.i32 1071
  %b = tfrt.constant.i32 462
  %g = tfrt.call @gcd(%a, %b) : (i32, i32) -> i32
  tfrt.return %g : i32
}

func.func @gcd(%a: i32, %b: i32) -> i32 {
  %zero = tfrt.constant.i32 0
  %done = tfrt.equal.i32 %b, %zero
  %g = tfrt.if %done, %a, %b : (i32, i32) -> (i32) {
    tfrt.return %a : i32
  } else {
    %q, %r = tfrt.div.i32 %a, %b
    %next = tfrt.call @gcd(%b, %r) : (i32, i32) -> i32
    tfrt.return %next : i32
  }
  tfrt.return %g : i32
}

// A loop within a loop, each with its own values under the same names.
// CHECK-LABEL: --- Running 'nested_loops':
// CHECK-NEXT: 'nested_loops' returned 12
func.func @nested_loops() -> i32 {
  %n = tfrt.constant.i32 3
  %v = tfrt.constant.i32 0
  %sum = tfrt.repeat.i32 %n, %v : i32 {
    %m = tfrt.constant.i32 4
    %inner = tfrt.repeat.i32 %m, %v : i32 {
      %one = tfrt.constant.i32 1
      %next = tfrt.add.i32 %v, %one
      tfrt.return %next : i32
    }
    tfrt.return %inner : i32
  }
  tfrt.return %sum : i32
}

// Neither the recursion nor the loop may need the thread's stack.
// CHECK-LABEL: --- Running 'deep_recursion':
// CHECK-NEXT: 'deep_recursion' returned 2000
func.func @deep_recursion() -> i32 {
  %n = tfrt.constant.i32 2000
  %d = tfrt.call @depth(%n) : (i32) -> i32
  tfrt.return %d : i32
}

func.func @depth(%n: i32) -> i32 {
  %zero = tfrt.constant.i32 0
  %done = tfrt.equal.i32 %n, %zero
  %d = tfrt.if %done, %n : (i32) -> (i32) {
    tfrt.return %n : i32
  } else {
    %one = tfrt.constant.i32 1
    %less = "tfrt.minus.i32"(%n, %one) : (i32, i32) -> i32
    %rest = tfrt.call @depth(%less) : (i32) -> i32
    %sum = tfrt.add.i32 %rest, %one
    tfrt.return %sum : i32
  }
  tfrt.return %d : i32
}

// CHECK-LABEL: --- Running 'long_loop':
// CHECK-NEXT: 'long_loop' returned 20000
func.func @long_loop() -> i32 {
  %n = tfrt.constant.i32 20000
  %v = tfrt.constant.i32 0
  %sum = tfrt.repeat.i32 %n, %v : i32 {
    %one = tfrt.constant.i32 1
    %next = tfrt.add.i32 %v, %one
    tfrt.return %next : i32
  }
  tfrt.return %sum : i32
}

// An index beyond the last branch chooses the last one.
// CHECK-LABEL: --- Running 'case':
// CHECK-NEXT: 'case' returned 9,27,27
func.func @case() -> (i32, i32, i32) {
  %three = tfrt.constant.i32 3
  %i0 = tfrt.constant.i32 0
  %i1 = tfrt.constant.i32 1
  %i9 = tfrt.constant.i32 9
  %a = tfrt.case %i0 [@square, @cube] (%three) : (i32) -> (i32)
  %b = tfrt.case %i1 [@square, @cube] (%three) : (i32) -> (i32)
  %c = tfrt.case %i9 [@square, @cube] (%three) : (i32) -> (i32)
  tfrt.return %a, %b, %c : i32, i32, i32
}

func.func @square(%x: i32) -> i32 {
  %y = tfrt.mul.i32 %x, %x
  tfrt.return %y : i32
}

func.func @cube(%x: i32) -> i32 {
  %y = tfrt.mul.i32 %x, %x
  %z = tfrt.mul.i32 %y, %x
  tfrt.return %z : i32
}
