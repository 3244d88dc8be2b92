// RUN: tfrt-translate --mlir-to-bef %s | bef-run | filecheck %s
// RUN: tfrt-translate %s -o %t
// RUN: bef-run %t --functions=second,first | filecheck %s --check-prefix=ORDER
// RUN: bef-run %t --function=add --input=2 --input=3 | filecheck %s --check-prefix=ADD
// RUN: not --exit-code 1 bef-run %t --function=add --input=2 --input=3 --expected_output=6 2>&1 \
// RUN:   | filecheck %s --check-prefix=WRONG
// RUN: not --exit-code 2 bef-run %t --function=ad 2>&1 | filecheck %s --check-prefix=UNKNOWN

// CHECK: --- Not running 'add' because it has arguments.
// CHECK-NEXT: --- Running 'first':
// CHECK-NEXT: 'first' returned 1,2.500000e-01,!tfrt.chain value
// CHECK-NEXT: --- Running 'second':
// CHECK-NEXT: --- Running 'third':
// CHECK-NEXT: 'third' returned 3

// ORDER: --- Running 'second':
// ORDER-NEXT: --- Running 'first':
// ORDER-NOT: third

// ADD: --- Running 'add':
// ADD-NEXT: 'add' returned 5

// WRONG: bef-run: result #0 of 'add': expected 6, got 5
// UNKNOWN: bef-run: there is no function 'ad'; did you mean 'add'?

func.func @add(%x: i32, %y: i32) -> i32 {
  %z = tfrt.add.i32 %x, %y
  tfrt.return %z : i32
}

func.func @first() -> (i32, f32, !tfrt.chain) {
  %x = tfrt.constant.i32 1
  %y = tfrt.constant.f32 0.25
  %ch = tfrt.new.chain
  tfrt.return %x, %y, %ch : i32, f32, !tfrt.chain
}

// A function without results returns nothing, and prints nothing about it.
func.func @second() {
  tfrt.return
}

// Functions of nested modules are functions of the file.
module @nested {
  func.func @third() -> i32 {
    %x = tfrt.constant.i32 3
    tfrt.return %x : i32
  }
}
