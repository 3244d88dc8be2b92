// RUN: tfrt-opt --keep-value-names %s -p cse | filecheck %s --check-prefix=CSE
// RUN: tfrt-opt --keep-value-names %s -p cse --print-debuginfo | filecheck %s --check-prefix=WHERE
// RUN: tfrt-opt --keep-value-names %s -p dce | filecheck %s --check-prefix=DCE

// Ops in generic form are known from their kernels.
// CSE-LABEL: func.func @alike
// CSE-COUNT-1: tfrt.minus.i32
// CSE-NOT: tfrt.minus.i32
// CSE: tfrt.return %a, %a : i32, i32
// WHERE-LABEL: func.func @alike
// WHERE: "tfrt.minus.i32"{{.*}} loc(fused["{{.*}}cse_dce.mlir":13:8, "{{.*}}cse_dce.mlir":14:8])
func.func @alike(%x: i32, %y: i32) -> (i32, i32) {
  %a = "tfrt.minus.i32"(%x, %y) : (i32, i32) -> i32
  %b = "tfrt.minus.i32"(%x, %y) : (i32, i32) -> i32
  tfrt.return %a, %b : i32, i32
}

// Tensors are memory that programs write into, and dividing may fail twice.
// CSE-LABEL: func.func @not_alike
// CSE-COUNT-2: create_uninitialized_tensor
// CSE-COUNT-2: tfrt.div.i32
// DCE-LABEL: func.func @not_alike
// DCE-COUNT-2: tfrt.div.i32
// DCE-NOT: tfrt.add.i32
func.func @not_alike(%x: i32) {
  %s = tfrt_dht.create_uninitialized_tensor.f32.1 [2 : i64]
  %t = tfrt_dht.create_uninitialized_tensor.f32.1 [2 : i64]
  %q, %r = tfrt.div.i32 %x, %x
  %u, %v = tfrt.div.i32 %x, %x
  %unused = tfrt.add.i32 %x, %x
  tfrt.return
}
