module @jit_prefill attributes {jax.uses_shape_polymorphism = true, mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<128x64xf32>, %arg1: tensor<64x192xf32>, %arg2: tensor<128xf32>, %arg3: tensor<64xf32>, %arg4: tensor<64xf32>, %arg5: tensor<64xf32>, %arg6: tensor<64xf32>, %arg7: tensor<64xf32>, %arg8: tensor<64x64xf32>, %arg9: tensor<64x128xf32>, %arg10: tensor<128x64xf32>, %arg11: tensor<64x192xf32>, %arg12: tensor<128xf32>, %arg13: tensor<64xf32>, %arg14: tensor<64xf32>, %arg15: tensor<64xf32>, %arg16: tensor<64xf32>, %arg17: tensor<64xf32>, %arg18: tensor<64x64xf32>, %arg19: tensor<64x128xf32>, %arg20: tensor<128x64xf32>, %arg21: tensor<64xf32>, %arg22: tensor<64xf32>, %arg23: tensor<?xi32>) -> (tensor<128xf32> {jax.result_info = "result[0]"}, tensor<2x2x128x4x16xf32> {jax.result_info = "result[1]"}) {
    %c = stablehlo.constant dense<0> : tensor<i32>
    %c_0 = stablehlo.constant dense<128> : tensor<i32>
    %c_1 = stablehlo.constant dense<-1> : tensor<i32>
    %c_2 = stablehlo.constant dense<1> : tensor<i32>
    %0 = stablehlo.get_dimension_size %arg23, dim = 0 : (tensor<?xi32>) -> tensor<i32>
    %1 = stablehlo.compare GE, %0, %c_2, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.custom_call @shape_assertion(%1, %0) {api_version = 2 : i32, error_message = "Input shapes do not match the polymorphic shapes specification. Expected value >= 1 for dimension variable 'length'. Using the following polymorphic shapes specifications: args[1].shape = (length,). Obtained dimension variables: 'length' = {0} from specification 'length' for dimension args[1].shape[0] (= {0}), . Please see https://docs.jax.dev/en/latest/export/shape_poly.html#shape-assertion-errors for more details.", has_side_effect = true} : (tensor<i1>, tensor<i32>) -> ()
    %2 = stablehlo.convert %0 : tensor<i32>
    %3 = stablehlo.multiply %2, %c_1 : tensor<i32>
    %4 = stablehlo.add %3, %c_0 : tensor<i32>
    %5 = stablehlo.compare GE, %4, %c, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %6 = stablehlo.convert %0 : tensor<i32>
    %7 = stablehlo.multiply %6, %c_1 : tensor<i32>
    %8 = stablehlo.add %7, %c_0 : tensor<i32>
    stablehlo.custom_call @shape_assertion(%5, %8, %0) {api_version = 2 : i32, error_message = "Input shapes do not match the symbolic shape constraint length <= 128. Expected '- length + 128' to be greater or equal to 0, but found {0}.  Using the following polymorphic shapes specifications: args[1].shape = (length,). Obtained dimension variables: 'length' = {1} from specification 'length' for dimension args[1].shape[0] (= {1}), . Please see https://docs.jax.dev/en/latest/export/shape_poly.html#shape-assertion-errors for more details.", has_side_effect = true} : (tensor<i1>, tensor<i32>, tensor<i32>) -> ()
    %9:2 = call @_wrapped_jax_export_main(%0, %arg0, %arg1, %arg2, %arg3, %arg4, %arg5, %arg6, %arg7, %arg8, %arg9, %arg10, %arg11, %arg12, %arg13, %arg14, %arg15, %arg16, %arg17, %arg18, %arg19, %arg20, %arg21, %arg22, %arg23) : (tensor<i32>, tensor<128x64xf32>, tensor<64x192xf32>, tensor<128xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64x64xf32>, tensor<64x128xf32>, tensor<128x64xf32>, tensor<64x192xf32>, tensor<128xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64x64xf32>, tensor<64x128xf32>, tensor<128x64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<?xi32>) -> (tensor<128xf32>, tensor<2x2x128x4x16xf32>)
    return %9#0, %9#1 : tensor<128xf32>, tensor<2x2x128x4x16xf32>
  }
  func.func private @_wrapped_jax_export_main(%arg0: tensor<i32> {jax.global_constant = "length"}, %arg1: tensor<128x64xf32> loc("params['bytes']"), %arg2: tensor<64x192xf32> loc("params['layers'][0]['attention']"), %arg3: tensor<128xf32> loc("params['layers'][0]['b1']"), %arg4: tensor<64xf32> loc("params['layers'][0]['b2']"), %arg5: tensor<64xf32> loc("params['layers'][0]['norm1'][0]"), %arg6: tensor<64xf32> loc("params['layers'][0]['norm1'][1]"), %arg7: tensor<64xf32> loc("params['layers'][0]['norm2'][0]"), %arg8: tensor<64xf32> loc("params['layers'][0]['norm2'][1]"), %arg9: tensor<64x64xf32> loc("params['layers'][0]['output']"), %arg10: tensor<64x128xf32> loc("params['layers'][0]['w1']"), %arg11: tensor<128x64xf32> loc("params['layers'][0]['w2']"), %arg12: tensor<64x192xf32> loc("params['layers'][1]['attention']"), %arg13: tensor<128xf32> loc("params['layers'][1]['b1']"), %arg14: tensor<64xf32> loc("params['layers'][1]['b2']"), %arg15: tensor<64xf32> loc("params['layers'][1]['norm1'][0]"), %arg16: tensor<64xf32> loc("params['layers'][1]['norm1'][1]"), %arg17: tensor<64xf32> loc("params['layers'][1]['norm2'][0]"), %arg18: tensor<64xf32> loc("params['layers'][1]['norm2'][1]"), %arg19: tensor<64x64xf32> loc("params['layers'][1]['output']"), %arg20: tensor<64x128xf32> loc("params['layers'][1]['w1']"), %arg21: tensor<128x64xf32> loc("params['layers'][1]['w2']"), %arg22: tensor<64xf32> loc("params['norm'][0]"), %arg23: tensor<64xf32> loc("params['norm'][1]"), %arg24: tensor<?xi32> loc("tokens")) -> (tensor<128xf32> {jax.result_info = "result[0]"}, tensor<2x2x128x4x16xf32> {jax.result_info = "result[1]"}) {
    %c = stablehlo.constant dense<-1> : tensor<i32>
    %cst = stablehlo.constant dense<5.000000e-01> : tensor<f32>
    %cst_0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %cst_1 = stablehlo.constant dense<0.797884583> : tensor<f32>
    %cst_2 = stablehlo.constant dense<4.471500e-02> : tensor<f32>
    %cst_3 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %cst_4 = stablehlo.constant dense<4.000000e+00> : tensor<f32>
    %c_5 = stablehlo.constant dense<2> : tensor<1xi32>
    %c_6 = stablehlo.constant dense<8> : tensor<1xi32>
    %cst_7 = stablehlo.constant dense<1.000000e+02> : tensor<f32>
    %cst_8 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %c_9 = stablehlo.constant dense<16> : tensor<1xi32>
    %c_10 = stablehlo.constant dense<4> : tensor<1xi32>
    %c_11 = stablehlo.constant dense<192> : tensor<1xi32>
    %c_12 = stablehlo.constant dense<0> : tensor<1xi32>
    %cst_13 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %c_14 = stablehlo.constant dense<64> : tensor<1xi32>
    %cst_15 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %c_16 = stablehlo.constant dense<128> : tensor<1xi32>
    %c_17 = stablehlo.constant dense<1> : tensor<1xi32>
    %c_18 = stablehlo.constant dense<1> : tensor<i32>
    %c_19 = stablehlo.constant dense<128> : tensor<i32>
    %c_20 = stablehlo.constant dense<0> : tensor<i32>
    %cst_21 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<2x2x128x4x16xf32>
    %1 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %2 = stablehlo.dynamic_broadcast_in_dim %c_20, %1, dims = [] : (tensor<i32>, tensor<1xi32>) -> tensor<?xi32>
    %3 = stablehlo.compare LT, %arg24, %2, SIGNED : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi1>
    %4 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %5 = stablehlo.dynamic_broadcast_in_dim %c_19, %4, dims = [] : (tensor<i32>, tensor<1xi32>) -> tensor<?xi32>
    %6 = stablehlo.add %arg24, %5 : tensor<?xi32>
    %7 = stablehlo.select %3, %6, %arg24 : tensor<?xi1>, tensor<?xi32>
    %8 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %9 = stablehlo.concatenate %8, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %10 = stablehlo.dynamic_broadcast_in_dim %7, %9, dims = [0] : (tensor<?xi32>, tensor<2xi32>) -> tensor<?x1xi32>
    %11 = "stablehlo.gather"(%arg1, %10) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 64>}> : (tensor<128x64xf32>, tensor<?x1xi32>) -> tensor<?x64xf32>
    %12 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %13 = stablehlo.dynamic_iota %12, dim = 0 : (tensor<1xi32>) -> tensor<?xi32>
    %14 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %15 = stablehlo.dynamic_broadcast_in_dim %c_18, %14, dims = [] : (tensor<i32>, tensor<1xi32>) -> tensor<?xi32>
    %16 = stablehlo.multiply %15, %13 : tensor<?xi32>
    %17 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %18 = stablehlo.dynamic_broadcast_in_dim %c_20, %17, dims = [] : (tensor<i32>, tensor<1xi32>) -> tensor<?xi32>
    %19 = stablehlo.add %18, %16 : tensor<?xi32>
    %20 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %21 = stablehlo.dynamic_broadcast_in_dim %c_20, %20, dims = [] : (tensor<i32>, tensor<1xi32>) -> tensor<?xi32>
    %22 = stablehlo.add %21, %19 : tensor<?xi32>
    %23 = stablehlo.iota dim = 0 : tensor<128xi32>
    %24 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %25 = stablehlo.concatenate %24, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %26 = stablehlo.dynamic_broadcast_in_dim %22, %25, dims = [0] : (tensor<?xi32>, tensor<2xi32>) -> tensor<?x1xi32>
    %27 = stablehlo.broadcast_in_dim %23, dims = [1] : (tensor<128xi32>) -> tensor<1x128xi32>
    %28 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %29 = stablehlo.concatenate %28, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %30 = stablehlo.dynamic_broadcast_in_dim %27, %29, dims = [0, 1] : (tensor<1x128xi32>, tensor<2xi32>) -> tensor<?x128xi32>
    %31 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %32 = stablehlo.concatenate %31, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %33 = stablehlo.dynamic_broadcast_in_dim %26, %32, dims = [0, 1] : (tensor<?x1xi32>, tensor<2xi32>) -> tensor<?x128xi32>
    %34 = stablehlo.compare LE, %30, %33, SIGNED : (tensor<?x128xi32>, tensor<?x128xi32>) -> tensor<?x128xi1>
    %35 = stablehlo.reduce(%11 init: %cst_21) applies stablehlo.add across dimensions = [1] : (tensor<?x64xf32>, tensor<f32>) -> tensor<?xf32>
    %36 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %37 = stablehlo.concatenate %36, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %38 = stablehlo.dynamic_broadcast_in_dim %35, %37, dims = [0] : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x1xf32>
    %39 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %40 = stablehlo.concatenate %39, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %41 = stablehlo.dynamic_broadcast_in_dim %cst_15, %40, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %42 = stablehlo.divide %38, %41 : tensor<?x1xf32>
    %43 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %44 = stablehlo.concatenate %43, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %45 = stablehlo.dynamic_broadcast_in_dim %42, %44, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %46 = stablehlo.subtract %11, %45 : tensor<?x64xf32>
    %47 = stablehlo.multiply %46, %46 : tensor<?x64xf32>
    %48 = stablehlo.reduce(%47 init: %cst_21) applies stablehlo.add across dimensions = [1] : (tensor<?x64xf32>, tensor<f32>) -> tensor<?xf32>
    %49 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %50 = stablehlo.concatenate %49, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %51 = stablehlo.dynamic_broadcast_in_dim %48, %50, dims = [0] : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x1xf32>
    %52 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %53 = stablehlo.concatenate %52, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %54 = stablehlo.dynamic_broadcast_in_dim %cst_15, %53, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %55 = stablehlo.divide %51, %54 : tensor<?x1xf32>
    %56 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %57 = stablehlo.concatenate %56, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %58 = stablehlo.dynamic_broadcast_in_dim %42, %57, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %59 = stablehlo.subtract %11, %58 : tensor<?x64xf32>
    %60 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %61 = stablehlo.concatenate %60, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %62 = stablehlo.dynamic_broadcast_in_dim %cst_13, %61, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %63 = stablehlo.add %55, %62 : tensor<?x1xf32>
    %64 = stablehlo.rsqrt %63 : tensor<?x1xf32>
    %65 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %66 = stablehlo.concatenate %65, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %67 = stablehlo.dynamic_broadcast_in_dim %64, %66, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %68 = stablehlo.multiply %59, %67 : tensor<?x64xf32>
    %69 = stablehlo.broadcast_in_dim %arg5, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %70 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %71 = stablehlo.concatenate %70, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %72 = stablehlo.dynamic_broadcast_in_dim %69, %71, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %73 = stablehlo.multiply %68, %72 : tensor<?x64xf32>
    %74 = stablehlo.broadcast_in_dim %arg6, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %75 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %76 = stablehlo.concatenate %75, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %77 = stablehlo.dynamic_broadcast_in_dim %74, %76, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %78 = stablehlo.add %73, %77 : tensor<?x64xf32>
    %79 = stablehlo.dot_general %78, %arg2, contracting_dims = [1] x [0] : (tensor<?x64xf32>, tensor<64x192xf32>) -> tensor<?x192xf32>
    %80 = stablehlo.concatenate %c_12, %c_12, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %81 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %82 = stablehlo.concatenate %81, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %83 = stablehlo.concatenate %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %84 = stablehlo.real_dynamic_slice %79, %80, %82, %83 : (tensor<?x192xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x64xf32>
    %85 = stablehlo.concatenate %c_12, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %86 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %87 = stablehlo.concatenate %86, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %88 = stablehlo.concatenate %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %89 = stablehlo.real_dynamic_slice %79, %85, %87, %88 : (tensor<?x192xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x64xf32>
    %90 = stablehlo.concatenate %c_12, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %91 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %92 = stablehlo.concatenate %91, %c_11, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %93 = stablehlo.concatenate %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %94 = stablehlo.real_dynamic_slice %79, %90, %92, %93 : (tensor<?x192xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x64xf32>
    %95 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %96 = stablehlo.concatenate %95, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %97 = stablehlo.dynamic_reshape %84, %96 : (tensor<?x64xf32>, tensor<3xi32>) -> tensor<?x4x16xf32>
    %98 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %99 = stablehlo.concatenate %98, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %100 = stablehlo.dynamic_reshape %89, %99 : (tensor<?x64xf32>, tensor<3xi32>) -> tensor<?x4x16xf32>
    %101 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %102 = stablehlo.concatenate %101, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %103 = stablehlo.dynamic_reshape %94, %102 : (tensor<?x64xf32>, tensor<3xi32>) -> tensor<?x4x16xf32>
    %104 = stablehlo.iota dim = 0 : tensor<8xf32>
    %105 = stablehlo.negate %104 : tensor<8xf32>
    %106 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %107 = stablehlo.divide %105, %106 : tensor<8xf32>
    %108 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %109 = stablehlo.power %108, %107 : tensor<8xf32>
    %110 = stablehlo.convert %22 : (tensor<?xi32>) -> tensor<?xf32>
    %111 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %112 = stablehlo.concatenate %111, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %113 = stablehlo.dynamic_broadcast_in_dim %110, %112, dims = [0] : (tensor<?xf32>, tensor<3xi32>) -> tensor<?x1x1xf32>
    %114 = stablehlo.broadcast_in_dim %109, dims = [2] : (tensor<8xf32>) -> tensor<1x1x8xf32>
    %115 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %116 = stablehlo.concatenate %115, %c_17, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %117 = stablehlo.dynamic_broadcast_in_dim %113, %116, dims = [0, 1, 2] : (tensor<?x1x1xf32>, tensor<3xi32>) -> tensor<?x1x8xf32>
    %118 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %119 = stablehlo.concatenate %118, %c_17, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %120 = stablehlo.dynamic_broadcast_in_dim %114, %119, dims = [0, 1, 2] : (tensor<1x1x8xf32>, tensor<3xi32>) -> tensor<?x1x8xf32>
    %121 = stablehlo.multiply %117, %120 : tensor<?x1x8xf32>
    %122 = stablehlo.concatenate %c_12, %c_12, %c_12, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %123 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %124 = stablehlo.concatenate %123, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %125 = stablehlo.concatenate %c_17, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %126 = stablehlo.real_dynamic_slice %100, %122, %124, %125 : (tensor<?x4x16xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %127 = stablehlo.concatenate %c_12, %c_12, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %128 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %129 = stablehlo.concatenate %128, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %130 = stablehlo.concatenate %c_17, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %131 = stablehlo.real_dynamic_slice %100, %127, %129, %130 : (tensor<?x4x16xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %132 = stablehlo.cosine %121 : tensor<?x1x8xf32>
    %133 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %134 = stablehlo.concatenate %133, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %135 = stablehlo.dynamic_broadcast_in_dim %132, %134, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %136 = stablehlo.multiply %126, %135 : tensor<?x4x8xf32>
    %137 = stablehlo.sine %121 : tensor<?x1x8xf32>
    %138 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %139 = stablehlo.concatenate %138, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %140 = stablehlo.dynamic_broadcast_in_dim %137, %139, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %141 = stablehlo.multiply %131, %140 : tensor<?x4x8xf32>
    %142 = stablehlo.subtract %136, %141 : tensor<?x4x8xf32>
    %143 = stablehlo.sine %121 : tensor<?x1x8xf32>
    %144 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %145 = stablehlo.concatenate %144, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %146 = stablehlo.dynamic_broadcast_in_dim %143, %145, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %147 = stablehlo.multiply %126, %146 : tensor<?x4x8xf32>
    %148 = stablehlo.cosine %121 : tensor<?x1x8xf32>
    %149 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %150 = stablehlo.concatenate %149, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %151 = stablehlo.dynamic_broadcast_in_dim %148, %150, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %152 = stablehlo.multiply %131, %151 : tensor<?x4x8xf32>
    %153 = stablehlo.add %147, %152 : tensor<?x4x8xf32>
    %154 = stablehlo.concatenate %142, %153, dim = 2 : (tensor<?x4x8xf32>, tensor<?x4x8xf32>) -> tensor<?x4x16xf32>
    %155 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %156 = stablehlo.concatenate %c_17, %155, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<4xi32>
    %157 = stablehlo.dynamic_broadcast_in_dim %154, %156, dims = [1, 2, 3] : (tensor<?x4x16xf32>, tensor<4xi32>) -> tensor<1x?x4x16xf32>
    %158 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %159 = stablehlo.concatenate %c_17, %158, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<4xi32>
    %160 = stablehlo.dynamic_broadcast_in_dim %103, %159, dims = [1, 2, 3] : (tensor<?x4x16xf32>, tensor<4xi32>) -> tensor<1x?x4x16xf32>
    %161 = stablehlo.concatenate %157, %160, dim = 0 : (tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>) -> tensor<2x?x4x16xf32>
    %162 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %163 = stablehlo.concatenate %c_17, %c_5, %162, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<5xi32>
    %164 = stablehlo.dynamic_broadcast_in_dim %161, %163, dims = [1, 2, 3, 4] : (tensor<2x?x4x16xf32>, tensor<5xi32>) -> tensor<1x2x?x4x16xf32>
    %165 = stablehlo.compare LT, %c_20, %c_20, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %166 = stablehlo.add %c_20, %c_19 : tensor<i32>
    %167 = stablehlo.select %165, %166, %c_20 : tensor<i1>, tensor<i32>
    %168 = stablehlo.dynamic_update_slice %0, %164, %c_20, %c_20, %167, %c_20, %c_20 : (tensor<2x2x128x4x16xf32>, tensor<1x2x?x4x16xf32>, tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<2x2x128x4x16xf32>
    %169 = stablehlo.iota dim = 0 : tensor<8xf32>
    %170 = stablehlo.negate %169 : tensor<8xf32>
    %171 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %172 = stablehlo.divide %170, %171 : tensor<8xf32>
    %173 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %174 = stablehlo.power %173, %172 : tensor<8xf32>
    %175 = stablehlo.convert %22 : (tensor<?xi32>) -> tensor<?xf32>
    %176 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %177 = stablehlo.concatenate %176, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %178 = stablehlo.dynamic_broadcast_in_dim %175, %177, dims = [0] : (tensor<?xf32>, tensor<3xi32>) -> tensor<?x1x1xf32>
    %179 = stablehlo.broadcast_in_dim %174, dims = [2] : (tensor<8xf32>) -> tensor<1x1x8xf32>
    %180 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %181 = stablehlo.concatenate %180, %c_17, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %182 = stablehlo.dynamic_broadcast_in_dim %178, %181, dims = [0, 1, 2] : (tensor<?x1x1xf32>, tensor<3xi32>) -> tensor<?x1x8xf32>
    %183 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %184 = stablehlo.concatenate %183, %c_17, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %185 = stablehlo.dynamic_broadcast_in_dim %179, %184, dims = [0, 1, 2] : (tensor<1x1x8xf32>, tensor<3xi32>) -> tensor<?x1x8xf32>
    %186 = stablehlo.multiply %182, %185 : tensor<?x1x8xf32>
    %187 = stablehlo.concatenate %c_12, %c_12, %c_12, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %188 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %189 = stablehlo.concatenate %188, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %190 = stablehlo.concatenate %c_17, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %191 = stablehlo.real_dynamic_slice %97, %187, %189, %190 : (tensor<?x4x16xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %192 = stablehlo.concatenate %c_12, %c_12, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %193 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %194 = stablehlo.concatenate %193, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %195 = stablehlo.concatenate %c_17, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %196 = stablehlo.real_dynamic_slice %97, %192, %194, %195 : (tensor<?x4x16xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %197 = stablehlo.cosine %186 : tensor<?x1x8xf32>
    %198 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %199 = stablehlo.concatenate %198, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %200 = stablehlo.dynamic_broadcast_in_dim %197, %199, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %201 = stablehlo.multiply %191, %200 : tensor<?x4x8xf32>
    %202 = stablehlo.sine %186 : tensor<?x1x8xf32>
    %203 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %204 = stablehlo.concatenate %203, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %205 = stablehlo.dynamic_broadcast_in_dim %202, %204, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %206 = stablehlo.multiply %196, %205 : tensor<?x4x8xf32>
    %207 = stablehlo.subtract %201, %206 : tensor<?x4x8xf32>
    %208 = stablehlo.sine %186 : tensor<?x1x8xf32>
    %209 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %210 = stablehlo.concatenate %209, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %211 = stablehlo.dynamic_broadcast_in_dim %208, %210, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %212 = stablehlo.multiply %191, %211 : tensor<?x4x8xf32>
    %213 = stablehlo.cosine %186 : tensor<?x1x8xf32>
    %214 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %215 = stablehlo.concatenate %214, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %216 = stablehlo.dynamic_broadcast_in_dim %213, %215, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %217 = stablehlo.multiply %196, %216 : tensor<?x4x8xf32>
    %218 = stablehlo.add %212, %217 : tensor<?x4x8xf32>
    %219 = stablehlo.concatenate %207, %218, dim = 2 : (tensor<?x4x8xf32>, tensor<?x4x8xf32>) -> tensor<?x4x16xf32>
    %220 = stablehlo.slice %168 [0:1, 0:1, 0:128, 0:4, 0:16] : (tensor<2x2x128x4x16xf32>) -> tensor<1x1x128x4x16xf32>
    %221 = stablehlo.reshape %220 : (tensor<1x1x128x4x16xf32>) -> tensor<128x4x16xf32>
    %222 = stablehlo.dot_general %219, %221, batching_dims = [1] x [1], contracting_dims = [2] x [2] : (tensor<?x4x16xf32>, tensor<128x4x16xf32>) -> tensor<4x?x128xf32>
    %223 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %224 = stablehlo.concatenate %c_10, %223, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %225 = stablehlo.dynamic_broadcast_in_dim %cst_4, %224, dims = [] : (tensor<f32>, tensor<3xi32>) -> tensor<4x?x128xf32>
    %226 = stablehlo.divide %222, %225 : tensor<4x?x128xf32>
    %227 = call @_where(%arg0, %34, %226, %cst_3) : (tensor<i32>, tensor<?x128xi1>, tensor<4x?x128xf32>, tensor<f32>) -> tensor<4x?x128xf32>
    %228 = stablehlo.reduce(%227 init: %cst_3) applies stablehlo.maximum across dimensions = [2] : (tensor<4x?x128xf32>, tensor<f32>) -> tensor<4x?xf32>
    %229 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %230 = stablehlo.concatenate %c_10, %229, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %231 = stablehlo.dynamic_broadcast_in_dim %cst_3, %230, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<4x?xf32>
    %232 = stablehlo.maximum %231, %228 : tensor<4x?xf32>
    %233 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %234 = stablehlo.concatenate %c_10, %233, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %235 = stablehlo.dynamic_broadcast_in_dim %232, %234, dims = [0, 1] : (tensor<4x?xf32>, tensor<3xi32>) -> tensor<4x?x1xf32>
    %236 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %237 = stablehlo.concatenate %c_10, %236, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %238 = stablehlo.dynamic_broadcast_in_dim %235, %237, dims = [0, 1, 2] : (tensor<4x?x1xf32>, tensor<3xi32>) -> tensor<4x?x128xf32>
    %239 = stablehlo.subtract %227, %238 : tensor<4x?x128xf32>
    %240 = stablehlo.exponential %239 : tensor<4x?x128xf32>
    %241 = stablehlo.reduce(%240 init: %cst_21) applies stablehlo.add across dimensions = [2] : (tensor<4x?x128xf32>, tensor<f32>) -> tensor<4x?xf32>
    %242 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %243 = stablehlo.concatenate %c_10, %242, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %244 = stablehlo.dynamic_broadcast_in_dim %241, %243, dims = [0, 1] : (tensor<4x?xf32>, tensor<3xi32>) -> tensor<4x?x1xf32>
    %245 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %246 = stablehlo.concatenate %c_10, %245, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %247 = stablehlo.dynamic_broadcast_in_dim %244, %246, dims = [0, 1, 2] : (tensor<4x?x1xf32>, tensor<3xi32>) -> tensor<4x?x128xf32>
    %248 = stablehlo.divide %240, %247 : tensor<4x?x128xf32>
    %249 = stablehlo.slice %168 [0:1, 1:2, 0:128, 0:4, 0:16] : (tensor<2x2x128x4x16xf32>) -> tensor<1x1x128x4x16xf32>
    %250 = stablehlo.reshape %249 : (tensor<1x1x128x4x16xf32>) -> tensor<128x4x16xf32>
    %251 = stablehlo.dot_general %250, %248, batching_dims = [1] x [0], contracting_dims = [0] x [2] : (tensor<128x4x16xf32>, tensor<4x?x128xf32>) -> tensor<4x16x?xf32>
    %252 = stablehlo.transpose %251, dims = [2, 0, 1] : (tensor<4x16x?xf32>) -> tensor<?x4x16xf32>
    %253 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %254 = stablehlo.concatenate %253, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %255 = stablehlo.dynamic_reshape %252, %254 : (tensor<?x4x16xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %256 = stablehlo.dot_general %255, %arg9, contracting_dims = [1] x [0] : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
    %257 = stablehlo.add %11, %256 : tensor<?x64xf32>
    %258 = stablehlo.reduce(%257 init: %cst_21) applies stablehlo.add across dimensions = [1] : (tensor<?x64xf32>, tensor<f32>) -> tensor<?xf32>
    %259 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %260 = stablehlo.concatenate %259, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %261 = stablehlo.dynamic_broadcast_in_dim %258, %260, dims = [0] : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x1xf32>
    %262 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %263 = stablehlo.concatenate %262, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %264 = stablehlo.dynamic_broadcast_in_dim %cst_15, %263, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %265 = stablehlo.divide %261, %264 : tensor<?x1xf32>
    %266 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %267 = stablehlo.concatenate %266, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %268 = stablehlo.dynamic_broadcast_in_dim %265, %267, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %269 = stablehlo.subtract %257, %268 : tensor<?x64xf32>
    %270 = stablehlo.multiply %269, %269 : tensor<?x64xf32>
    %271 = stablehlo.reduce(%270 init: %cst_21) applies stablehlo.add across dimensions = [1] : (tensor<?x64xf32>, tensor<f32>) -> tensor<?xf32>
    %272 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %273 = stablehlo.concatenate %272, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %274 = stablehlo.dynamic_broadcast_in_dim %271, %273, dims = [0] : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x1xf32>
    %275 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %276 = stablehlo.concatenate %275, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %277 = stablehlo.dynamic_broadcast_in_dim %cst_15, %276, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %278 = stablehlo.divide %274, %277 : tensor<?x1xf32>
    %279 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %280 = stablehlo.concatenate %279, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %281 = stablehlo.dynamic_broadcast_in_dim %265, %280, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %282 = stablehlo.subtract %257, %281 : tensor<?x64xf32>
    %283 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %284 = stablehlo.concatenate %283, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %285 = stablehlo.dynamic_broadcast_in_dim %cst_13, %284, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %286 = stablehlo.add %278, %285 : tensor<?x1xf32>
    %287 = stablehlo.rsqrt %286 : tensor<?x1xf32>
    %288 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %289 = stablehlo.concatenate %288, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %290 = stablehlo.dynamic_broadcast_in_dim %287, %289, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %291 = stablehlo.multiply %282, %290 : tensor<?x64xf32>
    %292 = stablehlo.broadcast_in_dim %arg7, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %293 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %294 = stablehlo.concatenate %293, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %295 = stablehlo.dynamic_broadcast_in_dim %292, %294, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %296 = stablehlo.multiply %291, %295 : tensor<?x64xf32>
    %297 = stablehlo.broadcast_in_dim %arg8, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %298 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %299 = stablehlo.concatenate %298, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %300 = stablehlo.dynamic_broadcast_in_dim %297, %299, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %301 = stablehlo.add %296, %300 : tensor<?x64xf32>
    %302 = stablehlo.dot_general %301, %arg10, contracting_dims = [1] x [0] : (tensor<?x64xf32>, tensor<64x128xf32>) -> tensor<?x128xf32>
    %303 = stablehlo.broadcast_in_dim %arg3, dims = [1] : (tensor<128xf32>) -> tensor<1x128xf32>
    %304 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %305 = stablehlo.concatenate %304, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %306 = stablehlo.dynamic_broadcast_in_dim %303, %305, dims = [0, 1] : (tensor<1x128xf32>, tensor<2xi32>) -> tensor<?x128xf32>
    %307 = stablehlo.add %302, %306 : tensor<?x128xf32>
    %308 = stablehlo.multiply %307, %307 : tensor<?x128xf32>
    %309 = stablehlo.multiply %308, %307 : tensor<?x128xf32>
    %310 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %311 = stablehlo.concatenate %310, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %312 = stablehlo.dynamic_broadcast_in_dim %cst_2, %311, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x128xf32>
    %313 = stablehlo.multiply %312, %309 : tensor<?x128xf32>
    %314 = stablehlo.add %307, %313 : tensor<?x128xf32>
    %315 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %316 = stablehlo.concatenate %315, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %317 = stablehlo.dynamic_broadcast_in_dim %cst_1, %316, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x128xf32>
    %318 = stablehlo.multiply %317, %314 : tensor<?x128xf32>
    %319 = stablehlo.tanh %318 : tensor<?x128xf32>
    %320 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %321 = stablehlo.concatenate %320, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %322 = stablehlo.dynamic_broadcast_in_dim %cst_0, %321, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x128xf32>
    %323 = stablehlo.add %322, %319 : tensor<?x128xf32>
    %324 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %325 = stablehlo.concatenate %324, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %326 = stablehlo.dynamic_broadcast_in_dim %cst, %325, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x128xf32>
    %327 = stablehlo.multiply %326, %323 : tensor<?x128xf32>
    %328 = stablehlo.multiply %307, %327 : tensor<?x128xf32>
    %329 = stablehlo.dot_general %328, %arg11, contracting_dims = [1] x [0] : (tensor<?x128xf32>, tensor<128x64xf32>) -> tensor<?x64xf32>
    %330 = stablehlo.add %257, %329 : tensor<?x64xf32>
    %331 = stablehlo.broadcast_in_dim %arg4, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %332 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %333 = stablehlo.concatenate %332, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %334 = stablehlo.dynamic_broadcast_in_dim %331, %333, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %335 = stablehlo.add %330, %334 : tensor<?x64xf32>
    %336 = stablehlo.reduce(%335 init: %cst_21) applies stablehlo.add across dimensions = [1] : (tensor<?x64xf32>, tensor<f32>) -> tensor<?xf32>
    %337 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %338 = stablehlo.concatenate %337, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %339 = stablehlo.dynamic_broadcast_in_dim %336, %338, dims = [0] : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x1xf32>
    %340 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %341 = stablehlo.concatenate %340, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %342 = stablehlo.dynamic_broadcast_in_dim %cst_15, %341, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %343 = stablehlo.divide %339, %342 : tensor<?x1xf32>
    %344 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %345 = stablehlo.concatenate %344, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %346 = stablehlo.dynamic_broadcast_in_dim %343, %345, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %347 = stablehlo.subtract %335, %346 : tensor<?x64xf32>
    %348 = stablehlo.multiply %347, %347 : tensor<?x64xf32>
    %349 = stablehlo.reduce(%348 init: %cst_21) applies stablehlo.add across dimensions = [1] : (tensor<?x64xf32>, tensor<f32>) -> tensor<?xf32>
    %350 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %351 = stablehlo.concatenate %350, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %352 = stablehlo.dynamic_broadcast_in_dim %349, %351, dims = [0] : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x1xf32>
    %353 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %354 = stablehlo.concatenate %353, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %355 = stablehlo.dynamic_broadcast_in_dim %cst_15, %354, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %356 = stablehlo.divide %352, %355 : tensor<?x1xf32>
    %357 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %358 = stablehlo.concatenate %357, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %359 = stablehlo.dynamic_broadcast_in_dim %343, %358, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %360 = stablehlo.subtract %335, %359 : tensor<?x64xf32>
    %361 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %362 = stablehlo.concatenate %361, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %363 = stablehlo.dynamic_broadcast_in_dim %cst_13, %362, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %364 = stablehlo.add %356, %363 : tensor<?x1xf32>
    %365 = stablehlo.rsqrt %364 : tensor<?x1xf32>
    %366 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %367 = stablehlo.concatenate %366, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %368 = stablehlo.dynamic_broadcast_in_dim %365, %367, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %369 = stablehlo.multiply %360, %368 : tensor<?x64xf32>
    %370 = stablehlo.broadcast_in_dim %arg15, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %371 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %372 = stablehlo.concatenate %371, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %373 = stablehlo.dynamic_broadcast_in_dim %370, %372, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %374 = stablehlo.multiply %369, %373 : tensor<?x64xf32>
    %375 = stablehlo.broadcast_in_dim %arg16, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %376 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %377 = stablehlo.concatenate %376, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %378 = stablehlo.dynamic_broadcast_in_dim %375, %377, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %379 = stablehlo.add %374, %378 : tensor<?x64xf32>
    %380 = stablehlo.dot_general %379, %arg12, contracting_dims = [1] x [0] : (tensor<?x64xf32>, tensor<64x192xf32>) -> tensor<?x192xf32>
    %381 = stablehlo.concatenate %c_12, %c_12, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %382 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %383 = stablehlo.concatenate %382, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %384 = stablehlo.concatenate %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %385 = stablehlo.real_dynamic_slice %380, %381, %383, %384 : (tensor<?x192xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x64xf32>
    %386 = stablehlo.concatenate %c_12, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %387 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %388 = stablehlo.concatenate %387, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %389 = stablehlo.concatenate %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %390 = stablehlo.real_dynamic_slice %380, %386, %388, %389 : (tensor<?x192xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x64xf32>
    %391 = stablehlo.concatenate %c_12, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %392 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %393 = stablehlo.concatenate %392, %c_11, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %394 = stablehlo.concatenate %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %395 = stablehlo.real_dynamic_slice %380, %391, %393, %394 : (tensor<?x192xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x64xf32>
    %396 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %397 = stablehlo.concatenate %396, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %398 = stablehlo.dynamic_reshape %385, %397 : (tensor<?x64xf32>, tensor<3xi32>) -> tensor<?x4x16xf32>
    %399 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %400 = stablehlo.concatenate %399, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %401 = stablehlo.dynamic_reshape %390, %400 : (tensor<?x64xf32>, tensor<3xi32>) -> tensor<?x4x16xf32>
    %402 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %403 = stablehlo.concatenate %402, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %404 = stablehlo.dynamic_reshape %395, %403 : (tensor<?x64xf32>, tensor<3xi32>) -> tensor<?x4x16xf32>
    %405 = stablehlo.iota dim = 0 : tensor<8xf32>
    %406 = stablehlo.negate %405 : tensor<8xf32>
    %407 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %408 = stablehlo.divide %406, %407 : tensor<8xf32>
    %409 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %410 = stablehlo.power %409, %408 : tensor<8xf32>
    %411 = stablehlo.convert %22 : (tensor<?xi32>) -> tensor<?xf32>
    %412 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %413 = stablehlo.concatenate %412, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %414 = stablehlo.dynamic_broadcast_in_dim %411, %413, dims = [0] : (tensor<?xf32>, tensor<3xi32>) -> tensor<?x1x1xf32>
    %415 = stablehlo.broadcast_in_dim %410, dims = [2] : (tensor<8xf32>) -> tensor<1x1x8xf32>
    %416 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %417 = stablehlo.concatenate %416, %c_17, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %418 = stablehlo.dynamic_broadcast_in_dim %414, %417, dims = [0, 1, 2] : (tensor<?x1x1xf32>, tensor<3xi32>) -> tensor<?x1x8xf32>
    %419 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %420 = stablehlo.concatenate %419, %c_17, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %421 = stablehlo.dynamic_broadcast_in_dim %415, %420, dims = [0, 1, 2] : (tensor<1x1x8xf32>, tensor<3xi32>) -> tensor<?x1x8xf32>
    %422 = stablehlo.multiply %418, %421 : tensor<?x1x8xf32>
    %423 = stablehlo.concatenate %c_12, %c_12, %c_12, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %424 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %425 = stablehlo.concatenate %424, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %426 = stablehlo.concatenate %c_17, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %427 = stablehlo.real_dynamic_slice %401, %423, %425, %426 : (tensor<?x4x16xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %428 = stablehlo.concatenate %c_12, %c_12, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %429 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %430 = stablehlo.concatenate %429, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %431 = stablehlo.concatenate %c_17, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %432 = stablehlo.real_dynamic_slice %401, %428, %430, %431 : (tensor<?x4x16xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %433 = stablehlo.cosine %422 : tensor<?x1x8xf32>
    %434 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %435 = stablehlo.concatenate %434, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %436 = stablehlo.dynamic_broadcast_in_dim %433, %435, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %437 = stablehlo.multiply %427, %436 : tensor<?x4x8xf32>
    %438 = stablehlo.sine %422 : tensor<?x1x8xf32>
    %439 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %440 = stablehlo.concatenate %439, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %441 = stablehlo.dynamic_broadcast_in_dim %438, %440, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %442 = stablehlo.multiply %432, %441 : tensor<?x4x8xf32>
    %443 = stablehlo.subtract %437, %442 : tensor<?x4x8xf32>
    %444 = stablehlo.sine %422 : tensor<?x1x8xf32>
    %445 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %446 = stablehlo.concatenate %445, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %447 = stablehlo.dynamic_broadcast_in_dim %444, %446, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %448 = stablehlo.multiply %427, %447 : tensor<?x4x8xf32>
    %449 = stablehlo.cosine %422 : tensor<?x1x8xf32>
    %450 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %451 = stablehlo.concatenate %450, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %452 = stablehlo.dynamic_broadcast_in_dim %449, %451, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %453 = stablehlo.multiply %432, %452 : tensor<?x4x8xf32>
    %454 = stablehlo.add %448, %453 : tensor<?x4x8xf32>
    %455 = stablehlo.concatenate %443, %454, dim = 2 : (tensor<?x4x8xf32>, tensor<?x4x8xf32>) -> tensor<?x4x16xf32>
    %456 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %457 = stablehlo.concatenate %c_17, %456, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<4xi32>
    %458 = stablehlo.dynamic_broadcast_in_dim %455, %457, dims = [1, 2, 3] : (tensor<?x4x16xf32>, tensor<4xi32>) -> tensor<1x?x4x16xf32>
    %459 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %460 = stablehlo.concatenate %c_17, %459, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<4xi32>
    %461 = stablehlo.dynamic_broadcast_in_dim %404, %460, dims = [1, 2, 3] : (tensor<?x4x16xf32>, tensor<4xi32>) -> tensor<1x?x4x16xf32>
    %462 = stablehlo.concatenate %458, %461, dim = 0 : (tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>) -> tensor<2x?x4x16xf32>
    %463 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %464 = stablehlo.concatenate %c_17, %c_5, %463, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<5xi32>
    %465 = stablehlo.dynamic_broadcast_in_dim %462, %464, dims = [1, 2, 3, 4] : (tensor<2x?x4x16xf32>, tensor<5xi32>) -> tensor<1x2x?x4x16xf32>
    %466 = stablehlo.compare LT, %c_20, %c_20, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %467 = stablehlo.add %c_20, %c_19 : tensor<i32>
    %468 = stablehlo.select %466, %467, %c_20 : tensor<i1>, tensor<i32>
    %469 = stablehlo.dynamic_update_slice %168, %465, %c_18, %c_20, %468, %c_20, %c_20 : (tensor<2x2x128x4x16xf32>, tensor<1x2x?x4x16xf32>, tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<2x2x128x4x16xf32>
    %470 = stablehlo.iota dim = 0 : tensor<8xf32>
    %471 = stablehlo.negate %470 : tensor<8xf32>
    %472 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %473 = stablehlo.divide %471, %472 : tensor<8xf32>
    %474 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %475 = stablehlo.power %474, %473 : tensor<8xf32>
    %476 = stablehlo.convert %22 : (tensor<?xi32>) -> tensor<?xf32>
    %477 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %478 = stablehlo.concatenate %477, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %479 = stablehlo.dynamic_broadcast_in_dim %476, %478, dims = [0] : (tensor<?xf32>, tensor<3xi32>) -> tensor<?x1x1xf32>
    %480 = stablehlo.broadcast_in_dim %475, dims = [2] : (tensor<8xf32>) -> tensor<1x1x8xf32>
    %481 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %482 = stablehlo.concatenate %481, %c_17, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %483 = stablehlo.dynamic_broadcast_in_dim %479, %482, dims = [0, 1, 2] : (tensor<?x1x1xf32>, tensor<3xi32>) -> tensor<?x1x8xf32>
    %484 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %485 = stablehlo.concatenate %484, %c_17, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %486 = stablehlo.dynamic_broadcast_in_dim %480, %485, dims = [0, 1, 2] : (tensor<1x1x8xf32>, tensor<3xi32>) -> tensor<?x1x8xf32>
    %487 = stablehlo.multiply %483, %486 : tensor<?x1x8xf32>
    %488 = stablehlo.concatenate %c_12, %c_12, %c_12, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %489 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %490 = stablehlo.concatenate %489, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %491 = stablehlo.concatenate %c_17, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %492 = stablehlo.real_dynamic_slice %398, %488, %490, %491 : (tensor<?x4x16xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %493 = stablehlo.concatenate %c_12, %c_12, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %494 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %495 = stablehlo.concatenate %494, %c_10, %c_9, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %496 = stablehlo.concatenate %c_17, %c_17, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %497 = stablehlo.real_dynamic_slice %398, %493, %495, %496 : (tensor<?x4x16xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %498 = stablehlo.cosine %487 : tensor<?x1x8xf32>
    %499 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %500 = stablehlo.concatenate %499, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %501 = stablehlo.dynamic_broadcast_in_dim %498, %500, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %502 = stablehlo.multiply %492, %501 : tensor<?x4x8xf32>
    %503 = stablehlo.sine %487 : tensor<?x1x8xf32>
    %504 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %505 = stablehlo.concatenate %504, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %506 = stablehlo.dynamic_broadcast_in_dim %503, %505, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %507 = stablehlo.multiply %497, %506 : tensor<?x4x8xf32>
    %508 = stablehlo.subtract %502, %507 : tensor<?x4x8xf32>
    %509 = stablehlo.sine %487 : tensor<?x1x8xf32>
    %510 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %511 = stablehlo.concatenate %510, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %512 = stablehlo.dynamic_broadcast_in_dim %509, %511, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %513 = stablehlo.multiply %492, %512 : tensor<?x4x8xf32>
    %514 = stablehlo.cosine %487 : tensor<?x1x8xf32>
    %515 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %516 = stablehlo.concatenate %515, %c_10, %c_6, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %517 = stablehlo.dynamic_broadcast_in_dim %514, %516, dims = [0, 1, 2] : (tensor<?x1x8xf32>, tensor<3xi32>) -> tensor<?x4x8xf32>
    %518 = stablehlo.multiply %497, %517 : tensor<?x4x8xf32>
    %519 = stablehlo.add %513, %518 : tensor<?x4x8xf32>
    %520 = stablehlo.concatenate %508, %519, dim = 2 : (tensor<?x4x8xf32>, tensor<?x4x8xf32>) -> tensor<?x4x16xf32>
    %521 = stablehlo.slice %469 [1:2, 0:1, 0:128, 0:4, 0:16] : (tensor<2x2x128x4x16xf32>) -> tensor<1x1x128x4x16xf32>
    %522 = stablehlo.reshape %521 : (tensor<1x1x128x4x16xf32>) -> tensor<128x4x16xf32>
    %523 = stablehlo.dot_general %520, %522, batching_dims = [1] x [1], contracting_dims = [2] x [2] : (tensor<?x4x16xf32>, tensor<128x4x16xf32>) -> tensor<4x?x128xf32>
    %524 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %525 = stablehlo.concatenate %c_10, %524, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %526 = stablehlo.dynamic_broadcast_in_dim %cst_4, %525, dims = [] : (tensor<f32>, tensor<3xi32>) -> tensor<4x?x128xf32>
    %527 = stablehlo.divide %523, %526 : tensor<4x?x128xf32>
    %528 = call @_where(%arg0, %34, %527, %cst_3) : (tensor<i32>, tensor<?x128xi1>, tensor<4x?x128xf32>, tensor<f32>) -> tensor<4x?x128xf32>
    %529 = stablehlo.reduce(%528 init: %cst_3) applies stablehlo.maximum across dimensions = [2] : (tensor<4x?x128xf32>, tensor<f32>) -> tensor<4x?xf32>
    %530 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %531 = stablehlo.concatenate %c_10, %530, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %532 = stablehlo.dynamic_broadcast_in_dim %cst_3, %531, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<4x?xf32>
    %533 = stablehlo.maximum %532, %529 : tensor<4x?xf32>
    %534 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %535 = stablehlo.concatenate %c_10, %534, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %536 = stablehlo.dynamic_broadcast_in_dim %533, %535, dims = [0, 1] : (tensor<4x?xf32>, tensor<3xi32>) -> tensor<4x?x1xf32>
    %537 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %538 = stablehlo.concatenate %c_10, %537, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %539 = stablehlo.dynamic_broadcast_in_dim %536, %538, dims = [0, 1, 2] : (tensor<4x?x1xf32>, tensor<3xi32>) -> tensor<4x?x128xf32>
    %540 = stablehlo.subtract %528, %539 : tensor<4x?x128xf32>
    %541 = stablehlo.exponential %540 : tensor<4x?x128xf32>
    %542 = stablehlo.reduce(%541 init: %cst_21) applies stablehlo.add across dimensions = [2] : (tensor<4x?x128xf32>, tensor<f32>) -> tensor<4x?xf32>
    %543 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %544 = stablehlo.concatenate %c_10, %543, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %545 = stablehlo.dynamic_broadcast_in_dim %542, %544, dims = [0, 1] : (tensor<4x?xf32>, tensor<3xi32>) -> tensor<4x?x1xf32>
    %546 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %547 = stablehlo.concatenate %c_10, %546, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %548 = stablehlo.dynamic_broadcast_in_dim %545, %547, dims = [0, 1, 2] : (tensor<4x?x1xf32>, tensor<3xi32>) -> tensor<4x?x128xf32>
    %549 = stablehlo.divide %541, %548 : tensor<4x?x128xf32>
    %550 = stablehlo.slice %469 [1:2, 1:2, 0:128, 0:4, 0:16] : (tensor<2x2x128x4x16xf32>) -> tensor<1x1x128x4x16xf32>
    %551 = stablehlo.reshape %550 : (tensor<1x1x128x4x16xf32>) -> tensor<128x4x16xf32>
    %552 = stablehlo.dot_general %551, %549, batching_dims = [1] x [0], contracting_dims = [0] x [2] : (tensor<128x4x16xf32>, tensor<4x?x128xf32>) -> tensor<4x16x?xf32>
    %553 = stablehlo.transpose %552, dims = [2, 0, 1] : (tensor<4x16x?xf32>) -> tensor<?x4x16xf32>
    %554 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %555 = stablehlo.concatenate %554, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %556 = stablehlo.dynamic_reshape %553, %555 : (tensor<?x4x16xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %557 = stablehlo.dot_general %556, %arg19, contracting_dims = [1] x [0] : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
    %558 = stablehlo.add %335, %557 : tensor<?x64xf32>
    %559 = stablehlo.reduce(%558 init: %cst_21) applies stablehlo.add across dimensions = [1] : (tensor<?x64xf32>, tensor<f32>) -> tensor<?xf32>
    %560 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %561 = stablehlo.concatenate %560, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %562 = stablehlo.dynamic_broadcast_in_dim %559, %561, dims = [0] : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x1xf32>
    %563 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %564 = stablehlo.concatenate %563, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %565 = stablehlo.dynamic_broadcast_in_dim %cst_15, %564, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %566 = stablehlo.divide %562, %565 : tensor<?x1xf32>
    %567 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %568 = stablehlo.concatenate %567, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %569 = stablehlo.dynamic_broadcast_in_dim %566, %568, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %570 = stablehlo.subtract %558, %569 : tensor<?x64xf32>
    %571 = stablehlo.multiply %570, %570 : tensor<?x64xf32>
    %572 = stablehlo.reduce(%571 init: %cst_21) applies stablehlo.add across dimensions = [1] : (tensor<?x64xf32>, tensor<f32>) -> tensor<?xf32>
    %573 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %574 = stablehlo.concatenate %573, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %575 = stablehlo.dynamic_broadcast_in_dim %572, %574, dims = [0] : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x1xf32>
    %576 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %577 = stablehlo.concatenate %576, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %578 = stablehlo.dynamic_broadcast_in_dim %cst_15, %577, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %579 = stablehlo.divide %575, %578 : tensor<?x1xf32>
    %580 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %581 = stablehlo.concatenate %580, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %582 = stablehlo.dynamic_broadcast_in_dim %566, %581, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %583 = stablehlo.subtract %558, %582 : tensor<?x64xf32>
    %584 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %585 = stablehlo.concatenate %584, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %586 = stablehlo.dynamic_broadcast_in_dim %cst_13, %585, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %587 = stablehlo.add %579, %586 : tensor<?x1xf32>
    %588 = stablehlo.rsqrt %587 : tensor<?x1xf32>
    %589 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %590 = stablehlo.concatenate %589, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %591 = stablehlo.dynamic_broadcast_in_dim %588, %590, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %592 = stablehlo.multiply %583, %591 : tensor<?x64xf32>
    %593 = stablehlo.broadcast_in_dim %arg17, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %594 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %595 = stablehlo.concatenate %594, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %596 = stablehlo.dynamic_broadcast_in_dim %593, %595, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %597 = stablehlo.multiply %592, %596 : tensor<?x64xf32>
    %598 = stablehlo.broadcast_in_dim %arg18, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %599 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %600 = stablehlo.concatenate %599, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %601 = stablehlo.dynamic_broadcast_in_dim %598, %600, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %602 = stablehlo.add %597, %601 : tensor<?x64xf32>
    %603 = stablehlo.dot_general %602, %arg20, contracting_dims = [1] x [0] : (tensor<?x64xf32>, tensor<64x128xf32>) -> tensor<?x128xf32>
    %604 = stablehlo.broadcast_in_dim %arg13, dims = [1] : (tensor<128xf32>) -> tensor<1x128xf32>
    %605 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %606 = stablehlo.concatenate %605, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %607 = stablehlo.dynamic_broadcast_in_dim %604, %606, dims = [0, 1] : (tensor<1x128xf32>, tensor<2xi32>) -> tensor<?x128xf32>
    %608 = stablehlo.add %603, %607 : tensor<?x128xf32>
    %609 = stablehlo.multiply %608, %608 : tensor<?x128xf32>
    %610 = stablehlo.multiply %609, %608 : tensor<?x128xf32>
    %611 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %612 = stablehlo.concatenate %611, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %613 = stablehlo.dynamic_broadcast_in_dim %cst_2, %612, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x128xf32>
    %614 = stablehlo.multiply %613, %610 : tensor<?x128xf32>
    %615 = stablehlo.add %608, %614 : tensor<?x128xf32>
    %616 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %617 = stablehlo.concatenate %616, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %618 = stablehlo.dynamic_broadcast_in_dim %cst_1, %617, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x128xf32>
    %619 = stablehlo.multiply %618, %615 : tensor<?x128xf32>
    %620 = stablehlo.tanh %619 : tensor<?x128xf32>
    %621 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %622 = stablehlo.concatenate %621, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %623 = stablehlo.dynamic_broadcast_in_dim %cst_0, %622, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x128xf32>
    %624 = stablehlo.add %623, %620 : tensor<?x128xf32>
    %625 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %626 = stablehlo.concatenate %625, %c_16, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %627 = stablehlo.dynamic_broadcast_in_dim %cst, %626, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x128xf32>
    %628 = stablehlo.multiply %627, %624 : tensor<?x128xf32>
    %629 = stablehlo.multiply %608, %628 : tensor<?x128xf32>
    %630 = stablehlo.dot_general %629, %arg21, contracting_dims = [1] x [0] : (tensor<?x128xf32>, tensor<128x64xf32>) -> tensor<?x64xf32>
    %631 = stablehlo.add %558, %630 : tensor<?x64xf32>
    %632 = stablehlo.broadcast_in_dim %arg14, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %633 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %634 = stablehlo.concatenate %633, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %635 = stablehlo.dynamic_broadcast_in_dim %632, %634, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %636 = stablehlo.add %631, %635 : tensor<?x64xf32>
    %637 = stablehlo.reduce(%636 init: %cst_21) applies stablehlo.add across dimensions = [1] : (tensor<?x64xf32>, tensor<f32>) -> tensor<?xf32>
    %638 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %639 = stablehlo.concatenate %638, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %640 = stablehlo.dynamic_broadcast_in_dim %637, %639, dims = [0] : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x1xf32>
    %641 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %642 = stablehlo.concatenate %641, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %643 = stablehlo.dynamic_broadcast_in_dim %cst_15, %642, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %644 = stablehlo.divide %640, %643 : tensor<?x1xf32>
    %645 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %646 = stablehlo.concatenate %645, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %647 = stablehlo.dynamic_broadcast_in_dim %644, %646, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %648 = stablehlo.subtract %636, %647 : tensor<?x64xf32>
    %649 = stablehlo.multiply %648, %648 : tensor<?x64xf32>
    %650 = stablehlo.reduce(%649 init: %cst_21) applies stablehlo.add across dimensions = [1] : (tensor<?x64xf32>, tensor<f32>) -> tensor<?xf32>
    %651 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %652 = stablehlo.concatenate %651, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %653 = stablehlo.dynamic_broadcast_in_dim %650, %652, dims = [0] : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x1xf32>
    %654 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %655 = stablehlo.concatenate %654, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %656 = stablehlo.dynamic_broadcast_in_dim %cst_15, %655, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %657 = stablehlo.divide %653, %656 : tensor<?x1xf32>
    %658 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %659 = stablehlo.concatenate %658, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %660 = stablehlo.dynamic_broadcast_in_dim %644, %659, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %661 = stablehlo.subtract %636, %660 : tensor<?x64xf32>
    %662 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %663 = stablehlo.concatenate %662, %c_17, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %664 = stablehlo.dynamic_broadcast_in_dim %cst_13, %663, dims = [] : (tensor<f32>, tensor<2xi32>) -> tensor<?x1xf32>
    %665 = stablehlo.add %657, %664 : tensor<?x1xf32>
    %666 = stablehlo.rsqrt %665 : tensor<?x1xf32>
    %667 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %668 = stablehlo.concatenate %667, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %669 = stablehlo.dynamic_broadcast_in_dim %666, %668, dims = [0, 1] : (tensor<?x1xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %670 = stablehlo.multiply %661, %669 : tensor<?x64xf32>
    %671 = stablehlo.broadcast_in_dim %arg22, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %672 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %673 = stablehlo.concatenate %672, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %674 = stablehlo.dynamic_broadcast_in_dim %671, %673, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %675 = stablehlo.multiply %670, %674 : tensor<?x64xf32>
    %676 = stablehlo.broadcast_in_dim %arg23, dims = [1] : (tensor<64xf32>) -> tensor<1x64xf32>
    %677 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %678 = stablehlo.concatenate %677, %c_14, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
    %679 = stablehlo.dynamic_broadcast_in_dim %676, %678, dims = [0, 1] : (tensor<1x64xf32>, tensor<2xi32>) -> tensor<?x64xf32>
    %680 = stablehlo.add %675, %679 : tensor<?x64xf32>
    %681 = stablehlo.transpose %arg1, dims = [1, 0] : (tensor<128x64xf32>) -> tensor<64x128xf32>
    %682 = stablehlo.dot_general %680, %681, contracting_dims = [1] x [0] : (tensor<?x64xf32>, tensor<64x128xf32>) -> tensor<?x128xf32>
    %683 = stablehlo.convert %arg0 : tensor<i32>
    %684 = stablehlo.compare LT, %c, %c_20, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %685 = stablehlo.add %c, %683 : tensor<i32>
    %686 = stablehlo.select %684, %685, %c : tensor<i1>, tensor<i32>
    %687 = stablehlo.compare LT, %c_20, %c_20, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %688 = stablehlo.add %c_20, %c_19 : tensor<i32>
    %689 = stablehlo.select %687, %688, %c_20 : tensor<i1>, tensor<i32>
    %690 = stablehlo.dynamic_slice %682, %686, %689, sizes = [1, 128] : (tensor<?x128xf32>, tensor<i32>, tensor<i32>) -> tensor<1x128xf32>
    %691 = stablehlo.reshape %690 : (tensor<1x128xf32>) -> tensor<128xf32>
    return %691, %469 : tensor<128xf32>, tensor<2x2x128x4x16xf32>
  }
  func.func private @_where(%arg0: tensor<i32> {jax.global_constant = "length"}, %arg1: tensor<?x128xi1>, %arg2: tensor<4x?x128xf32>, %arg3: tensor<f32>) -> tensor<4x?x128xf32> {
    %c = stablehlo.constant dense<128> : tensor<1xi32>
    %c_0 = stablehlo.constant dense<4> : tensor<1xi32>
    %0 = stablehlo.convert %arg3 : tensor<f32>
    %1 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %2 = stablehlo.concatenate %c_0, %1, %c, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %3 = stablehlo.dynamic_broadcast_in_dim %arg1, %2, dims = [1, 2] : (tensor<?x128xi1>, tensor<3xi32>) -> tensor<4x?x128xi1>
    %4 = stablehlo.reshape %arg0 : (tensor<i32>) -> tensor<1xi32>
    %5 = stablehlo.concatenate %c_0, %4, %c, dim = 0 : (tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3xi32>
    %6 = stablehlo.dynamic_broadcast_in_dim %0, %5, dims = [] : (tensor<f32>, tensor<3xi32>) -> tensor<4x?x128xf32>
    %7 = stablehlo.select %3, %arg2, %6 : tensor<4x?x128xi1>, tensor<4x?x128xf32>
    return %7 : tensor<4x?x128xf32>
  }
}
