// RUN: tfrt-translate --split-input-file --verify-diagnostics %s

func.func @f(%x: tensor<f32>, %p: tensor<i1>) -> tensor<f32> {
  %0 = tf_executor.graph {
    // expected-error@+1 {{custom op 'tf_executor.Switch' is not supported: the graph's control flow is of dead tokens; export it with functional control flow, by tf.mlir.experimental.convert_function}}
    %f, %t, %c = tf_executor.Switch %x, %p : tensor<f32>
    // expected-error@+1 {{custom op 'tf_executor.Merge' is not supported}}
    %m, %i, %d = tf_executor.Merge %f, %t : tensor<f32>
    tf_executor.fetch %m : tensor<f32>
  }
  return %0 : tensor<f32>
}

// -----

func.func @g() {
  // expected-error@+1 {{custom op 'tf_executor.Nothing' is unknown}}
  tf_executor.Nothing
  return
}
