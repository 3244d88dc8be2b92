// RUN: tfrt-opt %s --allow-unregistered-dialect --verify-roundtrip | filecheck %s

func.func @dense() {
  // CHECK: a = dense<{{\[\[}}1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  "x.op"() {a = dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>} : () -> ()
  // One element stands for all.
  // CHECK: a = dense<5.000000e-01> : tensor<4xf32>
  "x.op"() {a = dense<0.5> : tensor<4xf32>} : () -> ()
  // CHECK: a = dense<true> : tensor<2xi1>
  "x.op"() {a = dense<true> : tensor<2xi1>} : () -> ()
  // CHECK: a = dense<-3> : tensor<i8>
  "x.op"() {a = dense<-3> : tensor<i8>} : () -> ()
  // CHECK: a = dense<> : tensor<0xi64>
  "x.op"() {a = dense<[]> : tensor<0xi64>} : () -> ()
  // The bytes of the elements.
  // CHECK: a = dense<[1, 2]> : tensor<2xi32>
  "x.op"() {a = dense<"0x0100000002000000"> : tensor<2xi32>} : () -> ()
  tfrt.return
}
