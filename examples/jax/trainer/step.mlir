module @jit_step attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<48xf32>, %arg1: tensor<10xf32>, %arg2: tensor<64x48xf32>, %arg3: tensor<48x10xf32>, %arg4: tensor<48xf32>, %arg5: tensor<10xf32>, %arg6: tensor<64x48xf32>, %arg7: tensor<48x10xf32>, %arg8: tensor<48xf32>, %arg9: tensor<10xf32>, %arg10: tensor<64x48xf32>, %arg11: tensor<48x10xf32>, %arg12: tensor<f32>, %arg13: tensor<64x64xf32>, %arg14: tensor<64xi32>) -> (tensor<f32> {jax.result_info = "result[0]"}, tensor<48xf32> {jax.result_info = "result[1][0]['b1']"}, tensor<10xf32> {jax.result_info = "result[1][0]['b2']"}, tensor<64x48xf32> {jax.result_info = "result[1][0]['w1']"}, tensor<48x10xf32> {jax.result_info = "result[1][0]['w2']"}, tensor<48xf32> {jax.result_info = "result[1][1]['b1']"}, tensor<10xf32> {jax.result_info = "result[1][1]['b2']"}, tensor<64x48xf32> {jax.result_info = "result[1][1]['w1']"}, tensor<48x10xf32> {jax.result_info = "result[1][1]['w2']"}, tensor<48xf32> {jax.result_info = "result[1][2]['b1']"}, tensor<10xf32> {jax.result_info = "result[1][2]['b2']"}, tensor<64x48xf32> {jax.result_info = "result[1][2]['w1']"}, tensor<48x10xf32> {jax.result_info = "result[1][2]['w2']"}, tensor<f32> {jax.result_info = "result[1][3]"}) {
    %cst = stablehlo.constant dense<1.600000e+01> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<64x64xf32>
    %1 = stablehlo.divide %arg13, %0 : tensor<64x64xf32>
    %2 = stablehlo.dot_general %1, %arg2, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<64x64xf32>, tensor<64x48xf32>) -> tensor<64x48xf32>
    %3 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<48xf32>) -> tensor<1x48xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x48xf32>) -> tensor<64x48xf32>
    %5 = stablehlo.add %2, %4 : tensor<64x48xf32>
    %6 = stablehlo.tanh %5 : tensor<64x48xf32>
    %cst_0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %7 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<64x48xf32>
    %8 = stablehlo.subtract %7, %6 : tensor<64x48xf32>
    %9 = stablehlo.dot_general %6, %arg3, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<64x48xf32>, tensor<48x10xf32>) -> tensor<64x10xf32>
    %10 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<10xf32>) -> tensor<1x10xf32>
    %11 = stablehlo.broadcast_in_dim %10, dims = [0, 1] : (tensor<1x10xf32>) -> tensor<64x10xf32>
    %12 = stablehlo.add %9, %11 : tensor<64x10xf32>
    %13:3 = call @log_softmax(%12) : (tensor<64x10xf32>) -> (tensor<64x10xf32>, tensor<64x10xf32>, tensor<64x1xf32>)
    %14 = call @_one_hot(%arg14) : (tensor<64xi32>) -> tensor<64x10xf32>
    %15 = stablehlo.multiply %13#0, %14 : tensor<64x10xf32>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %16 = stablehlo.reduce(%15 init: %cst_1) applies stablehlo.add across dimensions = [1] : (tensor<64x10xf32>, tensor<f32>) -> tensor<64xf32>
    %cst_2 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %17 = stablehlo.reduce(%16 init: %cst_2) applies stablehlo.add across dimensions = [0] : (tensor<64xf32>, tensor<f32>) -> tensor<f32>
    %cst_3 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %18 = stablehlo.divide %17, %cst_3 : tensor<f32>
    %19 = stablehlo.negate %18 : tensor<f32>
    %cst_4 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %20 = stablehlo.negate %cst_4 : tensor<f32>
    %cst_5 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %21 = stablehlo.divide %20, %cst_5 : tensor<f32>
    %22 = stablehlo.broadcast_in_dim %21, dims = [] : (tensor<f32>) -> tensor<64xf32>
    %23 = stablehlo.broadcast_in_dim %22, dims = [0] : (tensor<64xf32>) -> tensor<64x10xf32>
    %24 = stablehlo.multiply %23, %14 : tensor<64x10xf32>
    %25 = call @log_softmax_0(%13#1, %13#2, %24) : (tensor<64x10xf32>, tensor<64x1xf32>, tensor<64x10xf32>) -> tensor<64x10xf32>
    %cst_6 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %26 = stablehlo.reduce(%25 init: %cst_6) applies stablehlo.add across dimensions = [0] : (tensor<64x10xf32>, tensor<f32>) -> tensor<10xf32>
    %27 = stablehlo.reshape %26 : (tensor<10xf32>) -> tensor<1x10xf32>
    %cst_7 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %28 = stablehlo.reduce(%27 init: %cst_7) applies stablehlo.add across dimensions = [0] : (tensor<1x10xf32>, tensor<f32>) -> tensor<10xf32>
    %29 = stablehlo.dot_general %25, %6, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<64x10xf32>, tensor<64x48xf32>) -> tensor<10x48xf32>
    %30 = stablehlo.transpose %29, dims = [1, 0] : (tensor<10x48xf32>) -> tensor<48x10xf32>
    %31 = stablehlo.dot_general %25, %arg3, contracting_dims = [1] x [1], precision = [DEFAULT, DEFAULT] : (tensor<64x10xf32>, tensor<48x10xf32>) -> tensor<64x48xf32>
    %32 = stablehlo.multiply %31, %8 : tensor<64x48xf32>
    %33 = stablehlo.multiply %32, %6 : tensor<64x48xf32>
    %34 = stablehlo.add %32, %33 : tensor<64x48xf32>
    %cst_8 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %35 = stablehlo.reduce(%34 init: %cst_8) applies stablehlo.add across dimensions = [0] : (tensor<64x48xf32>, tensor<f32>) -> tensor<48xf32>
    %36 = stablehlo.reshape %35 : (tensor<48xf32>) -> tensor<1x48xf32>
    %cst_9 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %37 = stablehlo.reduce(%36 init: %cst_9) applies stablehlo.add across dimensions = [0] : (tensor<1x48xf32>, tensor<f32>) -> tensor<48xf32>
    %38 = stablehlo.dot_general %34, %1, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<64x48xf32>, tensor<64x64xf32>) -> tensor<48x64xf32>
    %39 = stablehlo.transpose %38, dims = [1, 0] : (tensor<48x64xf32>) -> tensor<64x48xf32>
    %cst_10 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %40 = stablehlo.add %arg12, %cst_10 : tensor<f32>
    %cst_11 = stablehlo.constant dense<0.899999976> : tensor<f32>
    %41 = stablehlo.broadcast_in_dim %cst_11, dims = [] : (tensor<f32>) -> tensor<48xf32>
    %42 = stablehlo.multiply %41, %arg4 : tensor<48xf32>
    %cst_12 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %43 = stablehlo.broadcast_in_dim %cst_12, dims = [] : (tensor<f32>) -> tensor<48xf32>
    %44 = stablehlo.multiply %43, %37 : tensor<48xf32>
    %45 = stablehlo.add %42, %44 : tensor<48xf32>
    %cst_13 = stablehlo.constant dense<0.899999976> : tensor<f32>
    %46 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<10xf32>
    %47 = stablehlo.multiply %46, %arg5 : tensor<10xf32>
    %cst_14 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %48 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<10xf32>
    %49 = stablehlo.multiply %48, %28 : tensor<10xf32>
    %50 = stablehlo.add %47, %49 : tensor<10xf32>
    %cst_15 = stablehlo.constant dense<0.899999976> : tensor<f32>
    %51 = stablehlo.broadcast_in_dim %cst_15, dims = [] : (tensor<f32>) -> tensor<64x48xf32>
    %52 = stablehlo.multiply %51, %arg6 : tensor<64x48xf32>
    %cst_16 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %53 = stablehlo.broadcast_in_dim %cst_16, dims = [] : (tensor<f32>) -> tensor<64x48xf32>
    %54 = stablehlo.multiply %53, %39 : tensor<64x48xf32>
    %55 = stablehlo.add %52, %54 : tensor<64x48xf32>
    %cst_17 = stablehlo.constant dense<0.899999976> : tensor<f32>
    %56 = stablehlo.broadcast_in_dim %cst_17, dims = [] : (tensor<f32>) -> tensor<48x10xf32>
    %57 = stablehlo.multiply %56, %arg7 : tensor<48x10xf32>
    %cst_18 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %58 = stablehlo.broadcast_in_dim %cst_18, dims = [] : (tensor<f32>) -> tensor<48x10xf32>
    %59 = stablehlo.multiply %58, %30 : tensor<48x10xf32>
    %60 = stablehlo.add %57, %59 : tensor<48x10xf32>
    %cst_19 = stablehlo.constant dense<9.990000e-01> : tensor<f32>
    %61 = stablehlo.broadcast_in_dim %cst_19, dims = [] : (tensor<f32>) -> tensor<48xf32>
    %62 = stablehlo.multiply %61, %arg8 : tensor<48xf32>
    %cst_20 = stablehlo.constant dense<1.000000e-03> : tensor<f32>
    %63 = stablehlo.broadcast_in_dim %cst_20, dims = [] : (tensor<f32>) -> tensor<48xf32>
    %64 = stablehlo.multiply %63, %37 : tensor<48xf32>
    %65 = stablehlo.multiply %64, %37 : tensor<48xf32>
    %66 = stablehlo.add %62, %65 : tensor<48xf32>
    %cst_21 = stablehlo.constant dense<9.990000e-01> : tensor<f32>
    %67 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<10xf32>
    %68 = stablehlo.multiply %67, %arg9 : tensor<10xf32>
    %cst_22 = stablehlo.constant dense<1.000000e-03> : tensor<f32>
    %69 = stablehlo.broadcast_in_dim %cst_22, dims = [] : (tensor<f32>) -> tensor<10xf32>
    %70 = stablehlo.multiply %69, %28 : tensor<10xf32>
    %71 = stablehlo.multiply %70, %28 : tensor<10xf32>
    %72 = stablehlo.add %68, %71 : tensor<10xf32>
    %cst_23 = stablehlo.constant dense<9.990000e-01> : tensor<f32>
    %73 = stablehlo.broadcast_in_dim %cst_23, dims = [] : (tensor<f32>) -> tensor<64x48xf32>
    %74 = stablehlo.multiply %73, %arg10 : tensor<64x48xf32>
    %cst_24 = stablehlo.constant dense<1.000000e-03> : tensor<f32>
    %75 = stablehlo.broadcast_in_dim %cst_24, dims = [] : (tensor<f32>) -> tensor<64x48xf32>
    %76 = stablehlo.multiply %75, %39 : tensor<64x48xf32>
    %77 = stablehlo.multiply %76, %39 : tensor<64x48xf32>
    %78 = stablehlo.add %74, %77 : tensor<64x48xf32>
    %cst_25 = stablehlo.constant dense<9.990000e-01> : tensor<f32>
    %79 = stablehlo.broadcast_in_dim %cst_25, dims = [] : (tensor<f32>) -> tensor<48x10xf32>
    %80 = stablehlo.multiply %79, %arg11 : tensor<48x10xf32>
    %cst_26 = stablehlo.constant dense<1.000000e-03> : tensor<f32>
    %81 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<48x10xf32>
    %82 = stablehlo.multiply %81, %30 : tensor<48x10xf32>
    %83 = stablehlo.multiply %82, %30 : tensor<48x10xf32>
    %84 = stablehlo.add %80, %83 : tensor<48x10xf32>
    %cst_27 = stablehlo.constant dense<9.990000e-01> : tensor<f32>
    %85 = stablehlo.power %cst_27, %40 : tensor<f32>
    %cst_28 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %86 = stablehlo.subtract %cst_28, %85 : tensor<f32>
    %87 = stablehlo.sqrt %86 : tensor<f32>
    %cst_29 = stablehlo.constant dense<0.00999999977> : tensor<f32>
    %88 = stablehlo.multiply %cst_29, %87 : tensor<f32>
    %cst_30 = stablehlo.constant dense<0.899999976> : tensor<f32>
    %89 = stablehlo.power %cst_30, %40 : tensor<f32>
    %cst_31 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %90 = stablehlo.subtract %cst_31, %89 : tensor<f32>
    %91 = stablehlo.divide %88, %90 : tensor<f32>
    %92 = stablehlo.broadcast_in_dim %91, dims = [] : (tensor<f32>) -> tensor<48xf32>
    %93 = stablehlo.multiply %92, %45 : tensor<48xf32>
    %94 = stablehlo.sqrt %66 : tensor<48xf32>
    %cst_32 = stablehlo.constant dense<9.99999993E-9> : tensor<f32>
    %95 = stablehlo.broadcast_in_dim %cst_32, dims = [] : (tensor<f32>) -> tensor<48xf32>
    %96 = stablehlo.add %94, %95 : tensor<48xf32>
    %97 = stablehlo.divide %93, %96 : tensor<48xf32>
    %98 = stablehlo.subtract %arg0, %97 : tensor<48xf32>
    %99 = stablehlo.broadcast_in_dim %91, dims = [] : (tensor<f32>) -> tensor<10xf32>
    %100 = stablehlo.multiply %99, %50 : tensor<10xf32>
    %101 = stablehlo.sqrt %72 : tensor<10xf32>
    %cst_33 = stablehlo.constant dense<9.99999993E-9> : tensor<f32>
    %102 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<10xf32>
    %103 = stablehlo.add %101, %102 : tensor<10xf32>
    %104 = stablehlo.divide %100, %103 : tensor<10xf32>
    %105 = stablehlo.subtract %arg1, %104 : tensor<10xf32>
    %106 = stablehlo.broadcast_in_dim %91, dims = [] : (tensor<f32>) -> tensor<64x48xf32>
    %107 = stablehlo.multiply %106, %55 : tensor<64x48xf32>
    %108 = stablehlo.sqrt %78 : tensor<64x48xf32>
    %cst_34 = stablehlo.constant dense<9.99999993E-9> : tensor<f32>
    %109 = stablehlo.broadcast_in_dim %cst_34, dims = [] : (tensor<f32>) -> tensor<64x48xf32>
    %110 = stablehlo.add %108, %109 : tensor<64x48xf32>
    %111 = stablehlo.divide %107, %110 : tensor<64x48xf32>
    %112 = stablehlo.subtract %arg2, %111 : tensor<64x48xf32>
    %113 = stablehlo.broadcast_in_dim %91, dims = [] : (tensor<f32>) -> tensor<48x10xf32>
    %114 = stablehlo.multiply %113, %60 : tensor<48x10xf32>
    %115 = stablehlo.sqrt %84 : tensor<48x10xf32>
    %cst_35 = stablehlo.constant dense<9.99999993E-9> : tensor<f32>
    %116 = stablehlo.broadcast_in_dim %cst_35, dims = [] : (tensor<f32>) -> tensor<48x10xf32>
    %117 = stablehlo.add %115, %116 : tensor<48x10xf32>
    %118 = stablehlo.divide %114, %117 : tensor<48x10xf32>
    %119 = stablehlo.subtract %arg3, %118 : tensor<48x10xf32>
    return %19, %98, %105, %112, %119, %45, %50, %55, %60, %66, %72, %78, %84, %40 : tensor<f32>, tensor<48xf32>, tensor<10xf32>, tensor<64x48xf32>, tensor<48x10xf32>, tensor<48xf32>, tensor<10xf32>, tensor<64x48xf32>, tensor<48x10xf32>, tensor<48xf32>, tensor<10xf32>, tensor<64x48xf32>, tensor<48x10xf32>, tensor<f32>
  }
  func.func private @log_softmax(%arg0: tensor<64x10xf32>) -> (tensor<64x10xf32>, tensor<64x10xf32>, tensor<64x1xf32>) {
    %cst = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %0 = stablehlo.reduce(%arg0 init: %cst) applies stablehlo.maximum across dimensions = [1] : (tensor<64x10xf32>, tensor<f32>) -> tensor<64xf32>
    %cst_0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<64xf32>
    %2 = stablehlo.maximum %1, %0 : tensor<64xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0] : (tensor<64xf32>) -> tensor<64x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<64x1xf32>) -> tensor<64x10xf32>
    %5 = stablehlo.subtract %arg0, %4 : tensor<64x10xf32>
    %6 = stablehlo.exponential %5 : tensor<64x10xf32>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %7 = stablehlo.reduce(%6 init: %cst_1) applies stablehlo.add across dimensions = [1] : (tensor<64x10xf32>, tensor<f32>) -> tensor<64xf32>
    %8 = stablehlo.broadcast_in_dim %7, dims = [0] : (tensor<64xf32>) -> tensor<64x1xf32>
    %9 = stablehlo.log %8 : tensor<64x1xf32>
    %10 = stablehlo.broadcast_in_dim %9, dims = [0, 1] : (tensor<64x1xf32>) -> tensor<64x10xf32>
    %11 = stablehlo.subtract %5, %10 : tensor<64x10xf32>
    return %11, %6, %8 : tensor<64x10xf32>, tensor<64x10xf32>, tensor<64x1xf32>
  }
  func.func private @_one_hot(%arg0: tensor<64xi32>) -> tensor<64x10xf32> {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0] : (tensor<64xi32>) -> tensor<64x1xi32>
    %1 = stablehlo.iota dim = 1 : tensor<1x10xi32>
    %2 = stablehlo.broadcast_in_dim %0, dims = [0, 1] : (tensor<64x1xi32>) -> tensor<64x10xi32>
    %3 = stablehlo.broadcast_in_dim %1, dims = [0, 1] : (tensor<1x10xi32>) -> tensor<64x10xi32>
    %4 = stablehlo.compare EQ, %2, %3, SIGNED : (tensor<64x10xi32>, tensor<64x10xi32>) -> tensor<64x10xi1>
    %5 = stablehlo.convert %4 : (tensor<64x10xi1>) -> tensor<64x10xf32>
    return %5 : tensor<64x10xf32>
  }
  func.func private @log_softmax_0(%arg0: tensor<64x10xf32>, %arg1: tensor<64x1xf32>, %arg2: tensor<64x10xf32>) -> tensor<64x10xf32> {
    %0 = stablehlo.negate %arg2 : tensor<64x10xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %1 = stablehlo.reduce(%0 init: %cst) applies stablehlo.add across dimensions = [1] : (tensor<64x10xf32>, tensor<f32>) -> tensor<64xf32>
    %2 = stablehlo.reshape %1 : (tensor<64xf32>) -> tensor<64x1xf32>
    %3 = stablehlo.divide %2, %arg1 : tensor<64x1xf32>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %4 = stablehlo.reduce(%3 init: %cst_0) applies stablehlo.add across dimensions = [1] : (tensor<64x1xf32>, tensor<f32>) -> tensor<64xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0] : (tensor<64xf32>) -> tensor<64x10xf32>
    %6 = stablehlo.multiply %5, %arg0 : tensor<64x10xf32>
    %7 = stablehlo.add %arg2, %6 : tensor<64x10xf32>
    return %7 : tensor<64x10xf32>
  }
}
