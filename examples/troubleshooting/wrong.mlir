// Rows of three numbers, moved and scaled so that their mean is 0 and the mean of their squares is 1.
func.func @standardize(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %count = stablehlo.constant dense<3.0> : tensor<2xf32>
  %sums = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  %means = stablehlo.divide %sums, %count : tensor<2xf32>
  %spread = stablehlo.broadcast_in_dim %means, dims = [0] : (tensor<2xf32>) -> tensor<2x3xf32>
  %centred = stablehlo.subtract %spread, %x : tensor<2x3xf32>
  %squares = stablehlo.multiply %centred, %centred : tensor<2x3xf32>
  %totals = stablehlo.reduce(%squares init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  %variances = stablehlo.divide %totals, %count : tensor<2xf32>
  %scales = stablehlo.rsqrt %variances : tensor<2xf32>
  %factors = stablehlo.broadcast_in_dim %scales, dims = [0] : (tensor<2xf32>) -> tensor<2x3xf32>
  %result = stablehlo.multiply %centred, %factors : tensor<2x3xf32>
  return %result : tensor<2x3xf32>
}
