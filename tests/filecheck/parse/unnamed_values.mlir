// RUN: tfrt-opt %s --allow-unregistered-dialect --verify-roundtrip | filecheck %s

// The custom form re-declares the operand under its name, which is then the argument's, too.
// CHECK: tfrt.repeat.i32 %{{.*}}, %[[X:.*]] : i32 {
// CHECK-NEXT: tfrt.return %[[X]] : i32
"func.func"() ({
^bb0(%0: i32):
  %1 = "tfrt.repeat.i32"(%0, %0) ({
  ^bb0(%2: i32):
    "tfrt.return"(%2) : (i32) -> ()
  }) : (i32, i32) -> i32
  "tfrt.return"(%1) : (i32) -> ()
}) {function_type = (i32) -> i32, sym_name = "f"} : () -> ()
