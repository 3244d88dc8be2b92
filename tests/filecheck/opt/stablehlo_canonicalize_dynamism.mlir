// RUN: tfrt-opt -p stablehlo-canonicalize-dynamism %s | filecheck %s

// Constants become attributes.
// CHECK-LABEL: func.func @main
// CHECK: stablehlo.reshape %arg0 : (tensor<2x3xf32>) -> tensor<6xf32>
// CHECK: stablehlo.broadcast_in_dim %arg0, dims = [1, 2] : (tensor<2x3xf32>) -> tensor<2x2x3xf32>
// CHECK: stablehlo.iota dim = 0 : tensor<2xi32>
// CHECK: stablehlo.slice %arg0 [1:2, 0:3:2] : (tensor<2x3xf32>) -> tensor<1x2xf32>
// CHECK: stablehlo.pad %arg0, %{{.*}}, low = [1, 0], high = [0, 2], interior = [0, 0] : (tensor<2x3xf32>, tensor<f32>) -> tensor<3x5xf32>
// CHECK-NOT: dynamic
func.func @main(%x: tensor<2x3xf32>) -> (tensor<6xf32>, tensor<2x2x3xf32>, tensor<2xi32>, tensor<1x2xf32>, tensor<3x5xf32>) {
  %six = stablehlo.constant dense<6> : tensor<1xi32>
  %0 = stablehlo.dynamic_reshape %x, %six : (tensor<2x3xf32>, tensor<1xi32>) -> tensor<6xf32>
  %wide = stablehlo.constant dense<[2, 2, 3]> : tensor<3xi32>
  %1 = stablehlo.dynamic_broadcast_in_dim %x, %wide, dims = [1, 2] {known_expanding_dimensions = array<i64>} : (tensor<2x3xf32>, tensor<3xi32>) -> tensor<2x2x3xf32>
  %two = stablehlo.constant dense<2> : tensor<1xi32>
  %2 = stablehlo.dynamic_iota %two, dim = 0 : (tensor<1xi32>) -> tensor<2xi32>
  %starts = stablehlo.constant dense<[1, 0]> : tensor<2xi32>
  %limits = stablehlo.constant dense<[2, 3]> : tensor<2xi32>
  %strides = stablehlo.constant dense<[1, 2]> : tensor<2xi32>
  %3 = stablehlo.real_dynamic_slice %x, %starts, %limits, %strides : (tensor<2x3xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x2xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %high = stablehlo.constant dense<[0, 2]> : tensor<2xi32>
  %none = stablehlo.constant dense<0> : tensor<2xi32>
  %4 = stablehlo.dynamic_pad %x, %zero, %starts, %high, %none : (tensor<2x3xf32>, tensor<f32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<3x5xf32>
  return %0, %1, %2, %3, %4 : tensor<6xf32>, tensor<2x2x3xf32>, tensor<2xi32>, tensor<1x2xf32>, tensor<3x5xf32>
}

// What is not known stays.
// CHECK-LABEL: func.func @unknown
// CHECK: stablehlo.dynamic_reshape %arg0, %arg1
// CHECK: stablehlo.dynamic_pad
// CHECK: stablehlo.dynamic_gather
// CHECK: stablehlo.gather
func.func @unknown(%x: tensor<6xf32>, %shape: tensor<2xi32>, %i: tensor<2x1xi32>) -> (tensor<?x?xf32>, tensor<7xf32>, tensor<2x1xf32>, tensor<2x1xf32>) {
  %0 = stablehlo.dynamic_reshape %x, %shape : (tensor<6xf32>, tensor<2xi32>) -> tensor<?x?xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %one = stablehlo.constant dense<1> : tensor<1xi32>
  %n = stablehlo.slice %shape [0:1] : (tensor<2xi32>) -> tensor<1xi32>
  %1 = stablehlo.dynamic_pad %x, %zero, %n, %one, %n : (tensor<6xf32>, tensor<f32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<7xf32>
  %2 = "stablehlo.dynamic_gather"(%x, %i, %n) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false}> : (tensor<6xf32>, tensor<2x1xi32>, tensor<1xi32>) -> tensor<2x1xf32>
  %3 = "stablehlo.dynamic_gather"(%x, %i, %one) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false}> : (tensor<6xf32>, tensor<2x1xi32>, tensor<1xi32>) -> tensor<2x1xf32>
  return %0, %1, %2, %3 : tensor<?x?xf32>, tensor<7xf32>, tensor<2x1xf32>, tensor<2x1xf32>
}
