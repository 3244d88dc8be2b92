// RUN: tfrt-opt --keep-value-names %s -p canonicalize,cse | filecheck %s

// A synchronous function may not return an argument, nor a value twice.
// CHECK-LABEL: func.func @argument
// CHECK: %a = tfrt.add.i32 %x, %zero
// CHECK-NEXT: tfrt.return %a : i32
func.func @argument(%x: i32) -> i32 attributes {tfrt.sync} {
  %zero = tfrt.constant.i32 0
  %a = tfrt.add.i32 %x, %zero
  tfrt.return %a : i32
}

// CHECK-LABEL: func.func @twice
// CHECK-COUNT-2: tfrt.add.i32
// CHECK-NEXT: tfrt.return %a, %b : i32, i32
func.func @twice(%x: i32) -> (i32, i32) attributes {tfrt.sync} {
  %a = tfrt.add.i32 %x, %x
  %b = tfrt.add.i32 %x, %x
  tfrt.return %a, %b : i32, i32
}

// What it does not return is simplified.
// CHECK-LABEL: func.func @inside
// CHECK-NEXT: %b = tfrt.mul.i32 %x, %x
// CHECK-NEXT: tfrt.return %b : i32
func.func @inside(%x: i32) -> i32 attributes {tfrt.sync} {
  %zero = tfrt.constant.i32 0
  %a = tfrt.add.i32 %x, %zero
  %b = tfrt.mul.i32 %a, %x
  tfrt.return %b : i32
}
