// RUN: not --exit-code 1 tfrt-opt %s 2>&1 | filecheck %s
// RUN: not --exit-code 1 tfrt-translate --mlir-to-bef %s 2>&1 | filecheck %s

// The headline, the line, and a caret under the column.
// CHECK: shown.mlir:11:25: error: use of undeclared SSA value name '%nobody'
// CHECK-NEXT: {{^}}  %y = tfrt.add.i32 %x, %nobody{{$}}
// CHECK-NEXT: {{^}}                        ^{{$}}
// CHECK: shown.mlir:12:3: error: redefinition of SSA value '%y'
// CHECK: shown.mlir:11:3: note: previously defined here
func.func @f(%x: i32) {
  %y = tfrt.add.i32 %x, %nobody
  %y = tfrt.add.i32 %x, %x
  tfrt.return
}
