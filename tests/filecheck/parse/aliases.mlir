// RUN: tfrt-opt --keep-value-names %s --allow-unregistered-dialect --verify-roundtrip --mlir-print-debuginfo | filecheck %s

// Aliases stand for attributes, types and locations, defined before or after they are used.
#shape = #corert.shape<2x?>
!tensor = !tfrt_tensor.tensor

// CHECK: func.func @f(%t: !tfrt_tensor.tensor
func.func @f(%t: !tensor) -> !tensor {
  // CHECK: "x.op"() {a = #corert.shape<2x?>, b = 42 : i32, c = !tfrt_tensor.tensor} : () -> () loc("late.py":7:1)
  "x.op"() {a = #shape, b = #late, c = !tensor} : () -> () loc(#where)
  tfrt.return %t : !tensor
}

#late = 42 : i32
#where = loc("late.py":7:1)
