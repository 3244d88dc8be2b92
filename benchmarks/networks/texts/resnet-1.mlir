module @jit_forward attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<3x3x3x16xf32>, %arg1: tensor<16xf32>, %arg2: tensor<16xf32>, %arg3: tensor<3x3x16x16xf32>, %arg4: tensor<16xf32>, %arg5: tensor<16xf32>, %arg6: tensor<3x3x16x16xf32>, %arg7: tensor<16xf32>, %arg8: tensor<16xf32>, %arg9: tensor<3x3x16x16xf32>, %arg10: tensor<16xf32>, %arg11: tensor<16xf32>, %arg12: tensor<3x3x16x16xf32>, %arg13: tensor<16xf32>, %arg14: tensor<16xf32>, %arg15: tensor<3x3x16x32xf32>, %arg16: tensor<32xf32>, %arg17: tensor<32xf32>, %arg18: tensor<3x3x32x32xf32>, %arg19: tensor<32xf32>, %arg20: tensor<32xf32>, %arg21: tensor<1x1x16x32xf32>, %arg22: tensor<32xf32>, %arg23: tensor<32xf32>, %arg24: tensor<3x3x32x32xf32>, %arg25: tensor<32xf32>, %arg26: tensor<32xf32>, %arg27: tensor<3x3x32x32xf32>, %arg28: tensor<32xf32>, %arg29: tensor<32xf32>, %arg30: tensor<3x3x32x64xf32>, %arg31: tensor<64xf32>, %arg32: tensor<64xf32>, %arg33: tensor<3x3x64x64xf32>, %arg34: tensor<64xf32>, %arg35: tensor<64xf32>, %arg36: tensor<1x1x32x64xf32>, %arg37: tensor<64xf32>, %arg38: tensor<64xf32>, %arg39: tensor<3x3x64x64xf32>, %arg40: tensor<64xf32>, %arg41: tensor<64xf32>, %arg42: tensor<3x3x64x64xf32>, %arg43: tensor<64xf32>, %arg44: tensor<64xf32>, %arg45: tensor<64x10xf32>, %arg46: tensor<10xf32>, %arg47: tensor<1x32x32x3xf32>) -> (tensor<1x10xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.convolution(%arg47, %arg0) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x32x32x3xf32>, tensor<3x3x3x16xf32>) -> tensor<1x32x32x16xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %2 = stablehlo.broadcast_in_dim %1, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<1x32x32x16xf32>
    %3 = stablehlo.multiply %0, %2 : tensor<1x32x32x16xf32>
    %4 = stablehlo.broadcast_in_dim %arg2, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<1x32x32x16xf32>
    %6 = stablehlo.add %3, %5 : tensor<1x32x32x16xf32>
    %7 = call @relu(%6) : (tensor<1x32x32x16xf32>) -> tensor<1x32x32x16xf32>
    %8 = stablehlo.convolution(%7, %arg3) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x32x32x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x32x32x16xf32>
    %9 = stablehlo.broadcast_in_dim %arg4, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %10 = stablehlo.broadcast_in_dim %9, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<1x32x32x16xf32>
    %11 = stablehlo.multiply %8, %10 : tensor<1x32x32x16xf32>
    %12 = stablehlo.broadcast_in_dim %arg5, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<1x32x32x16xf32>
    %14 = stablehlo.add %11, %13 : tensor<1x32x32x16xf32>
    %15 = call @relu(%14) : (tensor<1x32x32x16xf32>) -> tensor<1x32x32x16xf32>
    %16 = stablehlo.convolution(%15, %arg6) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x32x32x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x32x32x16xf32>
    %17 = stablehlo.broadcast_in_dim %arg7, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %18 = stablehlo.broadcast_in_dim %17, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<1x32x32x16xf32>
    %19 = stablehlo.multiply %16, %18 : tensor<1x32x32x16xf32>
    %20 = stablehlo.broadcast_in_dim %arg8, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %21 = stablehlo.broadcast_in_dim %20, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<1x32x32x16xf32>
    %22 = stablehlo.add %19, %21 : tensor<1x32x32x16xf32>
    %23 = stablehlo.add %22, %7 : tensor<1x32x32x16xf32>
    %24 = call @relu(%23) : (tensor<1x32x32x16xf32>) -> tensor<1x32x32x16xf32>
    %25 = stablehlo.convolution(%24, %arg9) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x32x32x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x32x32x16xf32>
    %26 = stablehlo.broadcast_in_dim %arg10, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %27 = stablehlo.broadcast_in_dim %26, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<1x32x32x16xf32>
    %28 = stablehlo.multiply %25, %27 : tensor<1x32x32x16xf32>
    %29 = stablehlo.broadcast_in_dim %arg11, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %30 = stablehlo.broadcast_in_dim %29, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<1x32x32x16xf32>
    %31 = stablehlo.add %28, %30 : tensor<1x32x32x16xf32>
    %32 = call @relu(%31) : (tensor<1x32x32x16xf32>) -> tensor<1x32x32x16xf32>
    %33 = stablehlo.convolution(%32, %arg12) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x32x32x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x32x32x16xf32>
    %34 = stablehlo.broadcast_in_dim %arg13, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %35 = stablehlo.broadcast_in_dim %34, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<1x32x32x16xf32>
    %36 = stablehlo.multiply %33, %35 : tensor<1x32x32x16xf32>
    %37 = stablehlo.broadcast_in_dim %arg14, dims = [3] : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %38 = stablehlo.broadcast_in_dim %37, dims = [0, 1, 2, 3] : (tensor<1x1x1x16xf32>) -> tensor<1x32x32x16xf32>
    %39 = stablehlo.add %36, %38 : tensor<1x32x32x16xf32>
    %40 = stablehlo.add %39, %24 : tensor<1x32x32x16xf32>
    %41 = call @relu(%40) : (tensor<1x32x32x16xf32>) -> tensor<1x32x32x16xf32>
    %42 = stablehlo.convolution(%41, %arg15) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x32x32x16xf32>, tensor<3x3x16x32xf32>) -> tensor<1x16x16x32xf32>
    %43 = stablehlo.broadcast_in_dim %arg16, dims = [3] : (tensor<32xf32>) -> tensor<1x1x1x32xf32>
    %44 = stablehlo.broadcast_in_dim %43, dims = [0, 1, 2, 3] : (tensor<1x1x1x32xf32>) -> tensor<1x16x16x32xf32>
    %45 = stablehlo.multiply %42, %44 : tensor<1x16x16x32xf32>
    %46 = stablehlo.broadcast_in_dim %arg17, dims = [3] : (tensor<32xf32>) -> tensor<1x1x1x32xf32>
    %47 = stablehlo.broadcast_in_dim %46, dims = [0, 1, 2, 3] : (tensor<1x1x1x32xf32>) -> tensor<1x16x16x32xf32>
    %48 = stablehlo.add %45, %47 : tensor<1x16x16x32xf32>
    %49 = call @relu_0(%48) : (tensor<1x16x16x32xf32>) -> tensor<1x16x16x32xf32>
    %50 = stablehlo.convolution(%41, %arg21) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x32x32x16xf32>, tensor<1x1x16x32xf32>) -> tensor<1x16x16x32xf32>
    %51 = stablehlo.broadcast_in_dim %arg22, dims = [3] : (tensor<32xf32>) -> tensor<1x1x1x32xf32>
    %52 = stablehlo.broadcast_in_dim %51, dims = [0, 1, 2, 3] : (tensor<1x1x1x32xf32>) -> tensor<1x16x16x32xf32>
    %53 = stablehlo.multiply %50, %52 : tensor<1x16x16x32xf32>
    %54 = stablehlo.broadcast_in_dim %arg23, dims = [3] : (tensor<32xf32>) -> tensor<1x1x1x32xf32>
    %55 = stablehlo.broadcast_in_dim %54, dims = [0, 1, 2, 3] : (tensor<1x1x1x32xf32>) -> tensor<1x16x16x32xf32>
    %56 = stablehlo.add %53, %55 : tensor<1x16x16x32xf32>
    %57 = stablehlo.convolution(%49, %arg18) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x16x16x32xf32>, tensor<3x3x32x32xf32>) -> tensor<1x16x16x32xf32>
    %58 = stablehlo.broadcast_in_dim %arg19, dims = [3] : (tensor<32xf32>) -> tensor<1x1x1x32xf32>
    %59 = stablehlo.broadcast_in_dim %58, dims = [0, 1, 2, 3] : (tensor<1x1x1x32xf32>) -> tensor<1x16x16x32xf32>
    %60 = stablehlo.multiply %57, %59 : tensor<1x16x16x32xf32>
    %61 = stablehlo.broadcast_in_dim %arg20, dims = [3] : (tensor<32xf32>) -> tensor<1x1x1x32xf32>
    %62 = stablehlo.broadcast_in_dim %61, dims = [0, 1, 2, 3] : (tensor<1x1x1x32xf32>) -> tensor<1x16x16x32xf32>
    %63 = stablehlo.add %60, %62 : tensor<1x16x16x32xf32>
    %64 = stablehlo.add %63, %56 : tensor<1x16x16x32xf32>
    %65 = call @relu_0(%64) : (tensor<1x16x16x32xf32>) -> tensor<1x16x16x32xf32>
    %66 = stablehlo.convolution(%65, %arg24) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x16x16x32xf32>, tensor<3x3x32x32xf32>) -> tensor<1x16x16x32xf32>
    %67 = stablehlo.broadcast_in_dim %arg25, dims = [3] : (tensor<32xf32>) -> tensor<1x1x1x32xf32>
    %68 = stablehlo.broadcast_in_dim %67, dims = [0, 1, 2, 3] : (tensor<1x1x1x32xf32>) -> tensor<1x16x16x32xf32>
    %69 = stablehlo.multiply %66, %68 : tensor<1x16x16x32xf32>
    %70 = stablehlo.broadcast_in_dim %arg26, dims = [3] : (tensor<32xf32>) -> tensor<1x1x1x32xf32>
    %71 = stablehlo.broadcast_in_dim %70, dims = [0, 1, 2, 3] : (tensor<1x1x1x32xf32>) -> tensor<1x16x16x32xf32>
    %72 = stablehlo.add %69, %71 : tensor<1x16x16x32xf32>
    %73 = call @relu_0(%72) : (tensor<1x16x16x32xf32>) -> tensor<1x16x16x32xf32>
    %74 = stablehlo.convolution(%73, %arg27) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x16x16x32xf32>, tensor<3x3x32x32xf32>) -> tensor<1x16x16x32xf32>
    %75 = stablehlo.broadcast_in_dim %arg28, dims = [3] : (tensor<32xf32>) -> tensor<1x1x1x32xf32>
    %76 = stablehlo.broadcast_in_dim %75, dims = [0, 1, 2, 3] : (tensor<1x1x1x32xf32>) -> tensor<1x16x16x32xf32>
    %77 = stablehlo.multiply %74, %76 : tensor<1x16x16x32xf32>
    %78 = stablehlo.broadcast_in_dim %arg29, dims = [3] : (tensor<32xf32>) -> tensor<1x1x1x32xf32>
    %79 = stablehlo.broadcast_in_dim %78, dims = [0, 1, 2, 3] : (tensor<1x1x1x32xf32>) -> tensor<1x16x16x32xf32>
    %80 = stablehlo.add %77, %79 : tensor<1x16x16x32xf32>
    %81 = stablehlo.add %80, %65 : tensor<1x16x16x32xf32>
    %82 = call @relu_0(%81) : (tensor<1x16x16x32xf32>) -> tensor<1x16x16x32xf32>
    %83 = stablehlo.convolution(%82, %arg30) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x16x16x32xf32>, tensor<3x3x32x64xf32>) -> tensor<1x8x8x64xf32>
    %84 = stablehlo.broadcast_in_dim %arg31, dims = [3] : (tensor<64xf32>) -> tensor<1x1x1x64xf32>
    %85 = stablehlo.broadcast_in_dim %84, dims = [0, 1, 2, 3] : (tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32>
    %86 = stablehlo.multiply %83, %85 : tensor<1x8x8x64xf32>
    %87 = stablehlo.broadcast_in_dim %arg32, dims = [3] : (tensor<64xf32>) -> tensor<1x1x1x64xf32>
    %88 = stablehlo.broadcast_in_dim %87, dims = [0, 1, 2, 3] : (tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32>
    %89 = stablehlo.add %86, %88 : tensor<1x8x8x64xf32>
    %90 = call @relu_1(%89) : (tensor<1x8x8x64xf32>) -> tensor<1x8x8x64xf32>
    %91 = stablehlo.convolution(%82, %arg36) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x16x16x32xf32>, tensor<1x1x32x64xf32>) -> tensor<1x8x8x64xf32>
    %92 = stablehlo.broadcast_in_dim %arg37, dims = [3] : (tensor<64xf32>) -> tensor<1x1x1x64xf32>
    %93 = stablehlo.broadcast_in_dim %92, dims = [0, 1, 2, 3] : (tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32>
    %94 = stablehlo.multiply %91, %93 : tensor<1x8x8x64xf32>
    %95 = stablehlo.broadcast_in_dim %arg38, dims = [3] : (tensor<64xf32>) -> tensor<1x1x1x64xf32>
    %96 = stablehlo.broadcast_in_dim %95, dims = [0, 1, 2, 3] : (tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32>
    %97 = stablehlo.add %94, %96 : tensor<1x8x8x64xf32>
    %98 = stablehlo.convolution(%90, %arg33) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x8x8x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x8x8x64xf32>
    %99 = stablehlo.broadcast_in_dim %arg34, dims = [3] : (tensor<64xf32>) -> tensor<1x1x1x64xf32>
    %100 = stablehlo.broadcast_in_dim %99, dims = [0, 1, 2, 3] : (tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32>
    %101 = stablehlo.multiply %98, %100 : tensor<1x8x8x64xf32>
    %102 = stablehlo.broadcast_in_dim %arg35, dims = [3] : (tensor<64xf32>) -> tensor<1x1x1x64xf32>
    %103 = stablehlo.broadcast_in_dim %102, dims = [0, 1, 2, 3] : (tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32>
    %104 = stablehlo.add %101, %103 : tensor<1x8x8x64xf32>
    %105 = stablehlo.add %104, %97 : tensor<1x8x8x64xf32>
    %106 = call @relu_1(%105) : (tensor<1x8x8x64xf32>) -> tensor<1x8x8x64xf32>
    %107 = stablehlo.convolution(%106, %arg39) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x8x8x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x8x8x64xf32>
    %108 = stablehlo.broadcast_in_dim %arg40, dims = [3] : (tensor<64xf32>) -> tensor<1x1x1x64xf32>
    %109 = stablehlo.broadcast_in_dim %108, dims = [0, 1, 2, 3] : (tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32>
    %110 = stablehlo.multiply %107, %109 : tensor<1x8x8x64xf32>
    %111 = stablehlo.broadcast_in_dim %arg41, dims = [3] : (tensor<64xf32>) -> tensor<1x1x1x64xf32>
    %112 = stablehlo.broadcast_in_dim %111, dims = [0, 1, 2, 3] : (tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32>
    %113 = stablehlo.add %110, %112 : tensor<1x8x8x64xf32>
    %114 = call @relu_1(%113) : (tensor<1x8x8x64xf32>) -> tensor<1x8x8x64xf32>
    %115 = stablehlo.convolution(%114, %arg42) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x8x8x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x8x8x64xf32>
    %116 = stablehlo.broadcast_in_dim %arg43, dims = [3] : (tensor<64xf32>) -> tensor<1x1x1x64xf32>
    %117 = stablehlo.broadcast_in_dim %116, dims = [0, 1, 2, 3] : (tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32>
    %118 = stablehlo.multiply %115, %117 : tensor<1x8x8x64xf32>
    %119 = stablehlo.broadcast_in_dim %arg44, dims = [3] : (tensor<64xf32>) -> tensor<1x1x1x64xf32>
    %120 = stablehlo.broadcast_in_dim %119, dims = [0, 1, 2, 3] : (tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32>
    %121 = stablehlo.add %118, %120 : tensor<1x8x8x64xf32>
    %122 = stablehlo.add %121, %106 : tensor<1x8x8x64xf32>
    %123 = call @relu_1(%122) : (tensor<1x8x8x64xf32>) -> tensor<1x8x8x64xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %124 = stablehlo.reduce(%123 init: %cst) applies stablehlo.add across dimensions = [1, 2] : (tensor<1x8x8x64xf32>, tensor<f32>) -> tensor<1x64xf32>
    %cst_0 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %125 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<1x64xf32>
    %126 = stablehlo.divide %124, %125 : tensor<1x64xf32>
    %127 = stablehlo.dot_general %126, %arg45, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<1x64xf32>, tensor<64x10xf32>) -> tensor<1x10xf32>
    %128 = stablehlo.broadcast_in_dim %arg46, dims = [1] : (tensor<10xf32>) -> tensor<1x10xf32>
    %129 = stablehlo.add %127, %128 : tensor<1x10xf32>
    %cst_1 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %130 = stablehlo.reduce(%129 init: %cst_1) applies stablehlo.maximum across dimensions = [1] : (tensor<1x10xf32>, tensor<f32>) -> tensor<1xf32>
    %cst_2 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %131 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %132 = stablehlo.maximum %131, %130 : tensor<1xf32>
    %133 = stablehlo.broadcast_in_dim %132, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %134 = stablehlo.broadcast_in_dim %133, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x10xf32>
    %135 = stablehlo.subtract %129, %134 : tensor<1x10xf32>
    %136 = stablehlo.exponential %135 : tensor<1x10xf32>
    %cst_3 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %137 = stablehlo.reduce(%136 init: %cst_3) applies stablehlo.add across dimensions = [1] : (tensor<1x10xf32>, tensor<f32>) -> tensor<1xf32>
    %138 = stablehlo.broadcast_in_dim %137, dims = [0] : (tensor<1xf32>) -> tensor<1x1xf32>
    %139 = stablehlo.broadcast_in_dim %138, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x10xf32>
    %140 = stablehlo.divide %136, %139 : tensor<1x10xf32>
    return %140 : tensor<1x10xf32>
  }
  func.func private @relu(%arg0: tensor<1x32x32x16xf32>) -> tensor<1x32x32x16xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x32x32x16xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<1x32x32x16xf32>
    return %1 : tensor<1x32x32x16xf32>
  }
  func.func private @relu_0(%arg0: tensor<1x16x16x32xf32>) -> tensor<1x16x16x32xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x16x16x32xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<1x16x16x32xf32>
    return %1 : tensor<1x16x16x32xf32>
  }
  func.func private @relu_1(%arg0: tensor<1x8x8x64xf32>) -> tensor<1x8x8x64xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x8x8x64xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<1x8x8x64xf32>
    return %1 : tensor<1x8x8x64xf32>
  }
}
