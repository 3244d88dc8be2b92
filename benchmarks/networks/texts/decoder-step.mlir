module @jit_forward attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<256xf32>, %arg1: tensor<256xf32>, %arg2: tensor<256x256xf32>, %arg3: tensor<256x256xf32>, %arg4: tensor<256x256xf32>, %arg5: tensor<256x256xf32>, %arg6: tensor<256xf32>, %arg7: tensor<256xf32>, %arg8: tensor<256x1024xf32>, %arg9: tensor<1024xf32>, %arg10: tensor<1024x256xf32>, %arg11: tensor<256xf32>, %arg12: tensor<256xf32>, %arg13: tensor<256xf32>, %arg14: tensor<256x256xf32>, %arg15: tensor<256x256xf32>, %arg16: tensor<256x256xf32>, %arg17: tensor<256x256xf32>, %arg18: tensor<256xf32>, %arg19: tensor<256xf32>, %arg20: tensor<256x1024xf32>, %arg21: tensor<1024xf32>, %arg22: tensor<1024x256xf32>, %arg23: tensor<256xf32>, %arg24: tensor<256xf32>, %arg25: tensor<256xf32>, %arg26: tensor<256x256xf32>, %arg27: tensor<256x256xf32>, %arg28: tensor<256x256xf32>, %arg29: tensor<256x256xf32>, %arg30: tensor<256xf32>, %arg31: tensor<256xf32>, %arg32: tensor<256x1024xf32>, %arg33: tensor<1024xf32>, %arg34: tensor<1024x256xf32>, %arg35: tensor<256xf32>, %arg36: tensor<256xf32>, %arg37: tensor<256xf32>, %arg38: tensor<256x256xf32>, %arg39: tensor<256x256xf32>, %arg40: tensor<256x256xf32>, %arg41: tensor<256x256xf32>, %arg42: tensor<256xf32>, %arg43: tensor<256xf32>, %arg44: tensor<256x1024xf32>, %arg45: tensor<1024xf32>, %arg46: tensor<1024x256xf32>, %arg47: tensor<256xf32>, %arg48: tensor<256xf32>, %arg49: tensor<256xf32>, %arg50: tensor<256x256xf32>, %arg51: tensor<1x256xf32>, %arg52: tensor<4x4x127x64xf32>, %arg53: tensor<4x4x127x64xf32>, %arg54: tensor<128xf32>) -> (tensor<1x256xf32> {jax.result_info = "result"}) {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.reduce(%arg51 init: %cst) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %1 = stablehlo.broadcast_in_dim %0, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_0 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %2 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.divide %1, %2 : tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %5 = stablehlo.subtract %arg51, %4 : tensor<1x256xf32>
    %6 = chlo.square %5 : tensor<1x256xf32> -> tensor<1x256xf32>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %7 = stablehlo.reduce(%6 init: %cst_1) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %8 = stablehlo.broadcast_in_dim %7, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_2 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %9 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %10 = stablehlo.divide %8, %9 : tensor<1x1xf32>
    %11 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %12 = stablehlo.subtract %arg51, %11 : tensor<1x256xf32>
    %cst_3 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %13 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %14 = stablehlo.add %10, %13 : tensor<1x1xf32>
    %15 = stablehlo.rsqrt %14 : tensor<1x1xf32>
    %16 = stablehlo.broadcast_in_dim %15, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %17 = stablehlo.multiply %12, %16 : tensor<1x256xf32>
    %18 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %19 = stablehlo.multiply %17, %18 : tensor<1x256xf32>
    %20 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %21 = stablehlo.add %19, %20 : tensor<1x256xf32>
    %22 = stablehlo.dot_general %21, %arg2, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %23 = stablehlo.reshape %22 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %24 = stablehlo.transpose %23, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %25 = stablehlo.dot_general %21, %arg3, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %26 = stablehlo.reshape %25 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %27 = stablehlo.transpose %26, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %28 = stablehlo.dot_general %21, %arg4, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %29 = stablehlo.reshape %28 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %30 = stablehlo.transpose %29, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %31 = stablehlo.slice %arg52 [0:1, 0:4, 0:127, 0:64] : (tensor<4x4x127x64xf32>) -> tensor<1x4x127x64xf32>
    %32 = stablehlo.reshape %31 : (tensor<1x4x127x64xf32>) -> tensor<4x127x64xf32>
    %33 = stablehlo.concatenate %32, %27, dim = 1 : (tensor<4x127x64xf32>, tensor<4x1x64xf32>) -> tensor<4x128x64xf32>
    %34 = stablehlo.slice %arg53 [0:1, 0:4, 0:127, 0:64] : (tensor<4x4x127x64xf32>) -> tensor<1x4x127x64xf32>
    %35 = stablehlo.reshape %34 : (tensor<1x4x127x64xf32>) -> tensor<4x127x64xf32>
    %36 = stablehlo.concatenate %35, %30, dim = 1 : (tensor<4x127x64xf32>, tensor<4x1x64xf32>) -> tensor<4x128x64xf32>
    %37 = stablehlo.transpose %33, dims = [0, 2, 1] : (tensor<4x128x64xf32>) -> tensor<4x64x128xf32>
    %38 = stablehlo.dot_general %24, %37, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x1x64xf32>, tensor<4x64x128xf32>) -> tensor<4x1x128xf32>
    %cst_4 = stablehlo.constant dense<1.250000e-01> : tensor<f32>
    %39 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<4x1x128xf32>
    %40 = stablehlo.multiply %38, %39 : tensor<4x1x128xf32>
    %41 = stablehlo.broadcast_in_dim %arg54, dims = [2] : (tensor<128xf32>) -> tensor<1x1x128xf32>
    %42 = stablehlo.broadcast_in_dim %41, dims = [0, 1, 2] : (tensor<1x1x128xf32>) -> tensor<4x1x128xf32>
    %43 = stablehlo.add %40, %42 : tensor<4x1x128xf32>
    %cst_5 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %44 = stablehlo.reduce(%43 init: %cst_5) applies stablehlo.maximum across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %cst_6 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %45 = stablehlo.broadcast_in_dim %cst_6, dims = [] : (tensor<f32>) -> tensor<4x1xf32>
    %46 = stablehlo.maximum %45, %44 : tensor<4x1xf32>
    %47 = stablehlo.broadcast_in_dim %46, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %48 = stablehlo.broadcast_in_dim %47, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %49 = stablehlo.subtract %43, %48 : tensor<4x1x128xf32>
    %50 = stablehlo.exponential %49 : tensor<4x1x128xf32>
    %cst_7 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %51 = stablehlo.reduce(%50 init: %cst_7) applies stablehlo.add across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %52 = stablehlo.broadcast_in_dim %51, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %53 = stablehlo.broadcast_in_dim %52, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %54 = stablehlo.divide %50, %53 : tensor<4x1x128xf32>
    %55 = stablehlo.dot_general %54, %36, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x1x128xf32>, tensor<4x128x64xf32>) -> tensor<4x1x64xf32>
    %56 = stablehlo.transpose %55, dims = [1, 0, 2] : (tensor<4x1x64xf32>) -> tensor<1x4x64xf32>
    %57 = stablehlo.reshape %56 : (tensor<1x4x64xf32>) -> tensor<1x256xf32>
    %58 = stablehlo.dot_general %57, %arg5, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %59 = stablehlo.add %arg51, %58 : tensor<1x256xf32>
    %cst_8 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %60 = stablehlo.reduce(%59 init: %cst_8) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %61 = stablehlo.broadcast_in_dim %60, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_9 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %62 = stablehlo.broadcast_in_dim %cst_9, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %63 = stablehlo.divide %61, %62 : tensor<1x1xf32>
    %64 = stablehlo.broadcast_in_dim %63, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %65 = stablehlo.subtract %59, %64 : tensor<1x256xf32>
    %66 = chlo.square %65 : tensor<1x256xf32> -> tensor<1x256xf32>
    %cst_10 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %67 = stablehlo.reduce(%66 init: %cst_10) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %68 = stablehlo.broadcast_in_dim %67, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_11 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %69 = stablehlo.broadcast_in_dim %cst_11, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %70 = stablehlo.divide %68, %69 : tensor<1x1xf32>
    %71 = stablehlo.broadcast_in_dim %63, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %72 = stablehlo.subtract %59, %71 : tensor<1x256xf32>
    %cst_12 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %73 = stablehlo.broadcast_in_dim %cst_12, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %74 = stablehlo.add %70, %73 : tensor<1x1xf32>
    %75 = stablehlo.rsqrt %74 : tensor<1x1xf32>
    %76 = stablehlo.broadcast_in_dim %75, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %77 = stablehlo.multiply %72, %76 : tensor<1x256xf32>
    %78 = stablehlo.broadcast_in_dim %arg6, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %79 = stablehlo.multiply %77, %78 : tensor<1x256xf32>
    %80 = stablehlo.broadcast_in_dim %arg7, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %81 = stablehlo.add %79, %80 : tensor<1x256xf32>
    %82 = stablehlo.dot_general %81, %arg8, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x1024xf32>) -> tensor<1x1024xf32>
    %83 = stablehlo.broadcast_in_dim %arg9, dims = [1] : (tensor<1024xf32>) -> tensor<1x1024xf32>
    %84 = stablehlo.add %82, %83 : tensor<1x1024xf32>
    %85 = stablehlo.multiply %84, %84 : tensor<1x1024xf32>
    %86 = stablehlo.multiply %85, %84 : tensor<1x1024xf32>
    %cst_13 = stablehlo.constant dense<4.471500e-02> : tensor<f32>
    %87 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %88 = stablehlo.multiply %87, %86 : tensor<1x1024xf32>
    %89 = stablehlo.add %84, %88 : tensor<1x1024xf32>
    %cst_14 = stablehlo.constant dense<0.797884583> : tensor<f32>
    %90 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %91 = stablehlo.multiply %90, %89 : tensor<1x1024xf32>
    %92 = stablehlo.tanh %91 : tensor<1x1024xf32>
    %cst_15 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %93 = stablehlo.broadcast_in_dim %cst_15, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %94 = stablehlo.add %93, %92 : tensor<1x1024xf32>
    %cst_16 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
    %95 = stablehlo.broadcast_in_dim %cst_16, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %96 = stablehlo.multiply %95, %94 : tensor<1x1024xf32>
    %97 = stablehlo.multiply %84, %96 : tensor<1x1024xf32>
    %98 = stablehlo.dot_general %97, %arg10, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x1024xf32>, tensor<1024x256xf32>) -> tensor<1x256xf32>
    %99 = stablehlo.add %59, %98 : tensor<1x256xf32>
    %100 = stablehlo.broadcast_in_dim %arg11, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %101 = stablehlo.add %99, %100 : tensor<1x256xf32>
    %cst_17 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %102 = stablehlo.reduce(%101 init: %cst_17) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %103 = stablehlo.broadcast_in_dim %102, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_18 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %104 = stablehlo.broadcast_in_dim %cst_18, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %105 = stablehlo.divide %103, %104 : tensor<1x1xf32>
    %106 = stablehlo.broadcast_in_dim %105, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %107 = stablehlo.subtract %101, %106 : tensor<1x256xf32>
    %108 = chlo.square %107 : tensor<1x256xf32> -> tensor<1x256xf32>
    %cst_19 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %109 = stablehlo.reduce(%108 init: %cst_19) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %110 = stablehlo.broadcast_in_dim %109, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_20 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %111 = stablehlo.broadcast_in_dim %cst_20, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %112 = stablehlo.divide %110, %111 : tensor<1x1xf32>
    %113 = stablehlo.broadcast_in_dim %105, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %114 = stablehlo.subtract %101, %113 : tensor<1x256xf32>
    %cst_21 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %115 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %116 = stablehlo.add %112, %115 : tensor<1x1xf32>
    %117 = stablehlo.rsqrt %116 : tensor<1x1xf32>
    %118 = stablehlo.broadcast_in_dim %117, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %119 = stablehlo.multiply %114, %118 : tensor<1x256xf32>
    %120 = stablehlo.broadcast_in_dim %arg12, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %121 = stablehlo.multiply %119, %120 : tensor<1x256xf32>
    %122 = stablehlo.broadcast_in_dim %arg13, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %123 = stablehlo.add %121, %122 : tensor<1x256xf32>
    %124 = stablehlo.dot_general %123, %arg14, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %125 = stablehlo.reshape %124 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %126 = stablehlo.transpose %125, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %127 = stablehlo.dot_general %123, %arg15, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %128 = stablehlo.reshape %127 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %129 = stablehlo.transpose %128, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %130 = stablehlo.dot_general %123, %arg16, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %131 = stablehlo.reshape %130 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %132 = stablehlo.transpose %131, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %133 = stablehlo.slice %arg52 [1:2, 0:4, 0:127, 0:64] : (tensor<4x4x127x64xf32>) -> tensor<1x4x127x64xf32>
    %134 = stablehlo.reshape %133 : (tensor<1x4x127x64xf32>) -> tensor<4x127x64xf32>
    %135 = stablehlo.concatenate %134, %129, dim = 1 : (tensor<4x127x64xf32>, tensor<4x1x64xf32>) -> tensor<4x128x64xf32>
    %136 = stablehlo.slice %arg53 [1:2, 0:4, 0:127, 0:64] : (tensor<4x4x127x64xf32>) -> tensor<1x4x127x64xf32>
    %137 = stablehlo.reshape %136 : (tensor<1x4x127x64xf32>) -> tensor<4x127x64xf32>
    %138 = stablehlo.concatenate %137, %132, dim = 1 : (tensor<4x127x64xf32>, tensor<4x1x64xf32>) -> tensor<4x128x64xf32>
    %139 = stablehlo.transpose %135, dims = [0, 2, 1] : (tensor<4x128x64xf32>) -> tensor<4x64x128xf32>
    %140 = stablehlo.dot_general %126, %139, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x1x64xf32>, tensor<4x64x128xf32>) -> tensor<4x1x128xf32>
    %cst_22 = stablehlo.constant dense<1.250000e-01> : tensor<f32>
    %141 = stablehlo.broadcast_in_dim %cst_22, dims = [] : (tensor<f32>) -> tensor<4x1x128xf32>
    %142 = stablehlo.multiply %140, %141 : tensor<4x1x128xf32>
    %143 = stablehlo.broadcast_in_dim %arg54, dims = [2] : (tensor<128xf32>) -> tensor<1x1x128xf32>
    %144 = stablehlo.broadcast_in_dim %143, dims = [0, 1, 2] : (tensor<1x1x128xf32>) -> tensor<4x1x128xf32>
    %145 = stablehlo.add %142, %144 : tensor<4x1x128xf32>
    %cst_23 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %146 = stablehlo.reduce(%145 init: %cst_23) applies stablehlo.maximum across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %cst_24 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %147 = stablehlo.broadcast_in_dim %cst_24, dims = [] : (tensor<f32>) -> tensor<4x1xf32>
    %148 = stablehlo.maximum %147, %146 : tensor<4x1xf32>
    %149 = stablehlo.broadcast_in_dim %148, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %150 = stablehlo.broadcast_in_dim %149, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %151 = stablehlo.subtract %145, %150 : tensor<4x1x128xf32>
    %152 = stablehlo.exponential %151 : tensor<4x1x128xf32>
    %cst_25 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %153 = stablehlo.reduce(%152 init: %cst_25) applies stablehlo.add across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %154 = stablehlo.broadcast_in_dim %153, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %155 = stablehlo.broadcast_in_dim %154, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %156 = stablehlo.divide %152, %155 : tensor<4x1x128xf32>
    %157 = stablehlo.dot_general %156, %138, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x1x128xf32>, tensor<4x128x64xf32>) -> tensor<4x1x64xf32>
    %158 = stablehlo.transpose %157, dims = [1, 0, 2] : (tensor<4x1x64xf32>) -> tensor<1x4x64xf32>
    %159 = stablehlo.reshape %158 : (tensor<1x4x64xf32>) -> tensor<1x256xf32>
    %160 = stablehlo.dot_general %159, %arg17, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %161 = stablehlo.add %101, %160 : tensor<1x256xf32>
    %cst_26 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %162 = stablehlo.reduce(%161 init: %cst_26) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %163 = stablehlo.broadcast_in_dim %162, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_27 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %164 = stablehlo.broadcast_in_dim %cst_27, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %165 = stablehlo.divide %163, %164 : tensor<1x1xf32>
    %166 = stablehlo.broadcast_in_dim %165, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %167 = stablehlo.subtract %161, %166 : tensor<1x256xf32>
    %168 = chlo.square %167 : tensor<1x256xf32> -> tensor<1x256xf32>
    %cst_28 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %169 = stablehlo.reduce(%168 init: %cst_28) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %170 = stablehlo.broadcast_in_dim %169, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_29 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %171 = stablehlo.broadcast_in_dim %cst_29, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %172 = stablehlo.divide %170, %171 : tensor<1x1xf32>
    %173 = stablehlo.broadcast_in_dim %165, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %174 = stablehlo.subtract %161, %173 : tensor<1x256xf32>
    %cst_30 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %175 = stablehlo.broadcast_in_dim %cst_30, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %176 = stablehlo.add %172, %175 : tensor<1x1xf32>
    %177 = stablehlo.rsqrt %176 : tensor<1x1xf32>
    %178 = stablehlo.broadcast_in_dim %177, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %179 = stablehlo.multiply %174, %178 : tensor<1x256xf32>
    %180 = stablehlo.broadcast_in_dim %arg18, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %181 = stablehlo.multiply %179, %180 : tensor<1x256xf32>
    %182 = stablehlo.broadcast_in_dim %arg19, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %183 = stablehlo.add %181, %182 : tensor<1x256xf32>
    %184 = stablehlo.dot_general %183, %arg20, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x1024xf32>) -> tensor<1x1024xf32>
    %185 = stablehlo.broadcast_in_dim %arg21, dims = [1] : (tensor<1024xf32>) -> tensor<1x1024xf32>
    %186 = stablehlo.add %184, %185 : tensor<1x1024xf32>
    %187 = stablehlo.multiply %186, %186 : tensor<1x1024xf32>
    %188 = stablehlo.multiply %187, %186 : tensor<1x1024xf32>
    %cst_31 = stablehlo.constant dense<4.471500e-02> : tensor<f32>
    %189 = stablehlo.broadcast_in_dim %cst_31, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %190 = stablehlo.multiply %189, %188 : tensor<1x1024xf32>
    %191 = stablehlo.add %186, %190 : tensor<1x1024xf32>
    %cst_32 = stablehlo.constant dense<0.797884583> : tensor<f32>
    %192 = stablehlo.broadcast_in_dim %cst_32, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %193 = stablehlo.multiply %192, %191 : tensor<1x1024xf32>
    %194 = stablehlo.tanh %193 : tensor<1x1024xf32>
    %cst_33 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %195 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %196 = stablehlo.add %195, %194 : tensor<1x1024xf32>
    %cst_34 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
    %197 = stablehlo.broadcast_in_dim %cst_34, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %198 = stablehlo.multiply %197, %196 : tensor<1x1024xf32>
    %199 = stablehlo.multiply %186, %198 : tensor<1x1024xf32>
    %200 = stablehlo.dot_general %199, %arg22, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x1024xf32>, tensor<1024x256xf32>) -> tensor<1x256xf32>
    %201 = stablehlo.add %161, %200 : tensor<1x256xf32>
    %202 = stablehlo.broadcast_in_dim %arg23, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %203 = stablehlo.add %201, %202 : tensor<1x256xf32>
    %cst_35 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %204 = stablehlo.reduce(%203 init: %cst_35) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %205 = stablehlo.broadcast_in_dim %204, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_36 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %206 = stablehlo.broadcast_in_dim %cst_36, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %207 = stablehlo.divide %205, %206 : tensor<1x1xf32>
    %208 = stablehlo.broadcast_in_dim %207, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %209 = stablehlo.subtract %203, %208 : tensor<1x256xf32>
    %210 = chlo.square %209 : tensor<1x256xf32> -> tensor<1x256xf32>
    %cst_37 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %211 = stablehlo.reduce(%210 init: %cst_37) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %212 = stablehlo.broadcast_in_dim %211, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_38 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %213 = stablehlo.broadcast_in_dim %cst_38, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %214 = stablehlo.divide %212, %213 : tensor<1x1xf32>
    %215 = stablehlo.broadcast_in_dim %207, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %216 = stablehlo.subtract %203, %215 : tensor<1x256xf32>
    %cst_39 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %217 = stablehlo.broadcast_in_dim %cst_39, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %218 = stablehlo.add %214, %217 : tensor<1x1xf32>
    %219 = stablehlo.rsqrt %218 : tensor<1x1xf32>
    %220 = stablehlo.broadcast_in_dim %219, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %221 = stablehlo.multiply %216, %220 : tensor<1x256xf32>
    %222 = stablehlo.broadcast_in_dim %arg24, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %223 = stablehlo.multiply %221, %222 : tensor<1x256xf32>
    %224 = stablehlo.broadcast_in_dim %arg25, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %225 = stablehlo.add %223, %224 : tensor<1x256xf32>
    %226 = stablehlo.dot_general %225, %arg26, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %227 = stablehlo.reshape %226 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %228 = stablehlo.transpose %227, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %229 = stablehlo.dot_general %225, %arg27, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %230 = stablehlo.reshape %229 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %231 = stablehlo.transpose %230, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %232 = stablehlo.dot_general %225, %arg28, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %233 = stablehlo.reshape %232 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %234 = stablehlo.transpose %233, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %235 = stablehlo.slice %arg52 [2:3, 0:4, 0:127, 0:64] : (tensor<4x4x127x64xf32>) -> tensor<1x4x127x64xf32>
    %236 = stablehlo.reshape %235 : (tensor<1x4x127x64xf32>) -> tensor<4x127x64xf32>
    %237 = stablehlo.concatenate %236, %231, dim = 1 : (tensor<4x127x64xf32>, tensor<4x1x64xf32>) -> tensor<4x128x64xf32>
    %238 = stablehlo.slice %arg53 [2:3, 0:4, 0:127, 0:64] : (tensor<4x4x127x64xf32>) -> tensor<1x4x127x64xf32>
    %239 = stablehlo.reshape %238 : (tensor<1x4x127x64xf32>) -> tensor<4x127x64xf32>
    %240 = stablehlo.concatenate %239, %234, dim = 1 : (tensor<4x127x64xf32>, tensor<4x1x64xf32>) -> tensor<4x128x64xf32>
    %241 = stablehlo.transpose %237, dims = [0, 2, 1] : (tensor<4x128x64xf32>) -> tensor<4x64x128xf32>
    %242 = stablehlo.dot_general %228, %241, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x1x64xf32>, tensor<4x64x128xf32>) -> tensor<4x1x128xf32>
    %cst_40 = stablehlo.constant dense<1.250000e-01> : tensor<f32>
    %243 = stablehlo.broadcast_in_dim %cst_40, dims = [] : (tensor<f32>) -> tensor<4x1x128xf32>
    %244 = stablehlo.multiply %242, %243 : tensor<4x1x128xf32>
    %245 = stablehlo.broadcast_in_dim %arg54, dims = [2] : (tensor<128xf32>) -> tensor<1x1x128xf32>
    %246 = stablehlo.broadcast_in_dim %245, dims = [0, 1, 2] : (tensor<1x1x128xf32>) -> tensor<4x1x128xf32>
    %247 = stablehlo.add %244, %246 : tensor<4x1x128xf32>
    %cst_41 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %248 = stablehlo.reduce(%247 init: %cst_41) applies stablehlo.maximum across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %cst_42 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %249 = stablehlo.broadcast_in_dim %cst_42, dims = [] : (tensor<f32>) -> tensor<4x1xf32>
    %250 = stablehlo.maximum %249, %248 : tensor<4x1xf32>
    %251 = stablehlo.broadcast_in_dim %250, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %252 = stablehlo.broadcast_in_dim %251, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %253 = stablehlo.subtract %247, %252 : tensor<4x1x128xf32>
    %254 = stablehlo.exponential %253 : tensor<4x1x128xf32>
    %cst_43 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %255 = stablehlo.reduce(%254 init: %cst_43) applies stablehlo.add across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %256 = stablehlo.broadcast_in_dim %255, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %257 = stablehlo.broadcast_in_dim %256, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %258 = stablehlo.divide %254, %257 : tensor<4x1x128xf32>
    %259 = stablehlo.dot_general %258, %240, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x1x128xf32>, tensor<4x128x64xf32>) -> tensor<4x1x64xf32>
    %260 = stablehlo.transpose %259, dims = [1, 0, 2] : (tensor<4x1x64xf32>) -> tensor<1x4x64xf32>
    %261 = stablehlo.reshape %260 : (tensor<1x4x64xf32>) -> tensor<1x256xf32>
    %262 = stablehlo.dot_general %261, %arg29, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %263 = stablehlo.add %203, %262 : tensor<1x256xf32>
    %cst_44 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %264 = stablehlo.reduce(%263 init: %cst_44) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %265 = stablehlo.broadcast_in_dim %264, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_45 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %266 = stablehlo.broadcast_in_dim %cst_45, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %267 = stablehlo.divide %265, %266 : tensor<1x1xf32>
    %268 = stablehlo.broadcast_in_dim %267, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %269 = stablehlo.subtract %263, %268 : tensor<1x256xf32>
    %270 = chlo.square %269 : tensor<1x256xf32> -> tensor<1x256xf32>
    %cst_46 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %271 = stablehlo.reduce(%270 init: %cst_46) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %272 = stablehlo.broadcast_in_dim %271, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_47 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %273 = stablehlo.broadcast_in_dim %cst_47, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %274 = stablehlo.divide %272, %273 : tensor<1x1xf32>
    %275 = stablehlo.broadcast_in_dim %267, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %276 = stablehlo.subtract %263, %275 : tensor<1x256xf32>
    %cst_48 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %277 = stablehlo.broadcast_in_dim %cst_48, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %278 = stablehlo.add %274, %277 : tensor<1x1xf32>
    %279 = stablehlo.rsqrt %278 : tensor<1x1xf32>
    %280 = stablehlo.broadcast_in_dim %279, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %281 = stablehlo.multiply %276, %280 : tensor<1x256xf32>
    %282 = stablehlo.broadcast_in_dim %arg30, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %283 = stablehlo.multiply %281, %282 : tensor<1x256xf32>
    %284 = stablehlo.broadcast_in_dim %arg31, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %285 = stablehlo.add %283, %284 : tensor<1x256xf32>
    %286 = stablehlo.dot_general %285, %arg32, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x1024xf32>) -> tensor<1x1024xf32>
    %287 = stablehlo.broadcast_in_dim %arg33, dims = [1] : (tensor<1024xf32>) -> tensor<1x1024xf32>
    %288 = stablehlo.add %286, %287 : tensor<1x1024xf32>
    %289 = stablehlo.multiply %288, %288 : tensor<1x1024xf32>
    %290 = stablehlo.multiply %289, %288 : tensor<1x1024xf32>
    %cst_49 = stablehlo.constant dense<4.471500e-02> : tensor<f32>
    %291 = stablehlo.broadcast_in_dim %cst_49, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %292 = stablehlo.multiply %291, %290 : tensor<1x1024xf32>
    %293 = stablehlo.add %288, %292 : tensor<1x1024xf32>
    %cst_50 = stablehlo.constant dense<0.797884583> : tensor<f32>
    %294 = stablehlo.broadcast_in_dim %cst_50, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %295 = stablehlo.multiply %294, %293 : tensor<1x1024xf32>
    %296 = stablehlo.tanh %295 : tensor<1x1024xf32>
    %cst_51 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %297 = stablehlo.broadcast_in_dim %cst_51, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %298 = stablehlo.add %297, %296 : tensor<1x1024xf32>
    %cst_52 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
    %299 = stablehlo.broadcast_in_dim %cst_52, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %300 = stablehlo.multiply %299, %298 : tensor<1x1024xf32>
    %301 = stablehlo.multiply %288, %300 : tensor<1x1024xf32>
    %302 = stablehlo.dot_general %301, %arg34, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x1024xf32>, tensor<1024x256xf32>) -> tensor<1x256xf32>
    %303 = stablehlo.add %263, %302 : tensor<1x256xf32>
    %304 = stablehlo.broadcast_in_dim %arg35, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %305 = stablehlo.add %303, %304 : tensor<1x256xf32>
    %cst_53 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %306 = stablehlo.reduce(%305 init: %cst_53) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %307 = stablehlo.broadcast_in_dim %306, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_54 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %308 = stablehlo.broadcast_in_dim %cst_54, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %309 = stablehlo.divide %307, %308 : tensor<1x1xf32>
    %310 = stablehlo.broadcast_in_dim %309, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %311 = stablehlo.subtract %305, %310 : tensor<1x256xf32>
    %312 = chlo.square %311 : tensor<1x256xf32> -> tensor<1x256xf32>
    %cst_55 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %313 = stablehlo.reduce(%312 init: %cst_55) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %314 = stablehlo.broadcast_in_dim %313, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_56 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %315 = stablehlo.broadcast_in_dim %cst_56, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %316 = stablehlo.divide %314, %315 : tensor<1x1xf32>
    %317 = stablehlo.broadcast_in_dim %309, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %318 = stablehlo.subtract %305, %317 : tensor<1x256xf32>
    %cst_57 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %319 = stablehlo.broadcast_in_dim %cst_57, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %320 = stablehlo.add %316, %319 : tensor<1x1xf32>
    %321 = stablehlo.rsqrt %320 : tensor<1x1xf32>
    %322 = stablehlo.broadcast_in_dim %321, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %323 = stablehlo.multiply %318, %322 : tensor<1x256xf32>
    %324 = stablehlo.broadcast_in_dim %arg36, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %325 = stablehlo.multiply %323, %324 : tensor<1x256xf32>
    %326 = stablehlo.broadcast_in_dim %arg37, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %327 = stablehlo.add %325, %326 : tensor<1x256xf32>
    %328 = stablehlo.dot_general %327, %arg38, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %329 = stablehlo.reshape %328 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %330 = stablehlo.transpose %329, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %331 = stablehlo.dot_general %327, %arg39, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %332 = stablehlo.reshape %331 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %333 = stablehlo.transpose %332, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %334 = stablehlo.dot_general %327, %arg40, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %335 = stablehlo.reshape %334 : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
    %336 = stablehlo.transpose %335, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
    %337 = stablehlo.slice %arg52 [3:4, 0:4, 0:127, 0:64] : (tensor<4x4x127x64xf32>) -> tensor<1x4x127x64xf32>
    %338 = stablehlo.reshape %337 : (tensor<1x4x127x64xf32>) -> tensor<4x127x64xf32>
    %339 = stablehlo.concatenate %338, %333, dim = 1 : (tensor<4x127x64xf32>, tensor<4x1x64xf32>) -> tensor<4x128x64xf32>
    %340 = stablehlo.slice %arg53 [3:4, 0:4, 0:127, 0:64] : (tensor<4x4x127x64xf32>) -> tensor<1x4x127x64xf32>
    %341 = stablehlo.reshape %340 : (tensor<1x4x127x64xf32>) -> tensor<4x127x64xf32>
    %342 = stablehlo.concatenate %341, %336, dim = 1 : (tensor<4x127x64xf32>, tensor<4x1x64xf32>) -> tensor<4x128x64xf32>
    %343 = stablehlo.transpose %339, dims = [0, 2, 1] : (tensor<4x128x64xf32>) -> tensor<4x64x128xf32>
    %344 = stablehlo.dot_general %330, %343, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x1x64xf32>, tensor<4x64x128xf32>) -> tensor<4x1x128xf32>
    %cst_58 = stablehlo.constant dense<1.250000e-01> : tensor<f32>
    %345 = stablehlo.broadcast_in_dim %cst_58, dims = [] : (tensor<f32>) -> tensor<4x1x128xf32>
    %346 = stablehlo.multiply %344, %345 : tensor<4x1x128xf32>
    %347 = stablehlo.broadcast_in_dim %arg54, dims = [2] : (tensor<128xf32>) -> tensor<1x1x128xf32>
    %348 = stablehlo.broadcast_in_dim %347, dims = [0, 1, 2] : (tensor<1x1x128xf32>) -> tensor<4x1x128xf32>
    %349 = stablehlo.add %346, %348 : tensor<4x1x128xf32>
    %cst_59 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %350 = stablehlo.reduce(%349 init: %cst_59) applies stablehlo.maximum across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %cst_60 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %351 = stablehlo.broadcast_in_dim %cst_60, dims = [] : (tensor<f32>) -> tensor<4x1xf32>
    %352 = stablehlo.maximum %351, %350 : tensor<4x1xf32>
    %353 = stablehlo.broadcast_in_dim %352, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %354 = stablehlo.broadcast_in_dim %353, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %355 = stablehlo.subtract %349, %354 : tensor<4x1x128xf32>
    %356 = stablehlo.exponential %355 : tensor<4x1x128xf32>
    %cst_61 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %357 = stablehlo.reduce(%356 init: %cst_61) applies stablehlo.add across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %358 = stablehlo.broadcast_in_dim %357, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %359 = stablehlo.broadcast_in_dim %358, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %360 = stablehlo.divide %356, %359 : tensor<4x1x128xf32>
    %361 = stablehlo.dot_general %360, %342, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x1x128xf32>, tensor<4x128x64xf32>) -> tensor<4x1x64xf32>
    %362 = stablehlo.transpose %361, dims = [1, 0, 2] : (tensor<4x1x64xf32>) -> tensor<1x4x64xf32>
    %363 = stablehlo.reshape %362 : (tensor<1x4x64xf32>) -> tensor<1x256xf32>
    %364 = stablehlo.dot_general %363, %arg41, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    %365 = stablehlo.add %305, %364 : tensor<1x256xf32>
    %cst_62 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %366 = stablehlo.reduce(%365 init: %cst_62) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %367 = stablehlo.broadcast_in_dim %366, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_63 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %368 = stablehlo.broadcast_in_dim %cst_63, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %369 = stablehlo.divide %367, %368 : tensor<1x1xf32>
    %370 = stablehlo.broadcast_in_dim %369, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %371 = stablehlo.subtract %365, %370 : tensor<1x256xf32>
    %372 = chlo.square %371 : tensor<1x256xf32> -> tensor<1x256xf32>
    %cst_64 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %373 = stablehlo.reduce(%372 init: %cst_64) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %374 = stablehlo.broadcast_in_dim %373, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_65 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %375 = stablehlo.broadcast_in_dim %cst_65, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %376 = stablehlo.divide %374, %375 : tensor<1x1xf32>
    %377 = stablehlo.broadcast_in_dim %369, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %378 = stablehlo.subtract %365, %377 : tensor<1x256xf32>
    %cst_66 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %379 = stablehlo.broadcast_in_dim %cst_66, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %380 = stablehlo.add %376, %379 : tensor<1x1xf32>
    %381 = stablehlo.rsqrt %380 : tensor<1x1xf32>
    %382 = stablehlo.broadcast_in_dim %381, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %383 = stablehlo.multiply %378, %382 : tensor<1x256xf32>
    %384 = stablehlo.broadcast_in_dim %arg42, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %385 = stablehlo.multiply %383, %384 : tensor<1x256xf32>
    %386 = stablehlo.broadcast_in_dim %arg43, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %387 = stablehlo.add %385, %386 : tensor<1x256xf32>
    %388 = stablehlo.dot_general %387, %arg44, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x1024xf32>) -> tensor<1x1024xf32>
    %389 = stablehlo.broadcast_in_dim %arg45, dims = [1] : (tensor<1024xf32>) -> tensor<1x1024xf32>
    %390 = stablehlo.add %388, %389 : tensor<1x1024xf32>
    %391 = stablehlo.multiply %390, %390 : tensor<1x1024xf32>
    %392 = stablehlo.multiply %391, %390 : tensor<1x1024xf32>
    %cst_67 = stablehlo.constant dense<4.471500e-02> : tensor<f32>
    %393 = stablehlo.broadcast_in_dim %cst_67, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %394 = stablehlo.multiply %393, %392 : tensor<1x1024xf32>
    %395 = stablehlo.add %390, %394 : tensor<1x1024xf32>
    %cst_68 = stablehlo.constant dense<0.797884583> : tensor<f32>
    %396 = stablehlo.broadcast_in_dim %cst_68, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %397 = stablehlo.multiply %396, %395 : tensor<1x1024xf32>
    %398 = stablehlo.tanh %397 : tensor<1x1024xf32>
    %cst_69 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %399 = stablehlo.broadcast_in_dim %cst_69, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %400 = stablehlo.add %399, %398 : tensor<1x1024xf32>
    %cst_70 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
    %401 = stablehlo.broadcast_in_dim %cst_70, dims = [] : (tensor<f32>) -> tensor<1x1024xf32>
    %402 = stablehlo.multiply %401, %400 : tensor<1x1024xf32>
    %403 = stablehlo.multiply %390, %402 : tensor<1x1024xf32>
    %404 = stablehlo.dot_general %403, %arg46, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x1024xf32>, tensor<1024x256xf32>) -> tensor<1x256xf32>
    %405 = stablehlo.add %365, %404 : tensor<1x256xf32>
    %406 = stablehlo.broadcast_in_dim %arg47, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %407 = stablehlo.add %405, %406 : tensor<1x256xf32>
    %cst_71 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %408 = stablehlo.reduce(%407 init: %cst_71) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %409 = stablehlo.broadcast_in_dim %408, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_72 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %410 = stablehlo.broadcast_in_dim %cst_72, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %411 = stablehlo.divide %409, %410 : tensor<1x1xf32>
    %412 = stablehlo.broadcast_in_dim %411, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %413 = stablehlo.subtract %407, %412 : tensor<1x256xf32>
    %414 = chlo.square %413 : tensor<1x256xf32> -> tensor<1x256xf32>
    %cst_73 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %415 = stablehlo.reduce(%414 init: %cst_73) applies stablehlo.add across dimensions = [1] : (tensor<1x256xf32>, tensor<f32>) -> tensor<1xf32>
    %416 = stablehlo.broadcast_in_dim %415, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_74 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %417 = stablehlo.broadcast_in_dim %cst_74, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %418 = stablehlo.divide %416, %417 : tensor<1x1xf32>
    %419 = stablehlo.broadcast_in_dim %411, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %420 = stablehlo.subtract %407, %419 : tensor<1x256xf32>
    %cst_75 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %421 = stablehlo.broadcast_in_dim %cst_75, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %422 = stablehlo.add %418, %421 : tensor<1x1xf32>
    %423 = stablehlo.rsqrt %422 : tensor<1x1xf32>
    %424 = stablehlo.broadcast_in_dim %423, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x256xf32>
    %425 = stablehlo.multiply %420, %424 : tensor<1x256xf32>
    %426 = stablehlo.broadcast_in_dim %arg48, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %427 = stablehlo.multiply %425, %426 : tensor<1x256xf32>
    %428 = stablehlo.broadcast_in_dim %arg49, dims = [1] : (tensor<256xf32>) -> tensor<1x256xf32>
    %429 = stablehlo.add %427, %428 : tensor<1x256xf32>
    %430 = stablehlo.dot_general %429, %arg50, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x256xf32>, tensor<256x256xf32>) -> tensor<1x256xf32>
    return %430 : tensor<1x256xf32>
  }
}
