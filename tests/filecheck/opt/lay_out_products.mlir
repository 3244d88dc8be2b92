// RUN: tfrt-opt -p 'lower-stablehlo,fold-broadcasts,fuse-cpu-ops,lay-out-products' %s | filecheck %s

// The first product is only read by others, as their left matrix; what is done to it is part of it.
// CHECK-LABEL: func.func @layers
// CHECK: cpu.call %arg0, %arg1, %{{.*}}["may_lie_by_columns", true]
// CHECK-NOT: may_lie_by_columns
func.func @layers(%x: tensor<8x4xf32>, %w: tensor<4x6xf32>, %v: tensor<6x3xf32>, %u: tensor<5x6xf32>) -> (tensor<8x3xf32>, tensor<8x5xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<8x6xf32>
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = stablehlo.maximum %0, %zero : tensor<8x6xf32>
  %2 = stablehlo.dot_general %1, %v, contracting_dims = [1] x [0] : (tensor<8x6xf32>, tensor<6x3xf32>) -> tensor<8x3xf32>
  %3 = stablehlo.dot_general %1, %u, contracting_dims = [1] x [1] : (tensor<8x6xf32>, tensor<5x6xf32>) -> tensor<8x5xf32>
  return %2, %3 : tensor<8x3xf32>, tensor<8x5xf32>
}

// These are read otherwise, too: returned, as the right matrix, transposed, added, or by something else.
// CHECK-LABEL: func.func @others
// CHECK-NOT: may_lie_by_columns
func.func @others(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %0 = stablehlo.dot_general %x, %x, contracting_dims = [1] x [0] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = stablehlo.dot_general %0, %x, contracting_dims = [1] x [0] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = stablehlo.dot_general %x, %x, contracting_dims = [0] x [0] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = stablehlo.dot_general %2, %2, contracting_dims = [1] x [0] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %4 = stablehlo.dot_general %x, %x, contracting_dims = [1] x [1] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %5 = stablehlo.dot_general %4, %x, contracting_dims = [0] x [0] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %6 = stablehlo.dot_general %x, %x, contracting_dims = [0] x [1] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %7 = stablehlo.dot_general %x, %0, contracting_dims = [1] x [1] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %8 = stablehlo.add %6, %7 : tensor<4x4xf32>
  %9 = stablehlo.dot_general %6, %x, contracting_dims = [1] x [0] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %1, %3, %5, %8, %9 : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}
