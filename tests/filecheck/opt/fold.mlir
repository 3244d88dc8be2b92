// RUN: tfrt-opt --keep-value-names %s -p canonicalize | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -p canonicalize --print-debuginfo | filecheck %s --check-prefix=WHERE

// CHECK-LABEL: func.func @wraps_around
// CHECK-NEXT: %c = tfrt.constant.i32 -2147483648
// CHECK-NEXT: tfrt.return %c : i32
// WHERE-LABEL: func.func @wraps_around
// WHERE: tfrt.constant.i32 -2147483648 loc("{{.*}}fold.mlir":12:8)
func.func @wraps_around() -> i32 {
  %a = tfrt.constant.i32 2147483647
  %b = tfrt.constant.i32 1
  %c = tfrt.add.i32 %a, %b
  tfrt.return %c : i32
}

// CHECK-LABEL: func.func @truncates
// CHECK-DAG: tfrt.constant.i32 -3
// CHECK-DAG: tfrt.constant.i32 -1
func.func @truncates() -> (i32, i32) {
  %a = tfrt.constant.i32 -7
  %b = tfrt.constant.i32 2
  %q, %r = tfrt.div.i32 %a, %b
  tfrt.return %q, %r : i32, i32
}

// CHECK-LABEL: func.func @single_precision
// CHECK-NEXT: tfrt.constant.f32 0x4B800000
func.func @single_precision() -> f32 {
  %a = tfrt.constant.f32 16777216.0
  %b = tfrt.constant.f32 1.0
  %c = tfrt.add.f32 %a, %b
  tfrt.return %c : f32
}

// What fails fails at run time, where it is written, even unused.
// CHECK-LABEL: func.func @fails
// CHECK: tfrt.div.i32
func.func @fails() {
  %a = tfrt.constant.i32 1
  %b = tfrt.constant.i32 0
  %q, %r = tfrt.div.i32 %a, %b
  tfrt.return
}
