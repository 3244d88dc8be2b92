// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: not --exit-code 1 bef-run %t 2>&1 | filecheck %s
// RUN: not --exit-code 1 bef-run %t --functions=by_zero --print_error_code 2>&1 | filecheck %s --check-prefix=CODE
// RUN: bef-run %t --functions=unused,fine --no-plans 2>&1 | filecheck %s --check-prefix=UNUSED
// RUN: bef-run %t --functions=unused,fine 2>&1 | filecheck %s --check-prefix=UNUSED

// Reported once, where it happened, with the line; returned by what depends on it, and by nothing else.
// CHECK-LABEL: --- Running 'by_zero':
// CHECK-NEXT: {{.*}}errors.mlir:17:12: error: runtime error: Divide by zero
// CHECK-NEXT: {{^}}  %q, %r = tfrt.div.i32 %one, %zero{{$}}
// CHECK-NEXT: {{^}}           ^{{$}}
// CHECK-NEXT: 'by_zero' returned <<error: Divide by zero>>,1,<<error: Divide by zero>>
// CODE: 'by_zero' returned <<error: Divide by zero, code: {{[A-Z_]+}}>>,1,<<error: Divide by zero, code: {{[A-Z_]+}}>>
func.func @by_zero() -> (i32, i32, i32) {
  %one = tfrt.constant.i32 1
  %zero = tfrt.constant.i32 0
  %q, %r = tfrt.div.i32 %one, %zero
  %sum = tfrt.add.i32 %q, %one
  tfrt.return %q, %one, %sum : i32, i32, i32
}

// An error that nobody uses is reported all the same, and is no failure of the function.
// It comes later: the division is none of what the result waits for, and runs after it has been printed.
// UNUSED: --- Running 'unused':
// UNUSED-NEXT: 'unused' returned 1
// UNUSED-NEXT: {{.*}}errors.mlir:30:12: error: runtime error: Divide by zero
func.func @unused() -> i32 {
  %one = tfrt.constant.i32 1
  %zero = tfrt.constant.i32 0
  %q, %r = tfrt.div.i32 %one, %zero
  tfrt.return %one : i32
}

// Side effects that depend on an error do not happen.
// CHECK-LABEL: --- Running 'skipped':
// CHECK-NOT: int32 =
// CHECK: 'skipped' returned <<error: something bad happened>>
func.func @skipped() -> !tfrt.chain {
  %ch = tfrt.new.chain
  %bad = "tfrt_test.fail"() : () -> i32
  %ch1 = tfrt.print.i32 %bad, %ch
  tfrt.return %ch1 : !tfrt.chain
}

// The next function starts anew.
// CHECK-LABEL: --- Running 'fine':
// CHECK-NEXT: 'fine' returned 1
// UNUSED: 'fine' returned 1
func.func @fine() -> i32 {
  %one = tfrt.constant.i32 1
  tfrt.return %one : i32
}
