// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: not --exit-code 2 bef-run %t 2>&1 | filecheck %s

// Every kernel that is missing is reported at its first use, and nothing runs.
// CHECK-NOT: --- Running
// CHECK: unknown_kernel.mlir:11:3: error: unknown kernel name 'nobody.knows'
// CHECK-NEXT: "nobody.knows"() : () -> ()
// CHECK-NEXT: {{^}}  ^
// CHECK: unknown_kernel.mlir:12:8: error: unknown kernel name 'nobody.knows_either'
func.func @f() {
  "nobody.knows"() : () -> ()
  %x = "nobody.knows_either"() : () -> i32
  tfrt.return
}
