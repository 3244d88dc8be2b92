// RUN: tfrt-opt -p 'lower-stablehlo,plan-buffers' %s | filecheck %s

// The state is copied once, then each iteration overwrites it; what reads it is done before the next one starts.
// CHECK-LABEL: func.func @collect
// CHECK: [[YS:%.+]] = cpu.own %arg1
// CHECK: tfrt.repeat.i32 {{.*}}, [[YS]]
// CHECK: [[NEW:%.+]] = cpu.call_into [[YS]], {{.*}}, [[YS]] {{.*}}op_name = "stablehlo.dynamic_update_slice"
// CHECK: [[READ:%.+]] = cpu.call [[NEW]], {{.*}}op_name = "stablehlo.reduce"
// CHECK: [[THERE:%.+]] = cpu.settled [[NEW]], [[READ]]
// CHECK-NEXT: tfrt.return {{.*}}, [[THERE]]
func.func @collect(%x: tensor<64xf32>, %ys: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64xf32>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:3 = stablehlo.while(%i = %zero, %a = %ys, %s = %x) : tensor<i32>, tensor<64x64xf32>, tensor<64xf32> cond {
    %n = stablehlo.constant dense<64> : tensor<i32>
    %more = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %start = stablehlo.constant dense<0> : tensor<i32>
    %init = stablehlo.constant dense<0.0> : tensor<f32>
    %j = stablehlo.add %i, %one : tensor<i32>
    %row = stablehlo.reshape %s : (tensor<64xf32>) -> tensor<1x64xf32>
    %b = stablehlo.dynamic_update_slice %a, %row, %i, %start : (tensor<64x64xf32>, tensor<1x64xf32>, tensor<i32>, tensor<i32>) -> tensor<64x64xf32>
    %t = stablehlo.reduce(%b init: %init) applies stablehlo.add across dimensions = [0] : (tensor<64x64xf32>, tensor<f32>) -> tensor<64xf32>
    stablehlo.return %j, %b, %t : tensor<i32>, tensor<64x64xf32>, tensor<64xf32>
  }
  return %r#1, %r#2 : tensor<64x64xf32>, tensor<64xf32>
}

// What is read after it was overwritten, is kept elsewhere, or is handed on twice, is not overwritten.
// CHECK-LABEL: func.func @others
// CHECK-NOT: cpu.copy
// CHECK-NOT: _into
func.func @others(%x: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:4 = stablehlo.while(%i = %zero, %a = %x, %b = %x, %c = %x) : tensor<i32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32> cond {
    %n = stablehlo.constant dense<64> : tensor<i32>
    %more = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    %t = stablehlo.tanh %a : tensor<64x64xf32>
    stablehlo.return %j, %t, %t, %a : tensor<i32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
  }
  return %r#1, %r#3 : tensor<64x64xf32>, tensor<64x64xf32>
}

// However small it is, what a loop collects is overwritten; what else looks at it is read before that, so a copy is made.
// CHECK-LABEL: func.func @collect_few
// CHECK: [[YS:%.+]] = cpu.own %arg1
// CHECK: tfrt.repeat.i32 {{.*}}, [[YS]]
// CHECK: cpu.call_into [[YS]], {{.*}}, [[YS]] {{.*}}op_name = "stablehlo.dynamic_update_slice"
// CHECK-NOT: cpu.settled
// CHECK-LABEL: func.func @look_at_few
// CHECK-NOT: cpu.call_into
// CHECK-LABEL: func.func @nested
func.func @collect_few(%x: tensor<1xf32>, %ys: tensor<9xf32>) -> tensor<9xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:2 = stablehlo.while(%i = %zero, %a = %ys) : tensor<i32>, tensor<9xf32> cond {
    %n = stablehlo.constant dense<9> : tensor<i32>
    %more = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    %b = stablehlo.dynamic_update_slice %a, %x, %i : (tensor<9xf32>, tensor<1xf32>, tensor<i32>) -> tensor<9xf32>
    stablehlo.return %j, %b : tensor<i32>, tensor<9xf32>
  }
  return %r#1 : tensor<9xf32>
}
func.func @look_at_few(%ys: tensor<9xf32>) -> tensor<9xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:2 = stablehlo.while(%i = %zero, %a = %ys) : tensor<i32>, tensor<9xf32> cond {
    %n = stablehlo.constant dense<9> : tensor<i32>
    %more = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    %last = stablehlo.slice %a [8:9] : (tensor<9xf32>) -> tensor<1xf32>
    %b = stablehlo.dynamic_update_slice %a, %last, %i : (tensor<9xf32>, tensor<1xf32>, tensor<i32>) -> tensor<9xf32>
    stablehlo.return %j, %b : tensor<i32>, tensor<9xf32>
  }
  return %r#1 : tensor<9xf32>
}

// An inner loop goes on in the memory that the outer one was given.
// CHECK: cpu.own %arg0
// CHECK-NOT: cpu.copy
// CHECK: cpu.elementwise_into
// CHECK-NOT: cpu.copy
// CHECK: tfrt.return
func.func @nested(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:2 = stablehlo.while(%i = %zero, %a = %x) : tensor<i32>, tensor<64x64xf32> cond {
    %n = stablehlo.constant dense<64> : tensor<i32>
    %more = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    %s:2 = stablehlo.while(%k = %i, %b = %a) : tensor<i32>, tensor<64x64xf32> cond {
      %n = stablehlo.constant dense<64> : tensor<i32>
      %more = stablehlo.compare LT, %k, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %more : tensor<i1>
    } do {
      %two = stablehlo.constant dense<2> : tensor<i32>
      %l = stablehlo.add %k, %two : tensor<i32>
      %t = stablehlo.tanh %b : tensor<64x64xf32>
      stablehlo.return %l, %t : tensor<i32>, tensor<64x64xf32>
    }
    stablehlo.return %j, %s#1 : tensor<i32>, tensor<64x64xf32>
  }
  return %r#1 : tensor<64x64xf32>
}
