module @jit__lambda attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<128x384xf32>, %arg1: tensor<128x384xf32>, %arg2: tensor<384xf32>, %arg3: tensor<384xf32>, %arg4: tensor<64x1x128xf32>) -> (tensor<64x1x128xf32> {jax.result_info = "result"}) {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<64x1x128xf32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %2:8 = stablehlo.while(%iterArg = %arg4, %iterArg_1 = %arg0, %iterArg_2 = %arg2, %iterArg_3 = %arg1, %iterArg_4 = %arg3, %iterArg_5 = %c, %iterArg_6 = %0, %iterArg_7 = %1) : tensor<64x1x128xf32>, tensor<128x384xf32>, tensor<384xf32>, tensor<128x384xf32>, tensor<384xf32>, tensor<i32>, tensor<1x128xf32>, tensor<64x1x128xf32>
    cond {
      %c_8 = stablehlo.constant dense<64> : tensor<i32>
      %3 = stablehlo.compare LT, %iterArg_5, %c_8, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %3 : tensor<i1>
    } do {
      %3 = func.call @dynamic_index_in_dim(%iterArg, %iterArg_5) : (tensor<64x1x128xf32>, tensor<i32>) -> tensor<1x128xf32>
      %4:2 = func.call @closed_call(%iterArg_1, %iterArg_2, %iterArg_3, %iterArg_4, %iterArg_6, %3) : (tensor<128x384xf32>, tensor<384xf32>, tensor<128x384xf32>, tensor<384xf32>, tensor<1x128xf32>, tensor<1x128xf32>) -> (tensor<1x128xf32>, tensor<1x128xf32>)
      %5 = func.call @dynamic_update_index_in_dim(%iterArg_7, %4#1, %iterArg_5) : (tensor<64x1x128xf32>, tensor<1x128xf32>, tensor<i32>) -> tensor<64x1x128xf32>
      %c_8 = stablehlo.constant dense<1> : tensor<i32>
      %6 = stablehlo.add %iterArg_5, %c_8 : tensor<i32>
      stablehlo.return %iterArg, %iterArg_1, %iterArg_2, %iterArg_3, %iterArg_4, %6, %4#0, %5 : tensor<64x1x128xf32>, tensor<128x384xf32>, tensor<384xf32>, tensor<128x384xf32>, tensor<384xf32>, tensor<i32>, tensor<1x128xf32>, tensor<64x1x128xf32>
    }
    return %2#7 : tensor<64x1x128xf32>
  }
  func.func private @dynamic_index_in_dim(%arg0: tensor<64x1x128xf32>, %arg1: tensor<i32>) -> tensor<1x128xf32> {
    %c = stablehlo.constant dense<0> : tensor<i32>
    %c_0 = stablehlo.constant dense<0> : tensor<i32>
    %0 = stablehlo.dynamic_slice %arg0, %arg1, %c, %c_0, sizes = [1, 1, 128] : (tensor<64x1x128xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x1x128xf32>
    %1 = stablehlo.reshape %0 : (tensor<1x1x128xf32>) -> tensor<1x128xf32>
    return %1 : tensor<1x128xf32>
  }
  func.func private @closed_call(%arg0: tensor<128x384xf32>, %arg1: tensor<384xf32>, %arg2: tensor<128x384xf32>, %arg3: tensor<384xf32>, %arg4: tensor<1x128xf32>, %arg5: tensor<1x128xf32>) -> (tensor<1x128xf32>, tensor<1x128xf32>) {
    %0 = stablehlo.dot_general %arg5, %arg0, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x128xf32>, tensor<128x384xf32>) -> tensor<1x384xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<384xf32>) -> tensor<1x384xf32>
    %2 = stablehlo.add %0, %1 : tensor<1x384xf32>
    %3 = stablehlo.slice %2 [0:1, 0:128] : (tensor<1x384xf32>) -> tensor<1x128xf32>
    %4 = stablehlo.slice %2 [0:1, 128:256] : (tensor<1x384xf32>) -> tensor<1x128xf32>
    %5 = stablehlo.slice %2 [0:1, 256:384] : (tensor<1x384xf32>) -> tensor<1x128xf32>
    %6 = stablehlo.dot_general %arg4, %arg2, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x128xf32>, tensor<128x384xf32>) -> tensor<1x384xf32>
    %7 = stablehlo.broadcast_in_dim %arg3, dims = [1] : (tensor<384xf32>) -> tensor<1x384xf32>
    %8 = stablehlo.add %6, %7 : tensor<1x384xf32>
    %9 = stablehlo.slice %8 [0:1, 0:128] : (tensor<1x384xf32>) -> tensor<1x128xf32>
    %10 = stablehlo.slice %8 [0:1, 128:256] : (tensor<1x384xf32>) -> tensor<1x128xf32>
    %11 = stablehlo.slice %8 [0:1, 256:384] : (tensor<1x384xf32>) -> tensor<1x128xf32>
    %12 = stablehlo.add %4, %10 : tensor<1x128xf32>
    %13 = stablehlo.negate %12 : tensor<1x128xf32>
    %14 = stablehlo.exponential %13 : tensor<1x128xf32>
    %cst = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %15 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %16 = stablehlo.add %15, %14 : tensor<1x128xf32>
    %cst_0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %17 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %18 = stablehlo.divide %17, %16 : tensor<1x128xf32>
    %cst_1 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %19 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %20 = stablehlo.subtract %19, %18 : tensor<1x128xf32>
    %21 = stablehlo.add %3, %9 : tensor<1x128xf32>
    %22 = stablehlo.negate %21 : tensor<1x128xf32>
    %23 = stablehlo.exponential %22 : tensor<1x128xf32>
    %cst_2 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %24 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %25 = stablehlo.add %24, %23 : tensor<1x128xf32>
    %cst_3 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %26 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %27 = stablehlo.divide %26, %25 : tensor<1x128xf32>
    %28 = stablehlo.multiply %27, %11 : tensor<1x128xf32>
    %29 = stablehlo.add %5, %28 : tensor<1x128xf32>
    %30 = stablehlo.tanh %29 : tensor<1x128xf32>
    %31 = stablehlo.multiply %20, %30 : tensor<1x128xf32>
    %32 = stablehlo.multiply %18, %arg4 : tensor<1x128xf32>
    %33 = stablehlo.add %31, %32 : tensor<1x128xf32>
    return %33, %33 : tensor<1x128xf32>, tensor<1x128xf32>
  }
  func.func private @dynamic_update_index_in_dim(%arg0: tensor<64x1x128xf32>, %arg1: tensor<1x128xf32>, %arg2: tensor<i32>) -> tensor<64x1x128xf32> {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1, 2] : (tensor<1x128xf32>) -> tensor<1x1x128xf32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %c_0 = stablehlo.constant dense<0> : tensor<i32>
    %1 = stablehlo.dynamic_update_slice %arg0, %0, %arg2, %c, %c_0 : (tensor<64x1x128xf32>, tensor<1x1x128xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<64x1x128xf32>
    return %1 : tensor<64x1x128xf32>
  }
}
