module @jit_step attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<128x64xf32>, %arg1: tensor<64x192xf32>, %arg2: tensor<128xf32>, %arg3: tensor<64xf32>, %arg4: tensor<64xf32>, %arg5: tensor<64xf32>, %arg6: tensor<64xf32>, %arg7: tensor<64xf32>, %arg8: tensor<64x64xf32>, %arg9: tensor<64x128xf32>, %arg10: tensor<128x64xf32>, %arg11: tensor<64x192xf32>, %arg12: tensor<128xf32>, %arg13: tensor<64xf32>, %arg14: tensor<64xf32>, %arg15: tensor<64xf32>, %arg16: tensor<64xf32>, %arg17: tensor<64xf32>, %arg18: tensor<64x64xf32>, %arg19: tensor<64x128xf32>, %arg20: tensor<128x64xf32>, %arg21: tensor<64xf32>, %arg22: tensor<64xf32>, %arg23: tensor<2x2x128x4x16xf32>, %arg24: tensor<i32>, %arg25: tensor<i32>) -> (tensor<128xf32> {jax.result_info = "result[0]"}, tensor<2x2x128x4x16xf32> {jax.result_info = "result[1]"}) {
    %0 = stablehlo.broadcast_in_dim %arg24, dims = [] : (tensor<i32>) -> tensor<1xi32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %1 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<1xi32>
    %2 = stablehlo.compare LT, %0, %1, SIGNED : (tensor<1xi32>, tensor<1xi32>) -> tensor<1xi1>
    %c_0 = stablehlo.constant dense<128> : tensor<i32>
    %3 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i32>) -> tensor<1xi32>
    %4 = stablehlo.add %0, %3 : tensor<1xi32>
    %5 = stablehlo.select %2, %4, %0 : tensor<1xi1>, tensor<1xi32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [0] : (tensor<1xi32>) -> tensor<1x1xi32>
    %7 = "stablehlo.gather"(%arg0, %6) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 64>}> : (tensor<128x64xf32>, tensor<1x1xi32>) -> tensor<1x64xf32>
    %8 = stablehlo.iota dim = 0 : tensor<1xi32>
    %9 = stablehlo.broadcast_in_dim %arg25, dims = [] : (tensor<i32>) -> tensor<1xi32>
    %10 = stablehlo.add %9, %8 : tensor<1xi32>
    %11 = stablehlo.iota dim = 0 : tensor<128xi32>
    %12 = stablehlo.broadcast_in_dim %10, dims = [0] : (tensor<1xi32>) -> tensor<1x1xi32>
    %13 = stablehlo.broadcast_in_dim %11, dims = [1] : (tensor<128xi32>) -> tensor<1x128xi32>
    %14 = stablehlo.broadcast_in_dim %12, dims = [0, 1] : (tensor<1x1xi32>) -> tensor<1x128xi32>
    %15 = stablehlo.compare LE, %13, %14, SIGNED : (tensor<1x128xi32>, tensor<1x128xi32>) -> tensor<1x128xi1>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %16 = stablehlo.reduce(%7 init: %cst) applies stablehlo.add across dimensions = [1] : (tensor<1x64xf32>, tensor<f32>) -> tensor<1xf32>
    %17 = stablehlo.broadcast_in_dim %16, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_1 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %18 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %19 = stablehlo.divide %17, %18 : tensor<1x1xf32>
    %20 = stablehlo.broadcast_in_dim %19, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %21 = stablehlo.subtract %7, %20 : tensor<1x64xf32>
    %22 = stablehlo.multiply %21, %21 : tensor<1x64xf32>
    %cst_2 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %23 = stablehlo.reduce(%22 init: %cst_2) applies stablehlo.add across dimensions = [1] : (tensor<1x64xf32>, tensor<f32>) -> tensor<1xf32>
    %24 = stablehlo.broadcast_in_dim %23, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_3 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %25 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %26 = stablehlo.divide %24, %25 : tensor<1x1xf32>
    %27 = stablehlo.broadcast_in_dim %19, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %28 = stablehlo.subtract %7, %27 : tensor<1x64xf32>
    %cst_4 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %29 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %30 = stablehlo.add %26, %29 : tensor<1x1xf32>
    %31 = stablehlo.rsqrt %30 : tensor<1x1xf32>
    %32 = stablehlo.broadcast_in_dim %31, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %33 = stablehlo.multiply %28, %32 : tensor<1x64xf32>
    %34 = stablehlo.broadcast_in_dim %arg4, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %35 = stablehlo.multiply %33, %34 : tensor<1x64xf32>
    %36 = stablehlo.broadcast_in_dim %arg5, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %37 = stablehlo.add %35, %36 : tensor<1x64xf32>
    %38 = stablehlo.dot_general %37, %arg1, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x64xf32>, tensor<64x192xf32>) -> tensor<1x192xf32>
    %39 = stablehlo.slice %38 [0:1, 0:64] : (tensor<1x192xf32>) -> tensor<1x64xf32>
    %40 = stablehlo.slice %38 [0:1, 64:128] : (tensor<1x192xf32>) -> tensor<1x64xf32>
    %41 = stablehlo.slice %38 [0:1, 128:192] : (tensor<1x192xf32>) -> tensor<1x64xf32>
    %42 = stablehlo.reshape %39 : (tensor<1x64xf32>) -> tensor<1x4x16xf32>
    %43 = stablehlo.reshape %40 : (tensor<1x64xf32>) -> tensor<1x4x16xf32>
    %44 = stablehlo.reshape %41 : (tensor<1x64xf32>) -> tensor<1x4x16xf32>
    %45 = stablehlo.iota dim = 0 : tensor<8xf32>
    %46 = stablehlo.negate %45 : tensor<8xf32>
    %cst_5 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %47 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %48 = stablehlo.divide %46, %47 : tensor<8xf32>
    %cst_6 = stablehlo.constant dense<1.000000e+02> : tensor<f32>
    %49 = stablehlo.broadcast_in_dim %cst_6, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %50 = stablehlo.power %49, %48 : tensor<8xf32>
    %51 = stablehlo.convert %10 : (tensor<1xi32>) -> tensor<1xf32>
    %52 = stablehlo.broadcast_in_dim %51, dims = [0] : (tensor<1xf32>) -> tensor<1x1x1xf32>
    %53 = stablehlo.broadcast_in_dim %50, dims = [2] : (tensor<8xf32>) -> tensor<1x1x8xf32>
    %54 = stablehlo.broadcast_in_dim %52, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<1x1x8xf32>
    %55 = stablehlo.multiply %54, %53 : tensor<1x1x8xf32>
    %56 = stablehlo.slice %43 [0:1, 0:4, 0:8] : (tensor<1x4x16xf32>) -> tensor<1x4x8xf32>
    %57 = stablehlo.slice %43 [0:1, 0:4, 8:16] : (tensor<1x4x16xf32>) -> tensor<1x4x8xf32>
    %58 = stablehlo.cosine %55 : tensor<1x1x8xf32>
    %59 = stablehlo.broadcast_in_dim %58, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %60 = stablehlo.multiply %56, %59 : tensor<1x4x8xf32>
    %61 = stablehlo.sine %55 : tensor<1x1x8xf32>
    %62 = stablehlo.broadcast_in_dim %61, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %63 = stablehlo.multiply %57, %62 : tensor<1x4x8xf32>
    %64 = stablehlo.subtract %60, %63 : tensor<1x4x8xf32>
    %65 = stablehlo.sine %55 : tensor<1x1x8xf32>
    %66 = stablehlo.broadcast_in_dim %65, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %67 = stablehlo.multiply %56, %66 : tensor<1x4x8xf32>
    %68 = stablehlo.cosine %55 : tensor<1x1x8xf32>
    %69 = stablehlo.broadcast_in_dim %68, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %70 = stablehlo.multiply %57, %69 : tensor<1x4x8xf32>
    %71 = stablehlo.add %67, %70 : tensor<1x4x8xf32>
    %72 = stablehlo.concatenate %64, %71, dim = 2 : (tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x16xf32>
    %73 = stablehlo.broadcast_in_dim %72, dims = [1, 2, 3] : (tensor<1x4x16xf32>) -> tensor<1x1x4x16xf32>
    %74 = stablehlo.broadcast_in_dim %44, dims = [1, 2, 3] : (tensor<1x4x16xf32>) -> tensor<1x1x4x16xf32>
    %75 = stablehlo.concatenate %73, %74, dim = 0 : (tensor<1x1x4x16xf32>, tensor<1x1x4x16xf32>) -> tensor<2x1x4x16xf32>
    %76 = stablehlo.broadcast_in_dim %75, dims = [1, 2, 3, 4] : (tensor<2x1x4x16xf32>) -> tensor<1x2x1x4x16xf32>
    %c_7 = stablehlo.constant dense<0> : tensor<i32>
    %77 = stablehlo.compare LT, %arg25, %c_7, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %c_8 = stablehlo.constant dense<128> : tensor<i32>
    %78 = stablehlo.add %arg25, %c_8 : tensor<i32>
    %79 = stablehlo.select %77, %78, %arg25 : tensor<i1>, tensor<i32>
    %c_9 = stablehlo.constant dense<0> : tensor<i32>
    %c_10 = stablehlo.constant dense<0> : tensor<i32>
    %c_11 = stablehlo.constant dense<0> : tensor<i32>
    %c_12 = stablehlo.constant dense<0> : tensor<i32>
    %80 = stablehlo.dynamic_update_slice %arg23, %76, %c_9, %c_10, %79, %c_11, %c_12 : (tensor<2x2x128x4x16xf32>, tensor<1x2x1x4x16xf32>, tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<2x2x128x4x16xf32>
    %81 = stablehlo.iota dim = 0 : tensor<8xf32>
    %82 = stablehlo.negate %81 : tensor<8xf32>
    %cst_13 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %83 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %84 = stablehlo.divide %82, %83 : tensor<8xf32>
    %cst_14 = stablehlo.constant dense<1.000000e+02> : tensor<f32>
    %85 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %86 = stablehlo.power %85, %84 : tensor<8xf32>
    %87 = stablehlo.convert %10 : (tensor<1xi32>) -> tensor<1xf32>
    %88 = stablehlo.broadcast_in_dim %87, dims = [0] : (tensor<1xf32>) -> tensor<1x1x1xf32>
    %89 = stablehlo.broadcast_in_dim %86, dims = [2] : (tensor<8xf32>) -> tensor<1x1x8xf32>
    %90 = stablehlo.broadcast_in_dim %88, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<1x1x8xf32>
    %91 = stablehlo.multiply %90, %89 : tensor<1x1x8xf32>
    %92 = stablehlo.slice %42 [0:1, 0:4, 0:8] : (tensor<1x4x16xf32>) -> tensor<1x4x8xf32>
    %93 = stablehlo.slice %42 [0:1, 0:4, 8:16] : (tensor<1x4x16xf32>) -> tensor<1x4x8xf32>
    %94 = stablehlo.cosine %91 : tensor<1x1x8xf32>
    %95 = stablehlo.broadcast_in_dim %94, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %96 = stablehlo.multiply %92, %95 : tensor<1x4x8xf32>
    %97 = stablehlo.sine %91 : tensor<1x1x8xf32>
    %98 = stablehlo.broadcast_in_dim %97, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %99 = stablehlo.multiply %93, %98 : tensor<1x4x8xf32>
    %100 = stablehlo.subtract %96, %99 : tensor<1x4x8xf32>
    %101 = stablehlo.sine %91 : tensor<1x1x8xf32>
    %102 = stablehlo.broadcast_in_dim %101, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %103 = stablehlo.multiply %92, %102 : tensor<1x4x8xf32>
    %104 = stablehlo.cosine %91 : tensor<1x1x8xf32>
    %105 = stablehlo.broadcast_in_dim %104, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %106 = stablehlo.multiply %93, %105 : tensor<1x4x8xf32>
    %107 = stablehlo.add %103, %106 : tensor<1x4x8xf32>
    %108 = stablehlo.concatenate %100, %107, dim = 2 : (tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x16xf32>
    %109 = stablehlo.slice %80 [0:1, 0:1, 0:128, 0:4, 0:16] : (tensor<2x2x128x4x16xf32>) -> tensor<1x1x128x4x16xf32>
    %110 = stablehlo.reshape %109 : (tensor<1x1x128x4x16xf32>) -> tensor<128x4x16xf32>
    %111 = stablehlo.dot_general %108, %110, batching_dims = [1] x [1], contracting_dims = [2] x [2], precision = [DEFAULT, DEFAULT] : (tensor<1x4x16xf32>, tensor<128x4x16xf32>) -> tensor<4x1x128xf32>
    %cst_15 = stablehlo.constant dense<4.000000e+00> : tensor<f32>
    %112 = stablehlo.broadcast_in_dim %cst_15, dims = [] : (tensor<f32>) -> tensor<4x1x128xf32>
    %113 = stablehlo.divide %111, %112 : tensor<4x1x128xf32>
    %cst_16 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %114 = call @_where(%15, %113, %cst_16) : (tensor<1x128xi1>, tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1x128xf32>
    %cst_17 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %115 = stablehlo.reduce(%114 init: %cst_17) applies stablehlo.maximum across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %cst_18 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %116 = stablehlo.broadcast_in_dim %cst_18, dims = [] : (tensor<f32>) -> tensor<4x1xf32>
    %117 = stablehlo.maximum %116, %115 : tensor<4x1xf32>
    %118 = stablehlo.broadcast_in_dim %117, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %119 = stablehlo.broadcast_in_dim %118, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %120 = stablehlo.subtract %114, %119 : tensor<4x1x128xf32>
    %121 = stablehlo.exponential %120 : tensor<4x1x128xf32>
    %cst_19 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %122 = stablehlo.reduce(%121 init: %cst_19) applies stablehlo.add across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %123 = stablehlo.broadcast_in_dim %122, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %124 = stablehlo.broadcast_in_dim %123, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %125 = stablehlo.divide %121, %124 : tensor<4x1x128xf32>
    %126 = stablehlo.slice %80 [0:1, 1:2, 0:128, 0:4, 0:16] : (tensor<2x2x128x4x16xf32>) -> tensor<1x1x128x4x16xf32>
    %127 = stablehlo.reshape %126 : (tensor<1x1x128x4x16xf32>) -> tensor<128x4x16xf32>
    %128 = stablehlo.dot_general %127, %125, batching_dims = [1] x [0], contracting_dims = [0] x [2], precision = [DEFAULT, DEFAULT] : (tensor<128x4x16xf32>, tensor<4x1x128xf32>) -> tensor<4x16x1xf32>
    %129 = stablehlo.transpose %128, dims = [2, 0, 1] : (tensor<4x16x1xf32>) -> tensor<1x4x16xf32>
    %130 = stablehlo.reshape %129 : (tensor<1x4x16xf32>) -> tensor<1x64xf32>
    %131 = stablehlo.dot_general %130, %arg8, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x64xf32>, tensor<64x64xf32>) -> tensor<1x64xf32>
    %132 = stablehlo.add %7, %131 : tensor<1x64xf32>
    %cst_20 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %133 = stablehlo.reduce(%132 init: %cst_20) applies stablehlo.add across dimensions = [1] : (tensor<1x64xf32>, tensor<f32>) -> tensor<1xf32>
    %134 = stablehlo.broadcast_in_dim %133, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_21 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %135 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %136 = stablehlo.divide %134, %135 : tensor<1x1xf32>
    %137 = stablehlo.broadcast_in_dim %136, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %138 = stablehlo.subtract %132, %137 : tensor<1x64xf32>
    %139 = stablehlo.multiply %138, %138 : tensor<1x64xf32>
    %cst_22 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %140 = stablehlo.reduce(%139 init: %cst_22) applies stablehlo.add across dimensions = [1] : (tensor<1x64xf32>, tensor<f32>) -> tensor<1xf32>
    %141 = stablehlo.broadcast_in_dim %140, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_23 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %142 = stablehlo.broadcast_in_dim %cst_23, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %143 = stablehlo.divide %141, %142 : tensor<1x1xf32>
    %144 = stablehlo.broadcast_in_dim %136, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %145 = stablehlo.subtract %132, %144 : tensor<1x64xf32>
    %cst_24 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %146 = stablehlo.broadcast_in_dim %cst_24, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %147 = stablehlo.add %143, %146 : tensor<1x1xf32>
    %148 = stablehlo.rsqrt %147 : tensor<1x1xf32>
    %149 = stablehlo.broadcast_in_dim %148, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %150 = stablehlo.multiply %145, %149 : tensor<1x64xf32>
    %151 = stablehlo.broadcast_in_dim %arg6, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %152 = stablehlo.multiply %150, %151 : tensor<1x64xf32>
    %153 = stablehlo.broadcast_in_dim %arg7, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %154 = stablehlo.add %152, %153 : tensor<1x64xf32>
    %155 = stablehlo.dot_general %154, %arg9, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x64xf32>, tensor<64x128xf32>) -> tensor<1x128xf32>
    %156 = stablehlo.broadcast_in_dim %arg2, dims = [1] : (tensor<128xf32>) -> tensor<1x128xf32>
    %157 = stablehlo.add %155, %156 : tensor<1x128xf32>
    %158 = stablehlo.multiply %157, %157 : tensor<1x128xf32>
    %159 = stablehlo.multiply %158, %157 : tensor<1x128xf32>
    %cst_25 = stablehlo.constant dense<4.471500e-02> : tensor<f32>
    %160 = stablehlo.broadcast_in_dim %cst_25, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %161 = stablehlo.multiply %160, %159 : tensor<1x128xf32>
    %162 = stablehlo.add %157, %161 : tensor<1x128xf32>
    %cst_26 = stablehlo.constant dense<0.797884583> : tensor<f32>
    %163 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %164 = stablehlo.multiply %163, %162 : tensor<1x128xf32>
    %165 = stablehlo.tanh %164 : tensor<1x128xf32>
    %cst_27 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %166 = stablehlo.broadcast_in_dim %cst_27, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %167 = stablehlo.add %166, %165 : tensor<1x128xf32>
    %cst_28 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
    %168 = stablehlo.broadcast_in_dim %cst_28, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %169 = stablehlo.multiply %168, %167 : tensor<1x128xf32>
    %170 = stablehlo.multiply %157, %169 : tensor<1x128xf32>
    %171 = stablehlo.dot_general %170, %arg10, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x128xf32>, tensor<128x64xf32>) -> tensor<1x64xf32>
    %172 = stablehlo.add %132, %171 : tensor<1x64xf32>
    %173 = stablehlo.broadcast_in_dim %arg3, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %174 = stablehlo.add %172, %173 : tensor<1x64xf32>
    %cst_29 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %175 = stablehlo.reduce(%174 init: %cst_29) applies stablehlo.add across dimensions = [1] : (tensor<1x64xf32>, tensor<f32>) -> tensor<1xf32>
    %176 = stablehlo.broadcast_in_dim %175, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_30 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %177 = stablehlo.broadcast_in_dim %cst_30, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %178 = stablehlo.divide %176, %177 : tensor<1x1xf32>
    %179 = stablehlo.broadcast_in_dim %178, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %180 = stablehlo.subtract %174, %179 : tensor<1x64xf32>
    %181 = stablehlo.multiply %180, %180 : tensor<1x64xf32>
    %cst_31 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %182 = stablehlo.reduce(%181 init: %cst_31) applies stablehlo.add across dimensions = [1] : (tensor<1x64xf32>, tensor<f32>) -> tensor<1xf32>
    %183 = stablehlo.broadcast_in_dim %182, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_32 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %184 = stablehlo.broadcast_in_dim %cst_32, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %185 = stablehlo.divide %183, %184 : tensor<1x1xf32>
    %186 = stablehlo.broadcast_in_dim %178, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %187 = stablehlo.subtract %174, %186 : tensor<1x64xf32>
    %cst_33 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %188 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %189 = stablehlo.add %185, %188 : tensor<1x1xf32>
    %190 = stablehlo.rsqrt %189 : tensor<1x1xf32>
    %191 = stablehlo.broadcast_in_dim %190, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %192 = stablehlo.multiply %187, %191 : tensor<1x64xf32>
    %193 = stablehlo.broadcast_in_dim %arg14, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %194 = stablehlo.multiply %192, %193 : tensor<1x64xf32>
    %195 = stablehlo.broadcast_in_dim %arg15, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %196 = stablehlo.add %194, %195 : tensor<1x64xf32>
    %197 = stablehlo.dot_general %196, %arg11, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x64xf32>, tensor<64x192xf32>) -> tensor<1x192xf32>
    %198 = stablehlo.slice %197 [0:1, 0:64] : (tensor<1x192xf32>) -> tensor<1x64xf32>
    %199 = stablehlo.slice %197 [0:1, 64:128] : (tensor<1x192xf32>) -> tensor<1x64xf32>
    %200 = stablehlo.slice %197 [0:1, 128:192] : (tensor<1x192xf32>) -> tensor<1x64xf32>
    %201 = stablehlo.reshape %198 : (tensor<1x64xf32>) -> tensor<1x4x16xf32>
    %202 = stablehlo.reshape %199 : (tensor<1x64xf32>) -> tensor<1x4x16xf32>
    %203 = stablehlo.reshape %200 : (tensor<1x64xf32>) -> tensor<1x4x16xf32>
    %204 = stablehlo.iota dim = 0 : tensor<8xf32>
    %205 = stablehlo.negate %204 : tensor<8xf32>
    %cst_34 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %206 = stablehlo.broadcast_in_dim %cst_34, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %207 = stablehlo.divide %205, %206 : tensor<8xf32>
    %cst_35 = stablehlo.constant dense<1.000000e+02> : tensor<f32>
    %208 = stablehlo.broadcast_in_dim %cst_35, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %209 = stablehlo.power %208, %207 : tensor<8xf32>
    %210 = stablehlo.convert %10 : (tensor<1xi32>) -> tensor<1xf32>
    %211 = stablehlo.broadcast_in_dim %210, dims = [0] : (tensor<1xf32>) -> tensor<1x1x1xf32>
    %212 = stablehlo.broadcast_in_dim %209, dims = [2] : (tensor<8xf32>) -> tensor<1x1x8xf32>
    %213 = stablehlo.broadcast_in_dim %211, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<1x1x8xf32>
    %214 = stablehlo.multiply %213, %212 : tensor<1x1x8xf32>
    %215 = stablehlo.slice %202 [0:1, 0:4, 0:8] : (tensor<1x4x16xf32>) -> tensor<1x4x8xf32>
    %216 = stablehlo.slice %202 [0:1, 0:4, 8:16] : (tensor<1x4x16xf32>) -> tensor<1x4x8xf32>
    %217 = stablehlo.cosine %214 : tensor<1x1x8xf32>
    %218 = stablehlo.broadcast_in_dim %217, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %219 = stablehlo.multiply %215, %218 : tensor<1x4x8xf32>
    %220 = stablehlo.sine %214 : tensor<1x1x8xf32>
    %221 = stablehlo.broadcast_in_dim %220, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %222 = stablehlo.multiply %216, %221 : tensor<1x4x8xf32>
    %223 = stablehlo.subtract %219, %222 : tensor<1x4x8xf32>
    %224 = stablehlo.sine %214 : tensor<1x1x8xf32>
    %225 = stablehlo.broadcast_in_dim %224, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %226 = stablehlo.multiply %215, %225 : tensor<1x4x8xf32>
    %227 = stablehlo.cosine %214 : tensor<1x1x8xf32>
    %228 = stablehlo.broadcast_in_dim %227, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %229 = stablehlo.multiply %216, %228 : tensor<1x4x8xf32>
    %230 = stablehlo.add %226, %229 : tensor<1x4x8xf32>
    %231 = stablehlo.concatenate %223, %230, dim = 2 : (tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x16xf32>
    %232 = stablehlo.broadcast_in_dim %231, dims = [1, 2, 3] : (tensor<1x4x16xf32>) -> tensor<1x1x4x16xf32>
    %233 = stablehlo.broadcast_in_dim %203, dims = [1, 2, 3] : (tensor<1x4x16xf32>) -> tensor<1x1x4x16xf32>
    %234 = stablehlo.concatenate %232, %233, dim = 0 : (tensor<1x1x4x16xf32>, tensor<1x1x4x16xf32>) -> tensor<2x1x4x16xf32>
    %235 = stablehlo.broadcast_in_dim %234, dims = [1, 2, 3, 4] : (tensor<2x1x4x16xf32>) -> tensor<1x2x1x4x16xf32>
    %c_36 = stablehlo.constant dense<0> : tensor<i32>
    %236 = stablehlo.compare LT, %arg25, %c_36, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %c_37 = stablehlo.constant dense<128> : tensor<i32>
    %237 = stablehlo.add %arg25, %c_37 : tensor<i32>
    %238 = stablehlo.select %236, %237, %arg25 : tensor<i1>, tensor<i32>
    %c_38 = stablehlo.constant dense<1> : tensor<i32>
    %c_39 = stablehlo.constant dense<0> : tensor<i32>
    %c_40 = stablehlo.constant dense<0> : tensor<i32>
    %c_41 = stablehlo.constant dense<0> : tensor<i32>
    %239 = stablehlo.dynamic_update_slice %80, %235, %c_38, %c_39, %238, %c_40, %c_41 : (tensor<2x2x128x4x16xf32>, tensor<1x2x1x4x16xf32>, tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<2x2x128x4x16xf32>
    %240 = stablehlo.iota dim = 0 : tensor<8xf32>
    %241 = stablehlo.negate %240 : tensor<8xf32>
    %cst_42 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %242 = stablehlo.broadcast_in_dim %cst_42, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %243 = stablehlo.divide %241, %242 : tensor<8xf32>
    %cst_43 = stablehlo.constant dense<1.000000e+02> : tensor<f32>
    %244 = stablehlo.broadcast_in_dim %cst_43, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %245 = stablehlo.power %244, %243 : tensor<8xf32>
    %246 = stablehlo.convert %10 : (tensor<1xi32>) -> tensor<1xf32>
    %247 = stablehlo.broadcast_in_dim %246, dims = [0] : (tensor<1xf32>) -> tensor<1x1x1xf32>
    %248 = stablehlo.broadcast_in_dim %245, dims = [2] : (tensor<8xf32>) -> tensor<1x1x8xf32>
    %249 = stablehlo.broadcast_in_dim %247, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<1x1x8xf32>
    %250 = stablehlo.multiply %249, %248 : tensor<1x1x8xf32>
    %251 = stablehlo.slice %201 [0:1, 0:4, 0:8] : (tensor<1x4x16xf32>) -> tensor<1x4x8xf32>
    %252 = stablehlo.slice %201 [0:1, 0:4, 8:16] : (tensor<1x4x16xf32>) -> tensor<1x4x8xf32>
    %253 = stablehlo.cosine %250 : tensor<1x1x8xf32>
    %254 = stablehlo.broadcast_in_dim %253, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %255 = stablehlo.multiply %251, %254 : tensor<1x4x8xf32>
    %256 = stablehlo.sine %250 : tensor<1x1x8xf32>
    %257 = stablehlo.broadcast_in_dim %256, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %258 = stablehlo.multiply %252, %257 : tensor<1x4x8xf32>
    %259 = stablehlo.subtract %255, %258 : tensor<1x4x8xf32>
    %260 = stablehlo.sine %250 : tensor<1x1x8xf32>
    %261 = stablehlo.broadcast_in_dim %260, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %262 = stablehlo.multiply %251, %261 : tensor<1x4x8xf32>
    %263 = stablehlo.cosine %250 : tensor<1x1x8xf32>
    %264 = stablehlo.broadcast_in_dim %263, dims = [0, 1, 2] : (tensor<1x1x8xf32>) -> tensor<1x4x8xf32>
    %265 = stablehlo.multiply %252, %264 : tensor<1x4x8xf32>
    %266 = stablehlo.add %262, %265 : tensor<1x4x8xf32>
    %267 = stablehlo.concatenate %259, %266, dim = 2 : (tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x16xf32>
    %268 = stablehlo.slice %239 [1:2, 0:1, 0:128, 0:4, 0:16] : (tensor<2x2x128x4x16xf32>) -> tensor<1x1x128x4x16xf32>
    %269 = stablehlo.reshape %268 : (tensor<1x1x128x4x16xf32>) -> tensor<128x4x16xf32>
    %270 = stablehlo.dot_general %267, %269, batching_dims = [1] x [1], contracting_dims = [2] x [2], precision = [DEFAULT, DEFAULT] : (tensor<1x4x16xf32>, tensor<128x4x16xf32>) -> tensor<4x1x128xf32>
    %cst_44 = stablehlo.constant dense<4.000000e+00> : tensor<f32>
    %271 = stablehlo.broadcast_in_dim %cst_44, dims = [] : (tensor<f32>) -> tensor<4x1x128xf32>
    %272 = stablehlo.divide %270, %271 : tensor<4x1x128xf32>
    %cst_45 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %273 = call @_where(%15, %272, %cst_45) : (tensor<1x128xi1>, tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1x128xf32>
    %cst_46 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %274 = stablehlo.reduce(%273 init: %cst_46) applies stablehlo.maximum across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %cst_47 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %275 = stablehlo.broadcast_in_dim %cst_47, dims = [] : (tensor<f32>) -> tensor<4x1xf32>
    %276 = stablehlo.maximum %275, %274 : tensor<4x1xf32>
    %277 = stablehlo.broadcast_in_dim %276, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %278 = stablehlo.broadcast_in_dim %277, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %279 = stablehlo.subtract %273, %278 : tensor<4x1x128xf32>
    %280 = stablehlo.exponential %279 : tensor<4x1x128xf32>
    %cst_48 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %281 = stablehlo.reduce(%280 init: %cst_48) applies stablehlo.add across dimensions = [2] : (tensor<4x1x128xf32>, tensor<f32>) -> tensor<4x1xf32>
    %282 = stablehlo.broadcast_in_dim %281, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x1x1xf32>
    %283 = stablehlo.broadcast_in_dim %282, dims = [0, 1, 2] : (tensor<4x1x1xf32>) -> tensor<4x1x128xf32>
    %284 = stablehlo.divide %280, %283 : tensor<4x1x128xf32>
    %285 = stablehlo.slice %239 [1:2, 1:2, 0:128, 0:4, 0:16] : (tensor<2x2x128x4x16xf32>) -> tensor<1x1x128x4x16xf32>
    %286 = stablehlo.reshape %285 : (tensor<1x1x128x4x16xf32>) -> tensor<128x4x16xf32>
    %287 = stablehlo.dot_general %286, %284, batching_dims = [1] x [0], contracting_dims = [0] x [2], precision = [DEFAULT, DEFAULT] : (tensor<128x4x16xf32>, tensor<4x1x128xf32>) -> tensor<4x16x1xf32>
    %288 = stablehlo.transpose %287, dims = [2, 0, 1] : (tensor<4x16x1xf32>) -> tensor<1x4x16xf32>
    %289 = stablehlo.reshape %288 : (tensor<1x4x16xf32>) -> tensor<1x64xf32>
    %290 = stablehlo.dot_general %289, %arg18, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x64xf32>, tensor<64x64xf32>) -> tensor<1x64xf32>
    %291 = stablehlo.add %174, %290 : tensor<1x64xf32>
    %cst_49 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %292 = stablehlo.reduce(%291 init: %cst_49) applies stablehlo.add across dimensions = [1] : (tensor<1x64xf32>, tensor<f32>) -> tensor<1xf32>
    %293 = stablehlo.broadcast_in_dim %292, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_50 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %294 = stablehlo.broadcast_in_dim %cst_50, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %295 = stablehlo.divide %293, %294 : tensor<1x1xf32>
    %296 = stablehlo.broadcast_in_dim %295, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %297 = stablehlo.subtract %291, %296 : tensor<1x64xf32>
    %298 = stablehlo.multiply %297, %297 : tensor<1x64xf32>
    %cst_51 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %299 = stablehlo.reduce(%298 init: %cst_51) applies stablehlo.add across dimensions = [1] : (tensor<1x64xf32>, tensor<f32>) -> tensor<1xf32>
    %300 = stablehlo.broadcast_in_dim %299, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_52 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %301 = stablehlo.broadcast_in_dim %cst_52, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %302 = stablehlo.divide %300, %301 : tensor<1x1xf32>
    %303 = stablehlo.broadcast_in_dim %295, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %304 = stablehlo.subtract %291, %303 : tensor<1x64xf32>
    %cst_53 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %305 = stablehlo.broadcast_in_dim %cst_53, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %306 = stablehlo.add %302, %305 : tensor<1x1xf32>
    %307 = stablehlo.rsqrt %306 : tensor<1x1xf32>
    %308 = stablehlo.broadcast_in_dim %307, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %309 = stablehlo.multiply %304, %308 : tensor<1x64xf32>
    %310 = stablehlo.broadcast_in_dim %arg16, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %311 = stablehlo.multiply %309, %310 : tensor<1x64xf32>
    %312 = stablehlo.broadcast_in_dim %arg17, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %313 = stablehlo.add %311, %312 : tensor<1x64xf32>
    %314 = stablehlo.dot_general %313, %arg19, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x64xf32>, tensor<64x128xf32>) -> tensor<1x128xf32>
    %315 = stablehlo.broadcast_in_dim %arg12, dims = [1] : (tensor<128xf32>) -> tensor<1x128xf32>
    %316 = stablehlo.add %314, %315 : tensor<1x128xf32>
    %317 = stablehlo.multiply %316, %316 : tensor<1x128xf32>
    %318 = stablehlo.multiply %317, %316 : tensor<1x128xf32>
    %cst_54 = stablehlo.constant dense<4.471500e-02> : tensor<f32>
    %319 = stablehlo.broadcast_in_dim %cst_54, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %320 = stablehlo.multiply %319, %318 : tensor<1x128xf32>
    %321 = stablehlo.add %316, %320 : tensor<1x128xf32>
    %cst_55 = stablehlo.constant dense<0.797884583> : tensor<f32>
    %322 = stablehlo.broadcast_in_dim %cst_55, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %323 = stablehlo.multiply %322, %321 : tensor<1x128xf32>
    %324 = stablehlo.tanh %323 : tensor<1x128xf32>
    %cst_56 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %325 = stablehlo.broadcast_in_dim %cst_56, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %326 = stablehlo.add %325, %324 : tensor<1x128xf32>
    %cst_57 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
    %327 = stablehlo.broadcast_in_dim %cst_57, dims = [] : (tensor<f32>) -> tensor<1x128xf32>
    %328 = stablehlo.multiply %327, %326 : tensor<1x128xf32>
    %329 = stablehlo.multiply %316, %328 : tensor<1x128xf32>
    %330 = stablehlo.dot_general %329, %arg20, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x128xf32>, tensor<128x64xf32>) -> tensor<1x64xf32>
    %331 = stablehlo.add %291, %330 : tensor<1x64xf32>
    %332 = stablehlo.broadcast_in_dim %arg13, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %333 = stablehlo.add %331, %332 : tensor<1x64xf32>
    %cst_58 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %334 = stablehlo.reduce(%333 init: %cst_58) applies stablehlo.add across dimensions = [1] : (tensor<1x64xf32>, tensor<f32>) -> tensor<1xf32>
    %335 = stablehlo.broadcast_in_dim %334, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_59 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %336 = stablehlo.broadcast_in_dim %cst_59, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %337 = stablehlo.divide %335, %336 : tensor<1x1xf32>
    %338 = stablehlo.broadcast_in_dim %337, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %339 = stablehlo.subtract %333, %338 : tensor<1x64xf32>
    %340 = stablehlo.multiply %339, %339 : tensor<1x64xf32>
    %cst_60 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %341 = stablehlo.reduce(%340 init: %cst_60) applies stablehlo.add across dimensions = [1] : (tensor<1x64xf32>, tensor<f32>) -> tensor<1xf32>
    %342 = stablehlo.broadcast_in_dim %341, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %cst_61 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %343 = stablehlo.broadcast_in_dim %cst_61, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %344 = stablehlo.divide %342, %343 : tensor<1x1xf32>
    %345 = stablehlo.broadcast_in_dim %337, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %346 = stablehlo.subtract %333, %345 : tensor<1x64xf32>
    %cst_62 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %347 = stablehlo.broadcast_in_dim %cst_62, dims = [] : (tensor<f32>) -> tensor<1x1xf32>
    %348 = stablehlo.add %344, %347 : tensor<1x1xf32>
    %349 = stablehlo.rsqrt %348 : tensor<1x1xf32>
    %350 = stablehlo.broadcast_in_dim %349, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x64xf32>
    %351 = stablehlo.multiply %346, %350 : tensor<1x64xf32>
    %352 = stablehlo.broadcast_in_dim %arg21, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %353 = stablehlo.multiply %351, %352 : tensor<1x64xf32>
    %354 = stablehlo.broadcast_in_dim %arg22, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %355 = stablehlo.add %353, %354 : tensor<1x64xf32>
    %356 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<128x64xf32>) -> tensor<64x128xf32>
    %357 = stablehlo.dot_general %355, %356, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x64xf32>, tensor<64x128xf32>) -> tensor<1x128xf32>
    %358 = stablehlo.reshape %357 : (tensor<1x128xf32>) -> tensor<128xf32>
    return %358, %239 : tensor<128xf32>, tensor<2x2x128x4x16xf32>
  }
  func.func private @_where(%arg0: tensor<1x128xi1>, %arg1: tensor<4x1x128xf32>, %arg2: tensor<f32>) -> tensor<4x1x128xf32> {
    %0 = stablehlo.convert %arg2 : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %arg0, dims = [1, 2] : (tensor<1x128xi1>) -> tensor<4x1x128xi1>
    %2 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<4x1x128xf32>
    %3 = stablehlo.select %1, %arg1, %2 : tensor<4x1x128xi1>, tensor<4x1x128xf32>
    return %3 : tensor<4x1x128xf32>
  }
}
