// RUN: tfrt-opt -p 'lower-stablehlo,decompose-cpu-ops,fold-broadcasts,fuse-cpu-ops' %s | filecheck %s

// Conversions, comparisons and choices are steps of chains, whose values may have types of their own.
// CHECK-LABEL: func.func @leaky
// CHECK: cpu.elementwise
// CHECK-SAME: steps = {{\[\[}}"stablehlo.convert", 0], ["stablehlo.add", 1, 5], ["stablehlo.subtract", 6, 2], ["stablehlo.multiply", 7, 3], ["stablehlo.compare", 7, 4, i1, {{\[\[}}"comparison_direction", "GT"], ["compare_type", "FLOAT"]]], ["stablehlo.select", 9, 7, 8]]
// CHECK-SAME: : (memref<3x4xi32>, memref<3x4xf32>, memref<3x1xf32>, memref<f32>, memref<f32>) -> memref<3x4xf32>
// CHECK-NOT: cpu.elementwise
// CHECK: return
func.func @leaky(%x: tensor<3x4xf32>, %i: tensor<3x4xi32>, %c: tensor<3xf32>) -> tensor<3x4xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<3x4xf32>
  %slope = stablehlo.constant dense<0.1> : tensor<3x4xf32>
  %f = stablehlo.convert %i : (tensor<3x4xi32>) -> tensor<3x4xf32>
  %column = stablehlo.broadcast_in_dim %c, dims = [0] : (tensor<3xf32>) -> tensor<3x4xf32>
  %0 = stablehlo.add %x, %f : tensor<3x4xf32>
  %1 = stablehlo.subtract %0, %column : tensor<3x4xf32>
  %2 = stablehlo.multiply %1, %slope : tensor<3x4xf32>
  %3 = stablehlo.compare GT, %1, %zero, FLOAT : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xi1>
  %4 = stablehlo.select %3, %1, %2 : tensor<3x4xi1>, tensor<3x4xf32>
  return %4 : tensor<3x4xf32>
}

// So are they of what is done to a product; what has no dimensions stays a call.
// CHECK-LABEL: func.func @product
// CHECK: cpu.call {{.*}}op_name = "stablehlo.compare"
// CHECK: cpu.call {{.*}}op_name = "stablehlo.dot_general", steps = {{\[\[}}"stablehlo.compare", 0, 1, i1,
// CHECK-NOT: cpu.elementwise
// CHECK: return
func.func @product(%x: tensor<3x4xf32>, %n: tensor<i32>) -> (tensor<3x3xf32>, tensor<i1>) {
  %zero = stablehlo.constant dense<0.0> : tensor<3x3xf32>
  %0 = stablehlo.compare LT, %n, %n, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
  %1 = stablehlo.dot_general %x, %x, contracting_dims = [1] x [1] : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x3xf32>
  %2 = stablehlo.compare GT, %1, %zero, FLOAT : (tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<3x3xi1>
  %3 = stablehlo.select %2, %1, %zero : tensor<3x3xi1>, tensor<3x3xf32>
  return %3, %0 : tensor<3x3xf32>, tensor<i1>
}
