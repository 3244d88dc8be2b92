module @jit_cnn attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<16xf32>, %arg1: tensor<16xf32>, %arg2: tensor<10xf32>, %arg3: tensor<3x3x1x16xf32>, %arg4: tensor<3x3x16x16xf32>, %arg5: tensor<64x10xf32>, %arg6: tensor<360x64xf32>) -> (tensor<360x10xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.reshape %arg6 : (tensor<360x64xf32>) -> tensor<360x8x8x1xf32>
    %cst = stablehlo.constant dense<1.600000e+01> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<360x8x8x1xf32>
    %2 = stablehlo.divide %0, %1 : tensor<360x8x8x1xf32>
    %3 = stablehlo.convolution(%2, %arg3) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<360x8x8x1xf32>, tensor<3x3x1x16xf32>) -> tensor<360x8x8x16xf32>
    %4 = stablehlo.broadcast_in_dim %arg0, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<360x8x8x16xf32>
    %6 = stablehlo.add %3, %5 : tensor<360x8x8x16xf32>
    %7 = call @relu(%6) : (tensor<360x8x8x16xf32>) -> tensor<360x8x8x16xf32>
    %cst_0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %8 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<f32>
    %9 = "stablehlo.reduce_window"(%7, %8) <{base_dilations = array<i64: 1, 1, 1, 1>, padding = dense<0> : tensor<4x2xi64>, window_dilations = array<i64: 1, 1, 1, 1>, window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({
    ^bb0(%arg7: tensor<f32>, %arg8: tensor<f32>):
      %23 = stablehlo.maximum %arg7, %arg8 : tensor<f32>
      stablehlo.return %23 : tensor<f32>
    }) : (tensor<360x8x8x16xf32>, tensor<f32>) -> tensor<360x4x4x16xf32>
    %10 = stablehlo.convolution(%9, %arg4) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<360x4x4x16xf32>, tensor<3x3x16x16xf32>) -> tensor<360x4x4x16xf32>
    %11 = stablehlo.broadcast_in_dim %arg1, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<360x4x4x16xf32>
    %13 = stablehlo.add %10, %12 : tensor<360x4x4x16xf32>
    %14 = call @relu_0(%13) : (tensor<360x4x4x16xf32>) -> tensor<360x4x4x16xf32>
    %cst_1 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %15 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<f32>
    %16 = "stablehlo.reduce_window"(%14, %15) <{base_dilations = array<i64: 1, 1, 1, 1>, padding = dense<0> : tensor<4x2xi64>, window_dilations = array<i64: 1, 1, 1, 1>, window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({
    ^bb0(%arg7: tensor<f32>, %arg8: tensor<f32>):
      %23 = stablehlo.maximum %arg7, %arg8 : tensor<f32>
      stablehlo.return %23 : tensor<f32>
    }) : (tensor<360x4x4x16xf32>, tensor<f32>) -> tensor<360x2x2x16xf32>
    %17 = stablehlo.reshape %16 : (tensor<360x2x2x16xf32>) -> tensor<360x64xf32>
    %18 = stablehlo.dot_general %17, %arg5, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<360x64xf32>, tensor<64x10xf32>) -> tensor<360x10xf32>
    %19 = stablehlo.broadcast_in_dim %arg2, dims = [1] : (tensor<10xf32>) -> tensor<1x10xf32>
    %20 = stablehlo.broadcast_in_dim %19, dims = [0, 1] : (tensor<1x10xf32>) -> tensor<360x10xf32>
    %21 = stablehlo.add %18, %20 : tensor<360x10xf32>
    %22 = call @log_softmax(%21) : (tensor<360x10xf32>) -> tensor<360x10xf32>
    return %22 : tensor<360x10xf32>
  }
  func.func private @relu(%arg0: tensor<360x8x8x16xf32>) -> tensor<360x8x8x16xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<360x8x8x16xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<360x8x8x16xf32>
    return %1 : tensor<360x8x8x16xf32>
  }
  func.func private @relu_0(%arg0: tensor<360x4x4x16xf32>) -> tensor<360x4x4x16xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<360x4x4x16xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<360x4x4x16xf32>
    return %1 : tensor<360x4x4x16xf32>
  }
  func.func private @log_softmax(%arg0: tensor<360x10xf32>) -> tensor<360x10xf32> {
    %cst = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %0 = stablehlo.reduce(%arg0 init: %cst) applies stablehlo.maximum across dimensions = [1] : (tensor<360x10xf32>, tensor<f32>) -> tensor<360xf32>
    %cst_0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<360xf32>
    %2 = stablehlo.maximum %1, %0 : tensor<360xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0] : (tensor<360xf32>) -> tensor<360x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<360x1xf32>) -> tensor<360x10xf32>
    %5 = stablehlo.subtract %arg0, %4 : tensor<360x10xf32>
    %6 = stablehlo.exponential %5 : tensor<360x10xf32>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %7 = stablehlo.reduce(%6 init: %cst_1) applies stablehlo.add across dimensions = [1] : (tensor<360x10xf32>, tensor<f32>) -> tensor<360xf32>
    %8 = stablehlo.broadcast_in_dim %7, dims = [0] : (tensor<360xf32>) -> tensor<360x1xf32>
    %9 = stablehlo.log %8 : tensor<360x1xf32>
    %10 = stablehlo.broadcast_in_dim %9, dims = [0, 1] : (tensor<360x1xf32>) -> tensor<360x10xf32>
    %11 = stablehlo.subtract %5, %10 : tensor<360x10xf32>
    return %11 : tensor<360x10xf32>
  }
}
