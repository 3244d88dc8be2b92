// TensorFlow's ops with attributes of every kind, in programs.
// RUN: tfrt-translate --mlir-to-bef %s | bef-run --test_init_function=register_cpu | filecheck %s

func.func @register_cpu() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  corert.register_op_handler %cpu "cpu"
  tfrt.return
}

// CHECK-LABEL: --- Running 'layers'
func.func @layers() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %cpu = corert.get_op_handler %ch0 "cpu"
  %images = corert.const_dense_tensor dense<[[[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]], [[7.0], [8.0], [9.0]]]]> : tensor<1x3x3x1xf32>
  %filters = corert.const_dense_tensor dense<[[[[1.0, 0.0]], [[0.0, 1.0]]], [[[0.0, 0.0]], [[1.0, 0.0]]]]> : tensor<2x2x1x2xf32>
  %conv = corert.executeop(%cpu) "tf.Conv2D"(%images, %filters) {padding = "VALID", strides = [1 : i64, 1 : i64, 1 : i64, 1 : i64], dilations = [1 : i64], data_format = "NHWC"} : 1
  // CHECK-NEXT: DenseHostTensor dtype = f32, shape = [1, 2, 2, 2], values = [6.000000e+00, 2.000000e+00, 8.000000e+00, 3.000000e+00, 1.200000e+01, 5.000000e+00, 1.400000e+01, 6.000000e+00]
  %ch1 = "corert.print_tensorhandle"(%conv, %ch0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %pool = corert.executeop(%cpu) "tf.MaxPool"(%images) {ksize = [1 : i64, 2 : i64, 2 : i64, 1 : i64], padding = "SAME", strides = [1 : i64, 2 : i64, 2 : i64, 1 : i64]} : 1
  // CHECK-NEXT: DenseHostTensor dtype = f32, shape = [1, 2, 2, 1], values = [5.000000e+00, 6.000000e+00, 8.000000e+00, 9.000000e+00]
  %ch2 = "corert.print_tensorhandle"(%pool, %ch1) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %one = corert.const_dense_tensor dense<[1.0]> : tensor<1xf32>
  %four = corert.const_dense_tensor dense<[3.0]> : tensor<1xf32>
  %norm, %mean, %variance, %r1, %r2, %r3 = corert.executeop(%cpu) "tf.FusedBatchNormV3"(%pool, %one, %one, %one, %four) {epsilon = 1.0 : f32, is_training = false} : 6
  // CHECK-NEXT: DenseHostTensor dtype = f32, shape = [1, 2, 2, 1], values = [3.000000e+00, 3.500000e+00, 4.500000e+00, 5.000000e+00]
  %ch3 = "corert.print_tensorhandle"(%norm, %ch2) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %axes = corert.const_dense_tensor dense<[1, -2]> : tensor<2xi32>
  %average = corert.executeop(%cpu) "tf.Mean"(%norm, %axes) {keep_dims = false} : 1
  // CHECK-NEXT: DenseHostTensor dtype = f32, shape = [1, 1], values = [4.000000e+00]
  %ch4 = "corert.print_tensorhandle"(%average, %ch3) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %weights = corert.const_dense_tensor dense<[[-1.0, 2.0]]> : tensor<1x2xf32>
  %bias = corert.const_dense_tensor dense<[1.0, -3.0]> : tensor<2xf32>
  %dense = corert.executeop(%cpu) "tf._FusedMatMul"(%average, %weights, %bias) {fused_ops = ["BiasAdd", "Relu"], transpose_a = false, transpose_b = false} : 1
  // CHECK-NEXT: DenseHostTensor dtype = f32, shape = [1, 2], values = [0.000000e+00, 5.000000e+00]
  %ch5 = "corert.print_tensorhandle"(%dense, %ch4) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %zeros = corert.executeop(%cpu) "tf.ZerosLike"(%dense) {T = f32} : 1
  %softmax = corert.executeop(%cpu) "tf.Softmax"(%zeros) : 1
  // CHECK-NEXT: DenseHostTensor dtype = f32, shape = [1, 2], values = [5.000000e-01, 5.000000e-01]
  %ch6 = "corert.print_tensorhandle"(%softmax, %ch5) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %sum = corert.executeop(%cpu) "tf.AddV2"(%zeros, %zeros) : 1
  // CHECK-NEXT: ScalarHostTensor dtype = f32, shape = [1, 2], value = 0.000000e+00
  %ch7 = "corert.print_tensorhandle"(%sum, %ch6) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %large = corert.executeop(%cpu) "tf.Less"(%zeros, %dense) : 1
  // CHECK-NEXT: DenseHostTensor dtype = i1, shape = [1, 2], values = [0, 1]
  %ch8 = "corert.print_tensorhandle"(%large, %ch7) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch8 : !tfrt.chain
}

// CHECK-LABEL: --- Running 'shapes'
func.func @shapes() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %cpu = corert.get_op_handler %ch0 "cpu"
  %a = corert.executeop(%cpu) "tf.Const"() {value = dense<[[1, 2]]> : tensor<1x2xi64>, dtype = i64} : 1
  %multiples = corert.const_dense_tensor dense<[2, 1]> : tensor<2xi32>
  %tiled = corert.executeop(%cpu) "tf.Tile"(%a, %multiples) : 1
  // CHECK-NEXT: DenseHostTensor dtype = i64, shape = [2, 2], values = [1, 2, 1, 2]
  %ch1 = "corert.print_tensorhandle"(%tiled, %ch0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %paddings = corert.const_dense_tensor dense<[[1, 0], [0, 1]]> : tensor<2x2xi32>
  %padded = corert.executeop(%cpu) "tf.Pad"(%tiled, %paddings) : 1
  // CHECK-NEXT: DenseHostTensor dtype = i64, shape = [3, 3], values = [0, 0, 0, 1, 2, 0, 1, 2, 0]
  %ch2 = "corert.print_tensorhandle"(%padded, %ch1) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %perm = corert.const_dense_tensor dense<[1, 0]> : tensor<2xi64>
  %turned = corert.executeop(%cpu) "tf.Transpose"(%tiled, %perm) : 1
  // CHECK-NEXT: DenseHostTensor dtype = i64, shape = [2, 2], values = [1, 1, 2, 2]
  %ch3 = "corert.print_tensorhandle"(%turned, %ch2) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %axis = corert.const_dense_tensor dense<-1> : tensor<i32>
  %expanded = corert.executeop(%cpu) "tf.ExpandDims"(%turned, %axis) : 1
  %shape = corert.executeop(%cpu) "tf.Shape"(%expanded) {out_type = i64} : 1
  // CHECK-NEXT: DenseHostTensor dtype = i64, shape = [3], values = [2, 2, 1]
  %ch4 = "corert.print_tensorhandle"(%shape, %ch3) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %halves = corert.executeop(%cpu) "tf.Cast"(%turned) {DstT = f64} : 1
  // CHECK-NEXT: DenseHostTensor dtype = f64, shape = [2, 2], values = [1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00]
  %ch5 = "corert.print_tensorhandle"(%halves, %ch4) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch5 : !tfrt.chain
}
