// Fixed-point numbers, by themselves and in tensors on the accelerator.

func.func @volume(%x: !fixed.q16) -> !fixed.q16 {
  %one = fixed.constant 1.0
  %quarter = fixed.constant 0.25
  %same = fixed.multiply %x by %one
  %y = fixed.multiply %same by %quarter
  tfrt.return %y : !fixed.q16
}

func.func @main() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %x = fixed.constant 10.00001
  %y = tfrt.call @volume(%x) : (!fixed.q16) -> !fixed.q16
  %f = fixed.to_f32 %y
  %ch1 = tfrt.print.f32 %f, %ch0

  %accelerator = corert.get_op_handler %ch1 "fixed"
  %t = corert.const_dense_tensor dense<[-1.0, 0.1, 2.0, 40000.0]> : tensor<4xf32>
  %a = corert.executeop(%accelerator) "fixed.Scale"(%t) {factor = 0.5 : f32} : 1
  %b = corert.executeop(%accelerator) "tf.Relu"(%a) : 1

  // The accelerator cannot print, so its fallback does, and the tensor is copied to the host for it.
  %ch2 = corert.executeop.seq(%accelerator, %ch1) "tfrt_test.print"(%b) : 0
  tfrt.return %ch2 : !tfrt.chain
}
