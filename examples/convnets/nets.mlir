// Two convolutional networks as programs of the core runtime: every layer is an op on an op handler, and the shapes
// of a whole network are known before the first element is computed.
//
//   tfrt-translate examples/convnets/nets.mlir -o nets.bef && bef-run nets.bef --test_init_function=register_cpu
//
// File paths are relative to the folder in which the program runs: the repository's root. `train.py` writes the
// files; `run.py` runs the same networks from Python, op by op, and compares.

func.func @register_cpu() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %ch = corert.register_op_handler %cpu "cpu"
  tfrt.return
}

// Tensors of a weights file, by their number in it. Reading blocks: it happens on the blocking pool, and the layers
// wait for nothing but their own weights.
func.func @filters(%file: !tfrt.string, %index: i32, %ch: !tfrt.chain) -> !corert.tensorhandle {
  %t = "btf.read_dense_tensor.f32.4"(%file, %index) : (!tfrt.string, i32) -> !tfrt_tensor.tensor
  %h = "corert.ht_to_tensorhandle"(%t, %ch) : (!tfrt_tensor.tensor, !tfrt.chain) -> !corert.tensorhandle
  tfrt.return %h : !corert.tensorhandle
}
func.func @matrix(%file: !tfrt.string, %index: i32, %ch: !tfrt.chain) -> !corert.tensorhandle {
  %t = "btf.read_dense_tensor.f32.2"(%file, %index) : (!tfrt.string, i32) -> !tfrt_tensor.tensor
  %h = "corert.ht_to_tensorhandle"(%t, %ch) : (!tfrt_tensor.tensor, !tfrt.chain) -> !corert.tensorhandle
  tfrt.return %h : !corert.tensorhandle
}
func.func @vector(%file: !tfrt.string, %index: i32, %ch: !tfrt.chain) -> !corert.tensorhandle {
  %t = "btf.read_dense_tensor.f32.1"(%file, %index) : (!tfrt.string, i32) -> !tfrt_tensor.tensor
  %h = "corert.ht_to_tensorhandle"(%t, %ch) : (!tfrt_tensor.tensor, !tfrt.chain) -> !corert.tensorhandle
  tfrt.return %h : !corert.tensorhandle
}

// The held-out digits, ui8 of shape [360, 8, 8, 1], as f32 from 0 to 1.
func.func @images(%ch: !tfrt.chain) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  %file = tfrt_test.get_string {value = "examples/convnets/images.npy"}
  %t = "tfrt_npy.read_dense_tensor.ui8.4"(%file) : (!tfrt.string) -> !tfrt_tensor.tensor
  %ink = "corert.ht_to_tensorhandle"(%t, %ch) : (!tfrt_tensor.tensor, !tfrt.chain) -> !corert.tensorhandle
  %pixels = corert.executeop(%cpu) "tf.Cast"(%ink) {DstT = f32} : 1
  %scale = corert.const_dense_tensor dense<0.0625> : tensor<f32>
  %images = corert.executeop(%cpu) "tf.Mul"(%pixels, %scale) : 1
  tfrt.return %images : !corert.tensorhandle
}

// Convolution, bias, ReLU and pooling, twice; then layers that see the whole image, as convolutions of its size.
// The logits of the ten digits, f32 of shape [N, 10].
func.func @lenet(%ch: !tfrt.chain, %any_images: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  // With all shapes known, -O2 makes kernels on arrays of the ops below.
  %images = corert.ensure_metadata %any_images {metadata = [[f32, 360, 8, 8, 1]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %file = tfrt_test.get_string {value = "examples/convnets/lenet.btf"}
  %i0 = tfrt.constant.i32 0
  %w1 = tfrt.call @filters(%file, %i0, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i1 = tfrt.constant.i32 1
  %b1 = tfrt.call @vector(%file, %i1, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %k1:2 = corert.ensure_metadata %w1, %b1
    {metadata = [[f32, 3, 3, 1, 8], [f32, 8]]}
    : (!corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle)
  %c1 = corert.executeop(%cpu) "tf.Conv2D"(%images, %k1#0) {padding = "SAME", strides = [1, 1, 1, 1]} : 1
  %a1 = corert.executeop(%cpu) "tf.BiasAdd"(%c1, %k1#1) : 1
  %r1 = corert.executeop(%cpu) "tf.Relu"(%a1) : 1
  %p1 = corert.executeop(%cpu) "tf.MaxPool"(%r1) {ksize = [1, 2, 2, 1], padding = "VALID", strides = [1, 2, 2, 1]} : 1
  %i2 = tfrt.constant.i32 2
  %w2 = tfrt.call @filters(%file, %i2, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i3 = tfrt.constant.i32 3
  %b2 = tfrt.call @vector(%file, %i3, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %k2:2 = corert.ensure_metadata %w2, %b2
    {metadata = [[f32, 3, 3, 8, 16], [f32, 16]]}
    : (!corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle)
  %c2 = corert.executeop(%cpu) "tf.Conv2D"(%p1, %k2#0) {padding = "SAME", strides = [1, 1, 1, 1]} : 1
  %a2 = corert.executeop(%cpu) "tf.BiasAdd"(%c2, %k2#1) : 1
  %r2 = corert.executeop(%cpu) "tf.Relu"(%a2) : 1
  %p2 = corert.executeop(%cpu) "tf.MaxPool"(%r2) {ksize = [1, 2, 2, 1], padding = "VALID", strides = [1, 2, 2, 1]} : 1
  %i4 = tfrt.constant.i32 4
  %w3 = tfrt.call @filters(%file, %i4, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i5 = tfrt.constant.i32 5
  %b3 = tfrt.call @vector(%file, %i5, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %k3:2 = corert.ensure_metadata %w3, %b3
    {metadata = [[f32, 2, 2, 16, 32], [f32, 32]]}
    : (!corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle)
  %c3 = corert.executeop(%cpu) "tf.Conv2D"(%p2, %k3#0) {padding = "VALID", strides = [1, 1, 1, 1]} : 1
  %a3 = corert.executeop(%cpu) "tf.BiasAdd"(%c3, %k3#1) : 1
  %r3 = corert.executeop(%cpu) "tf.Relu"(%a3) : 1
  %i6 = tfrt.constant.i32 6
  %w4 = tfrt.call @filters(%file, %i6, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i7 = tfrt.constant.i32 7
  %b4 = tfrt.call @vector(%file, %i7, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %k4:2 = corert.ensure_metadata %w4, %b4
    {metadata = [[f32, 1, 1, 32, 10], [f32, 10]]}
    : (!corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle)
  %c4 = corert.executeop(%cpu) "tf.Conv2D"(%r3, %k4#0) {padding = "VALID", strides = [1, 1, 1, 1]} : 1
  %a4 = corert.executeop(%cpu) "tf.BiasAdd"(%c4, %k4#1) : 1
  %axes = corert.const_dense_tensor dense<[1, 2]> : tensor<2xi32>
  %logits = corert.executeop(%cpu) "tf.Mean"(%a4, %axes) : 1
  tfrt.return %logits : !corert.tensorhandle
}

// A stem, a residual block, and a residual block that halves the image and doubles the channels.
func.func @resnet(%ch: !tfrt.chain, %any_images: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  // With all shapes known, -O2 makes kernels on arrays of the ops below.
  %images = corert.ensure_metadata %any_images {metadata = [[f32, 360, 8, 8, 1]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %file = tfrt_test.get_string {value = "examples/convnets/resnet.btf"}
  // The stem.
  %i0 = tfrt.constant.i32 0
  %w1 = tfrt.call @filters(%file, %i0, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i1 = tfrt.constant.i32 1
  %scale1 = tfrt.call @vector(%file, %i1, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i2 = tfrt.constant.i32 2
  %offset1 = tfrt.call @vector(%file, %i2, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i3 = tfrt.constant.i32 3
  %mean1 = tfrt.call @vector(%file, %i3, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i4 = tfrt.constant.i32 4
  %variance1 = tfrt.call @vector(%file, %i4, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %k1:5 = corert.ensure_metadata %w1, %scale1, %offset1, %mean1, %variance1
    {metadata = [[f32, 3, 3, 1, 16], [f32, 16], [f32, 16], [f32, 16], [f32, 16]]}
    : (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle)
  %c1 = corert.executeop(%cpu) "tf.Conv2D"(%images, %k1#0) {padding = "SAME", strides = [1, 1, 1, 1]} : 1
  %n1:6 = corert.executeop(%cpu) "tf.FusedBatchNormV3"(%c1, %k1#1, %k1#2, %k1#3, %k1#4) {epsilon = 0.001 : f32, is_training = false} : 6
  %stem = corert.executeop(%cpu) "tf.Relu"(%n1#0) : 1
  // The first block.
  %i5 = tfrt.constant.i32 5
  %w2 = tfrt.call @filters(%file, %i5, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i6 = tfrt.constant.i32 6
  %scale2 = tfrt.call @vector(%file, %i6, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i7 = tfrt.constant.i32 7
  %offset2 = tfrt.call @vector(%file, %i7, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i8 = tfrt.constant.i32 8
  %mean2 = tfrt.call @vector(%file, %i8, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i9 = tfrt.constant.i32 9
  %variance2 = tfrt.call @vector(%file, %i9, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %k2:5 = corert.ensure_metadata %w2, %scale2, %offset2, %mean2, %variance2
    {metadata = [[f32, 3, 3, 16, 16], [f32, 16], [f32, 16], [f32, 16], [f32, 16]]}
    : (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle)
  %c2 = corert.executeop(%cpu) "tf.Conv2D"(%stem, %k2#0) {padding = "SAME", strides = [1, 1, 1, 1]} : 1
  %n2:6 = corert.executeop(%cpu) "tf.FusedBatchNormV3"(%c2, %k2#1, %k2#2, %k2#3, %k2#4) {epsilon = 0.001 : f32, is_training = false} : 6
  %r2 = corert.executeop(%cpu) "tf.Relu"(%n2#0) : 1
  %i10 = tfrt.constant.i32 10
  %w3 = tfrt.call @filters(%file, %i10, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i11 = tfrt.constant.i32 11
  %scale3 = tfrt.call @vector(%file, %i11, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i12 = tfrt.constant.i32 12
  %offset3 = tfrt.call @vector(%file, %i12, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i13 = tfrt.constant.i32 13
  %mean3 = tfrt.call @vector(%file, %i13, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i14 = tfrt.constant.i32 14
  %variance3 = tfrt.call @vector(%file, %i14, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %k3:5 = corert.ensure_metadata %w3, %scale3, %offset3, %mean3, %variance3
    {metadata = [[f32, 3, 3, 16, 16], [f32, 16], [f32, 16], [f32, 16], [f32, 16]]}
    : (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle)
  %c3 = corert.executeop(%cpu) "tf.Conv2D"(%r2, %k3#0) {padding = "SAME", strides = [1, 1, 1, 1]} : 1
  %n3:6 = corert.executeop(%cpu) "tf.FusedBatchNormV3"(%c3, %k3#1, %k3#2, %k3#3, %k3#4) {epsilon = 0.001 : f32, is_training = false} : 6
  %s3 = corert.executeop(%cpu) "tf.AddV2"(%stem, %n3#0) : 1
  %block1 = corert.executeop(%cpu) "tf.Relu"(%s3) : 1
  // The second block; its shortcut halves the image, too.
  %i15 = tfrt.constant.i32 15
  %w4 = tfrt.call @filters(%file, %i15, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i16 = tfrt.constant.i32 16
  %scale4 = tfrt.call @vector(%file, %i16, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i17 = tfrt.constant.i32 17
  %offset4 = tfrt.call @vector(%file, %i17, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i18 = tfrt.constant.i32 18
  %mean4 = tfrt.call @vector(%file, %i18, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i19 = tfrt.constant.i32 19
  %variance4 = tfrt.call @vector(%file, %i19, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %k4:5 = corert.ensure_metadata %w4, %scale4, %offset4, %mean4, %variance4
    {metadata = [[f32, 3, 3, 16, 32], [f32, 32], [f32, 32], [f32, 32], [f32, 32]]}
    : (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle)
  %c4 = corert.executeop(%cpu) "tf.Conv2D"(%block1, %k4#0) {padding = "SAME", strides = [1, 2, 2, 1]} : 1
  %n4:6 = corert.executeop(%cpu) "tf.FusedBatchNormV3"(%c4, %k4#1, %k4#2, %k4#3, %k4#4) {epsilon = 0.001 : f32, is_training = false} : 6
  %r4 = corert.executeop(%cpu) "tf.Relu"(%n4#0) : 1
  %i20 = tfrt.constant.i32 20
  %w5 = tfrt.call @filters(%file, %i20, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i21 = tfrt.constant.i32 21
  %scale5 = tfrt.call @vector(%file, %i21, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i22 = tfrt.constant.i32 22
  %offset5 = tfrt.call @vector(%file, %i22, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i23 = tfrt.constant.i32 23
  %mean5 = tfrt.call @vector(%file, %i23, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i24 = tfrt.constant.i32 24
  %variance5 = tfrt.call @vector(%file, %i24, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %k5:5 = corert.ensure_metadata %w5, %scale5, %offset5, %mean5, %variance5
    {metadata = [[f32, 3, 3, 32, 32], [f32, 32], [f32, 32], [f32, 32], [f32, 32]]}
    : (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle)
  %c5 = corert.executeop(%cpu) "tf.Conv2D"(%r4, %k5#0) {padding = "SAME", strides = [1, 1, 1, 1]} : 1
  %n5:6 = corert.executeop(%cpu) "tf.FusedBatchNormV3"(%c5, %k5#1, %k5#2, %k5#3, %k5#4) {epsilon = 0.001 : f32, is_training = false} : 6
  %i25 = tfrt.constant.i32 25
  %w6 = tfrt.call @filters(%file, %i25, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i26 = tfrt.constant.i32 26
  %scale6 = tfrt.call @vector(%file, %i26, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i27 = tfrt.constant.i32 27
  %offset6 = tfrt.call @vector(%file, %i27, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i28 = tfrt.constant.i32 28
  %mean6 = tfrt.call @vector(%file, %i28, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i29 = tfrt.constant.i32 29
  %variance6 = tfrt.call @vector(%file, %i29, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %k6:5 = corert.ensure_metadata %w6, %scale6, %offset6, %mean6, %variance6
    {metadata = [[f32, 1, 1, 16, 32], [f32, 32], [f32, 32], [f32, 32], [f32, 32]]}
    : (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle, !corert.tensorhandle)
  %c6 = corert.executeop(%cpu) "tf.Conv2D"(%block1, %k6#0) {padding = "SAME", strides = [1, 2, 2, 1]} : 1
  %n6:6 = corert.executeop(%cpu) "tf.FusedBatchNormV3"(%c6, %k6#1, %k6#2, %k6#3, %k6#4) {epsilon = 0.001 : f32, is_training = false} : 6
  %s6 = corert.executeop(%cpu) "tf.AddV2"(%n6#0, %n5#0) : 1
  %block2 = corert.executeop(%cpu) "tf.Relu"(%s6) : 1
  %axes = corert.const_dense_tensor dense<[1, 2]> : tensor<2xi32>
  %features = corert.executeop(%cpu) "tf.Mean"(%block2, %axes) : 1
  %i30 = tfrt.constant.i32 30
  %w7 = tfrt.call @matrix(%file, %i30, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %i31 = tfrt.constant.i32 31
  %b7 = tfrt.call @vector(%file, %i31, %ch) : (!tfrt.string, i32, !tfrt.chain) -> !corert.tensorhandle
  %k7:2 = corert.ensure_metadata %w7, %b7
    {metadata = [[f32, 32, 10], [f32, 10]]}
    : (!corert.tensorhandle, !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle)
  %product = corert.executeop(%cpu) "tf.MatMul"(%features, %k7#0) {transpose_a = false, transpose_b = false} : 1
  %logits = corert.executeop(%cpu) "tf.BiasAdd"(%product, %k7#1) : 1
  tfrt.return %logits : !corert.tensorhandle
}

// The share of the held-out digits for which the logits are right.
func.func @accuracy(%ch: !tfrt.chain, %logits: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "cpu"
  %file = tfrt_test.get_string {value = "examples/digits/labels.npy"}
  %t = "tfrt_npy.read_dense_tensor.i32.1"(%file) : (!tfrt.string) -> !tfrt_tensor.tensor
  %labels = "corert.ht_to_tensorhandle"(%t, %ch) : (!tfrt_tensor.tensor, !tfrt.chain) -> !corert.tensorhandle
  %digits = corert.executeop(%cpu) "tfrt_test.argmax"(%logits) {axis = 1 : i32} : 1
  %right = corert.executeop(%cpu) "tfrt_test.equal"(%digits, %labels) : 1
  %hits = corert.executeop(%cpu) "tfrt_test.cast"(%right) {type = "f32"} : 1
  %share = corert.executeop(%cpu) "tfrt_test.reduce_mean"(%hits) {axis = 0 : i32} : 1
  tfrt.return %share : !corert.tensorhandle
}

func.func @main() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %images = tfrt.call @images(%ch0) : (!tfrt.chain) -> !corert.tensorhandle
  %lenet = tfrt.call @lenet(%ch0, %images) : (!tfrt.chain, !corert.tensorhandle) -> !corert.tensorhandle
  %resnet = tfrt.call @resnet(%ch0, %images) : (!tfrt.chain, !corert.tensorhandle) -> !corert.tensorhandle
  %share1 = tfrt.call @accuracy(%ch0, %lenet) : (!tfrt.chain, !corert.tensorhandle) -> !corert.tensorhandle
  %share2 = tfrt.call @accuracy(%ch0, %resnet) : (!tfrt.chain, !corert.tensorhandle) -> !corert.tensorhandle
  %text1 = tfrt_test.get_string {value = "share of the held-out digits recognised by LeNet:"}
  %ch1 = "tfrt_test.print_string"(%text1, %ch0) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
  %ch2 = "corert.print_tensorhandle"(%share1, %ch1) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  %text2 = tfrt_test.get_string {value = "by ResNet:"}
  %ch3 = "tfrt_test.print_string"(%text2, %ch2) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
  %ch4 = "corert.print_tensorhandle"(%share2, %ch3) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch4 : !tfrt.chain
}
