// RUN: tfrt-opt --keep-value-names %s --allow-unregistered-dialect --verify-roundtrip | filecheck %s
// RUN: tfrt-opt --keep-value-names %s --allow-unregistered-dialect --mlir-print-debuginfo | filecheck %s --check-prefix=LOC

// CHECK: func.func private @declared(i32 {x.a}, f32 {x.b = "q"}) -> (i32 {x.r})
func.func private @declared(i32 {x.a}, f32 {x.b = "q"}) -> (i32 {x.r})

// CHECK: func.func private @some(i32, f32 {x.b}) -> (i32, i32 {x.r}) attributes {x.f}
func.func private @some(i32, f32 {x.b}) -> (i32, i32 {x.r}) attributes {x.f}

// CHECK: func.func @one(%a: i32 {x.first}) -> ((i32) -> i32) {
// LOC: func.func @one(%a: i32 {x.first} loc("a.py":1:2)) -> ((i32) -> i32) {
func.func @one(%a: i32 {x.first} loc("a.py":1:2)) -> ((i32) -> i32) {
  // CHECK-NEXT: %f = "x.f"() : () -> ((i32) -> i32)
  %f = "x.f"() : () -> ((i32) -> i32)
  tfrt.return %f : (i32) -> i32
}

// CHECK: func.func private @function({{.*}}(i32) -> i32) -> ((i32) -> i32 {x.r})
func.func private @function((i32) -> i32) -> ((i32) -> i32 {x.r})

// CHECK: func.func private @nested() -> (() -> (() -> i32))
func.func private @nested() -> (() -> (() -> i32))

// What the custom form cannot say is printed in the generic one.
// CHECK: "func.func"() <{arg_attrs = [], function_type = (i32) -> (), sym_name = "few", sym_visibility = "private"}> ({
// CHECK-NEXT: }) : () -> ()
"func.func"() ({}) {arg_attrs = [], function_type = (i32) -> (), sym_name = "few", sym_visibility = "private"} : () -> ()

// CHECK: sym_visibility = "hidden"
"func.func"() ({}) {function_type = (i32) -> (), sym_name = "h", sym_visibility = "hidden"} : () -> ()
