// RUN: tfrt-opt -p stablehlo-recognize,stablehlo-canonicalize %s | filecheck %s

// The product with a one-hot matrix reads rows.
// CHECK-LABEL: func.func @embedding
// CHECK: "stablehlo.gather"(%arg1, %arg0)
// CHECK-NOT: dot_general
// CHECK: stablehlo.select
func.func @embedding(%ids: tensor<5xi32>, %table: tensor<10x4xf32>) -> tensor<5x4xf32> {
  %0 = stablehlo.broadcast_in_dim %ids, dims = [0] : (tensor<5xi32>) -> tensor<5x10xi32>
  %1 = stablehlo.iota dim = 1 : tensor<5x10xi32>
  %2 = stablehlo.compare EQ, %0, %1, SIGNED : (tensor<5x10xi32>, tensor<5x10xi32>) -> tensor<5x10xi1>
  %3 = stablehlo.convert %2 : (tensor<5x10xi1>) -> tensor<5x10xf32>
  %4 = stablehlo.dot_general %3, %table, contracting_dims = [1] x [0] : (tensor<5x10xf32>, tensor<10x4xf32>) -> tensor<5x4xf32>
  return %4 : tensor<5x4xf32>
}

// Numbers along another dimension, other comparisons, or sums over another dimension make other matrices.
// CHECK-LABEL: func.func @others
// CHECK-NOT: gather
// CHECK: return
func.func @others(%ids: tensor<10xi32>, %table: tensor<10x10xf32>) -> (tensor<10x10xf32>, tensor<10x10xf32>, tensor<10x10xf32>) {
  %0 = stablehlo.broadcast_in_dim %ids, dims = [0] : (tensor<10xi32>) -> tensor<10x10xi32>
  %1 = stablehlo.iota dim = 0 : tensor<10x10xi32>
  %2 = stablehlo.compare EQ, %0, %1, SIGNED : (tensor<10x10xi32>, tensor<10x10xi32>) -> tensor<10x10xi1>
  %3 = stablehlo.convert %2 : (tensor<10x10xi1>) -> tensor<10x10xf32>
  %4 = stablehlo.dot_general %3, %table, contracting_dims = [1] x [0] : (tensor<10x10xf32>, tensor<10x10xf32>) -> tensor<10x10xf32>
  %5 = stablehlo.iota dim = 1 : tensor<10x10xi32>
  %6 = stablehlo.compare LT, %0, %5, SIGNED : (tensor<10x10xi32>, tensor<10x10xi32>) -> tensor<10x10xi1>
  %7 = stablehlo.convert %6 : (tensor<10x10xi1>) -> tensor<10x10xf32>
  %8 = stablehlo.dot_general %7, %table, contracting_dims = [1] x [0] : (tensor<10x10xf32>, tensor<10x10xf32>) -> tensor<10x10xf32>
  %9 = stablehlo.compare EQ, %0, %5, SIGNED : (tensor<10x10xi32>, tensor<10x10xi32>) -> tensor<10x10xi1>
  %10 = stablehlo.convert %9 : (tensor<10x10xi1>) -> tensor<10x10xf32>
  %11 = stablehlo.dot_general %10, %table, contracting_dims = [0] x [0] : (tensor<10x10xf32>, tensor<10x10xf32>) -> tensor<10x10xf32>
  return %4, %8, %11 : tensor<10x10xf32>, tensor<10x10xf32>, tensor<10x10xf32>
}
