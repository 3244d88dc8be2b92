// RUN: tfrt-opt -p 'lower-stablehlo,fold-broadcasts' %s | filecheck %s

// Rows, columns and scalars are read where they are; what nothing else gives a shape to is not.
// CHECK-LABEL: func.func @rows
// CHECK: [[TWO:%.+]] = cpu.constant
// CHECK: [[A:%.+]] = cpu.elementwise %arg0, %arg1 {{.*}} : (memref<3x4xf32>, memref<4xf32>) -> memref<3x4xf32>
// CHECK-NEXT: [[B:%.+]] = cpu.elementwise [[A]], [[TWO]] {{.*}} : (memref<3x4xf32>, memref<f32>) -> memref<3x4xf32>
// CHECK: [[C:%.+]] = cpu.call %arg2 {{.*}}op_name = "stablehlo.reshape"{{.*}} : (memref<3xf32>) -> memref<3x1xf32>
// CHECK-NEXT: cpu.elementwise [[B]], [[C]] {{.*}} : (memref<3x4xf32>, memref<3x1xf32>)
// CHECK: cpu.elementwise %{{.*}} {{.*}} : (memref<3x4xf32>) -> memref<3x4xf32>
func.func @rows(%x: tensor<3x4xf32>, %row: tensor<4xf32>, %column: tensor<3xf32>) -> (tensor<3x4xf32>, tensor<3x4xf32>) {
  %two = stablehlo.constant dense<2.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %row, dims = [1] : (tensor<4xf32>) -> tensor<3x4xf32>
  %1 = stablehlo.add %x, %0 : tensor<3x4xf32>
  %2 = stablehlo.broadcast_in_dim %two, dims = [] : (tensor<f32>) -> tensor<3x4xf32>
  %3 = stablehlo.multiply %1, %2 : tensor<3x4xf32>
  %4 = stablehlo.broadcast_in_dim %column, dims = [0] : (tensor<3xf32>) -> tensor<3x4xf32>
  %5 = stablehlo.add %3, %4 : tensor<3x4xf32>
  %6 = stablehlo.tanh %0 : tensor<3x4xf32>
  return %5, %6 : tensor<3x4xf32>, tensor<3x4xf32>
}

// What reductions give for each row is a column, whether or not they keep the dimension.
// CHECK-LABEL: func.func @columns
// CHECK-NOT: broadcast_in_dim
// CHECK: cpu.elementwise %arg0, %arg2 {{.*}} : (memref<2x3x4xf32>, memref<2x3x1xf32>)
// CHECK: [[M:%.+]] = cpu.call %arg1 {{.*}}op_name = "stablehlo.reshape"{{.*}} -> memref<2x1x4xf32>
// CHECK: cpu.elementwise %{{.+}}, [[M]] {{.*}} : (memref<2x3x4xf32>, memref<2x1x4xf32>)
func.func @columns(%x: tensor<2x3x4xf32>, %m: tensor<2x4xf32>, %c: tensor<2x3x1xf32>) -> tensor<2x3x4xf32> {
  %0 = stablehlo.broadcast_in_dim %c, dims = [0, 1, 2] : (tensor<2x3x1xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.broadcast_in_dim %m, dims = [0, 2] : (tensor<2x4xf32>) -> tensor<2x3x4xf32>
  %2 = stablehlo.subtract %x, %0 : tensor<2x3x4xf32>
  %3 = stablehlo.multiply %2, %1 : tensor<2x3x4xf32>
  return %3 : tensor<2x3x4xf32>
}
