// RUN: tfrt-opt %s -inline | filecheck %s

// Private functions go with their last call, those that others refer to stay, as do public ones.
// CHECK-NOT: @gone
func.func private @gone(%x: i32) -> i32 {
  %y = tfrt.call @gone_too(%x) : (i32) -> i32
  tfrt.return %y : i32
}

func.func private @gone_too(%x: i32) -> i32 {
  tfrt.return %x : i32
}

// CHECK: func.func private @never_called
func.func private @never_called(%x: i32) -> i32 {
  tfrt.return %x : i32
}

// CHECK: func.func private @referred
func.func private @referred(%x: i32) -> i32 {
  tfrt.return %x : i32
}

// CHECK: func.func @public
func.func @public(%x: i32) -> i32 {
  tfrt.return %x : i32
}

// CHECK: func.func @caller
// CHECK-NOT: @gone
func.func @caller(%x: i32) -> i32 {
  %a = tfrt.call @gone(%x) : (i32) -> i32
  %b = tfrt.call @public(%a) : (i32) -> i32
  %c = tfrt.call @referred(%b) : (i32) -> i32
  %r, %n = "tfrt_test.benchmark.like"(%c) {f = @referred} : (i32) -> (i32, i32)
  tfrt.return %r : i32
}
