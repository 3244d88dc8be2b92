// RUN: tfrt-opt --keep-value-names %s --allow-unregistered-dialect --verify-roundtrip --mlir-print-debuginfo | filecheck %s

// CHECK-LABEL: func.func @forms
func.func @forms() {
  // CHECK: "x.op"() : () -> () loc("a.py":10:4)
  "x.op"() : () -> () loc("a.py":10:4)
  // CHECK-NEXT: "x.op"() : () -> () loc("layer")
  "x.op"() : () -> () loc("layer")
  // CHECK-NEXT: "x.op"() : () -> () loc("layer"("a.py":12:8))
  "x.op"() : () -> () loc("layer"("a.py":12:8))
  // CHECK-NEXT: "x.op"() : () -> () loc(callsite("in.py":1:2 at "out.py":3:4))
  "x.op"() : () -> () loc(callsite("in.py":1:2 at "out.py":3:4))
  // CHECK-NEXT: "x.op"() : () -> () loc(fused["a.py":1:1, "b.py":2:2])
  "x.op"() : () -> () loc(fused["a.py":1:1, "b.py":2:2])
  // CHECK-NEXT: "x.op"() : () -> () loc(unknown)
  "x.op"() : () -> () loc(unknown)

  // Without one, an op is where its name is.
  // CHECK-NEXT: %c = tfrt.constant.i32 1 loc("{{.*}}locations.mlir":20:8)
  %c = tfrt.constant.i32 1
  // CHECK-NEXT: %d = "x.op"() : () -> i32 loc("{{.*}}locations.mlir":22:8)
  %d = "x.op"() : () -> i32
  tfrt.return
}
