// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: tfrt-translate --bef-to-mlir --mlir-print-op-generic %t | filecheck %s
// RUN: tfrt-translate --bef-to-mlir %t | tfrt-translate --mlir-to-bef | tfrt-translate --bef-to-mlir --mlir-print-op-generic | filecheck %s
// RUN: tfrt-translate %t | tfrt-opt --keep-value-names --allow-unregistered-dialect --verify-roundtrip | filecheck %s --check-prefix=CUSTOM

// BEF keeps names of functions and attributes, types, and where each op is.
// CHECK: sym_name = "f"
// CHECK: "x.op"(%{{.*}}) {answer = 42 : i32, name = "n", shape = #corert.shape<2x?>} : (i32) -> i32 loc("x.py":3:4)
// CHECK: "tfrt.return"
// CUSTOM: func.func @f(%{{.*}}: i32) -> i32
func.func @f(%x: i32) -> i32 {
  %y = "x.op"(%x) {name = "n", answer = 42 : i32, shape = #corert.shape<2x?>} : (i32) -> i32 loc("x.py":3:4)
  tfrt.return %y : i32
}
