// RUN: tfrt-opt --keep-value-names --allow-unregistered-dialect %s | filecheck %s
// RUN: tfrt-opt --keep-value-names --allow-unregistered-dialect --verify-roundtrip %s
// RUN: tfrt-opt --keep-value-names --allow-unregistered-dialect --mlir-print-op-generic %s | tfrt-opt --keep-value-names --allow-unregistered-dialect | filecheck %s

// Directly in a function, `call` and `return` are those of its dialect, and printed so; elsewhere they are not.

// CHECK-LABEL: func.func @callee
func.func @callee(%x: i32) -> i32 {
  // CHECK: {{^ *}}return %x : i32
  return %x : i32
}

// CHECK-LABEL: func.func @caller
func.func @caller(%x: i32) -> i32 {
  // CHECK: {{^ *}}%y = call @callee(%x) {call = 1 : i64, return} : (i32) -> i32
  %y = call @callee(%x) {call = 1, return} : (i32) -> i32
  // The function is looked up in the module, whatever op the call stands in.
  "some.op"() ({
    // CHECK: {{= func}}.call @callee(%y) : (i32) -> i32
    %z = func.call @callee(%y) : (i32) -> i32
  }) : () -> ()
  return %y : i32
}

// CHECK-LABEL: func.func @generic
"func.func"() ({
^bb0(%x: i32):
  // CHECK: {{^ *}}return %x : i32
  return %x : i32
}) {sym_name = "generic", function_type = (i32) -> i32} : () -> ()
