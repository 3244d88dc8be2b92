// Handwritten digits, recognised by a perceptron 64 -> 64 -> 10 over dense host tensors.
//
//   tfrt-translate examples/digits/digits.mlir -o digits.bef && bef-run digits.bef
//
// File paths are relative to the folder in which the program runs: the repository's root.
// `train.py` writes the files.

// Prints the share of the held-out digits that the network gets right.
func.func @accuracy() -> !tfrt.chain {
  %start = tfrt.new.chain
  %images_file = tfrt_test.get_string {value = "examples/digits/images.npy"}
  %labels_file = tfrt_test.get_string {value = "examples/digits/labels.npy"}

  // Reading blocks: these kernels run on the blocking pool, side by side. Their results are pending until then,
  // and whatever needs them waits.
  %images = "tfrt_npy.read_dense_tensor.f32.2"(%images_file) : (!tfrt.string) -> !tfrt_tensor.tensor
  %labels = "tfrt_npy.read_dense_tensor.i32.1"(%labels_file) : (!tfrt.string) -> !tfrt_tensor.tensor
  %digits = tfrt.call @classify(%images) : (!tfrt_tensor.tensor) -> !tfrt_tensor.tensor

  // 1 where the network and the label agree, 0 elsewhere; the mean of that is the accuracy. `equal_inplace`
  // overwrites its second operand, here the labels.
  %compared = "tfrt_test.equal_inplace.i32"(%digits, %labels, %start)
    : (!tfrt_tensor.tensor, !tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  %hits = tfrt_dht.create_uninitialized_tensor.f32.1 [360 : i64]
  %counted = "tfrt_test.cast.i32_to_f32"(%labels, %hits, %compared)
    : (!tfrt_tensor.tensor, !tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  %accuracy = "tfrt_test.reduce_mean.f32.1"(%hits, %counted)
    : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt_tensor.tensor

  %text = tfrt_test.get_string {value = "share of the 360 held-out digits recognised:"}
  %told = "tfrt_test.print_string"(%text, %counted) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
  %shown = tfrt_dht.print_tensor %accuracy, %told
  tfrt.return %shown : !tfrt.chain
}

// The digits (i32, shape [360]) that the network sees in images (f32, shape [360, 64]).
func.func @classify(%images: !tfrt_tensor.tensor) -> !tfrt_tensor.tensor {
  %start = tfrt.new.chain
  %file = tfrt_test.get_string {value = "examples/digits/weights.btf"}
  %i0 = tfrt.constant.i32 0
  %i1 = tfrt.constant.i32 1
  %i2 = tfrt.constant.i32 2
  %i3 = tfrt.constant.i32 3
  %weights1 = "btf.read_dense_tensor.f32.2"(%file, %i0) : (!tfrt.string, i32) -> !tfrt_tensor.tensor
  %bias1 = "btf.read_dense_tensor.f32.1"(%file, %i1) : (!tfrt.string, i32) -> !tfrt_tensor.tensor
  %weights2 = "btf.read_dense_tensor.f32.2"(%file, %i2) : (!tfrt.string, i32) -> !tfrt_tensor.tensor
  %bias2 = "btf.read_dense_tensor.f32.1"(%file, %i3) : (!tfrt.string, i32) -> !tfrt_tensor.tensor

  // `matmul` computes alpha * A * B + beta * C in place of C. With C the bias, once for each image, and both
  // factors 1, that is one layer.
  %one = tfrt.constant.f32 1.0

  %hidden_shape = ts.build_shape [360 : i64, 64 : i64]
  %hidden = "tfrt_test.broadcast.f32.2"(%bias1, %hidden_shape) : (!tfrt_tensor.tensor, !ts.shape) -> !tfrt_tensor.tensor
  %layer1 = "eigen.matmul.f32"(%one, %images, %weights1, %one, %hidden, %start)
    : (f32, !tfrt_tensor.tensor, !tfrt_tensor.tensor, f32, !tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  %active = "tfrt_test.relu_inplace.f32"(%hidden, %layer1) : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain

  %scores_shape = ts.build_shape [360 : i64, 10 : i64]
  %scores = "tfrt_test.broadcast.f32.2"(%bias2, %scores_shape) : (!tfrt_tensor.tensor, !ts.shape) -> !tfrt_tensor.tensor
  %layer2 = "eigen.matmul.f32"(%one, %hidden, %weights2, %one, %scores, %active)
    : (f32, !tfrt_tensor.tensor, !tfrt_tensor.tensor, f32, !tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain

  // The chain holds the reading back until the scores are written.
  %digits = "tfrt_test.argmax.f32.2"(%scores, %layer2) : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt_tensor.tensor
  tfrt.return %digits : !tfrt_tensor.tensor
}
