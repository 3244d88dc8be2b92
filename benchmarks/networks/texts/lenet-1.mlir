module @jit_forward attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<5x5x1x6xf32>, %arg1: tensor<6xf32>, %arg2: tensor<5x5x6x16xf32>, %arg3: tensor<16xf32>, %arg4: tensor<784x120xf32>, %arg5: tensor<120xf32>, %arg6: tensor<120x84xf32>, %arg7: tensor<84xf32>, %arg8: tensor<84x10xf32>, %arg9: tensor<10xf32>, %arg10: tensor<1x28x28x1xf32>) -> (tensor<1x10xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.convolution(%arg10, %arg0) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x28x28x1xf32>, tensor<5x5x1x6xf32>) -> tensor<1x28x28x6xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [3] : (tensor<6xf32>) -> tensor<1x1x1x6xf32>
    %2 = stablehlo.broadcast_in_dim %1, dims = [0, 1, 2, 3] : (tensor<1x1x1x6xf32>) -> tensor<1x28x28x6xf32>
    %3 = stablehlo.add %0, %2 : tensor<1x28x28x6xf32>
    %4 = call @relu(%3) : (tensor<1x28x28x6xf32>) -> tensor<1x28x28x6xf32>
    %cst = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %5 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<f32>
    %6 = "stablehlo.reduce_window"(%4, %5) <{base_dilations = array<i64: 1, 1, 1, 1>, padding = dense<0> : tensor<4x2xi64>, window_dilations = array<i64: 1, 1, 1, 1>, window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({
    ^bb0(%arg11: tensor<f32>, %arg12: tensor<f32>):
      %37 = stablehlo.maximum %arg11, %arg12 : tensor<f32>
      stablehlo.return %37 : tensor<f32>
    }) : (tensor<1x28x28x6xf32>, tensor<f32>) -> tensor<1x14x14x6xf32>
    %7 = stablehlo.convolution(%6, %arg2) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x14x14x6xf32>, tensor<5x5x6x16xf32>) -> tensor<1x14x14x16xf32>
    %8 = stablehlo.broadcast_in_dim %arg3, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %9 = stablehlo.broadcast_in_dim %8, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<1x14x14x16xf32>
    %10 = stablehlo.add %7, %9 : tensor<1x14x14x16xf32>
    %11 = call @relu_0(%10) : (tensor<1x14x14x16xf32>) -> tensor<1x14x14x16xf32>
    %cst_0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %12 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<f32>
    %13 = "stablehlo.reduce_window"(%11, %12) <{base_dilations = array<i64: 1, 1, 1, 1>, padding = dense<0> : tensor<4x2xi64>, window_dilations = array<i64: 1, 1, 1, 1>, window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({
    ^bb0(%arg11: tensor<f32>, %arg12: tensor<f32>):
      %37 = stablehlo.maximum %arg11, %arg12 : tensor<f32>
      stablehlo.return %37 : tensor<f32>
    }) : (tensor<1x14x14x16xf32>, tensor<f32>) -> tensor<1x7x7x16xf32>
    %14 = stablehlo.reshape %13 : (tensor<1x7x7x16xf32>) -> tensor<1x784xf32>
    %15 = stablehlo.dot_general %14, %arg4, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x784xf32>, tensor<784x120xf32>) -> tensor<1x120xf32>
    %16 = stablehlo.broadcast_in_dim %arg5, dims = [1] : (tensor<120xf32>) -> tensor<1x120xf32>
    %17 = stablehlo.add %15, %16 : tensor<1x120xf32>
    %18 = call @relu_1(%17) : (tensor<1x120xf32>) -> tensor<1x120xf32>
    %19 = stablehlo.dot_general %18, %arg6, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x120xf32>, tensor<120x84xf32>) -> tensor<1x84xf32>
    %20 = stablehlo.broadcast_in_dim %arg7, dims = [1] : (tensor<84xf32>) -> tensor<1x84xf32>
    %21 = stablehlo.add %19, %20 : tensor<1x84xf32>
    %22 = call @relu_2(%21) : (tensor<1x84xf32>) -> tensor<1x84xf32>
    %23 = stablehlo.dot_general %22, %arg8, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x84xf32>, tensor<84x10xf32>) -> tensor<1x10xf32>
    %24 = stablehlo.broadcast_in_dim %arg9, dims = [1] : (tensor<10xf32>) -> tensor<1x10xf32>
    %25 = stablehlo.add %23, %24 : tensor<1x10xf32>
    %cst_1 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %26 = stablehlo.reduce(%25 init: %cst_1) applies stablehlo.maximum across dimensions = [1] : (tensor<1x10xf32>, tensor<f32>) -> tensor<1xf32>
    %cst_2 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %27 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %28 = stablehlo.maximum %27, %26 : tensor<1xf32>
    %29 = stablehlo.broadcast_in_dim %28, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %30 = stablehlo.broadcast_in_dim %29, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x10xf32>
    %31 = stablehlo.subtract %25, %30 : tensor<1x10xf32>
    %32 = stablehlo.exponential %31 : tensor<1x10xf32>
    %cst_3 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %33 = stablehlo.reduce(%32 init: %cst_3) applies stablehlo.add across dimensions = [1] : (tensor<1x10xf32>, tensor<f32>) -> tensor<1xf32>
    %34 = stablehlo.broadcast_in_dim %33, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %35 = stablehlo.broadcast_in_dim %34, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x10xf32>
    %36 = stablehlo.divide %32, %35 : tensor<1x10xf32>
    return %36 : tensor<1x10xf32>
  }
  func.func private @relu(%arg0: tensor<1x28x28x6xf32>) -> tensor<1x28x28x6xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x28x28x6xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<1x28x28x6xf32>
    return %1 : tensor<1x28x28x6xf32>
  }
  func.func private @relu_0(%arg0: tensor<1x14x14x16xf32>) -> tensor<1x14x14x16xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x14x14x16xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<1x14x14x16xf32>
    return %1 : tensor<1x14x14x16xf32>
  }
  func.func private @relu_1(%arg0: tensor<1x120xf32>) -> tensor<1x120xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x120xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<1x120xf32>
    return %1 : tensor<1x120xf32>
  }
  func.func private @relu_2(%arg0: tensor<1x84xf32>) -> tensor<1x84xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x84xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<1x84xf32>
    return %1 : tensor<1x84xf32>
  }
}
