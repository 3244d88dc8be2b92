// RUN: tfrt-translate --mlir-to-bef %s | bef-run --work_queue_type=s | filecheck %s

// The order in which the single-threaded queue runs kernels that nothing orders: programs exist that count on it.
// Chains are what orders side effects on every queue.

// Ready kernels of a stream run last in, first out: the last one that became ready goes first.
// CHECK-LABEL: --- Running 'last_in_first_out':
// CHECK-NEXT: int32 = 3
// CHECK-NEXT: int32 = 2
// CHECK-NEXT: int32 = 1
func.func @last_in_first_out() {
  %ch = tfrt.new.chain
  %one = tfrt.constant.i32 1
  %two = tfrt.constant.i32 2
  %three = tfrt.constant.i32 3
  %a = tfrt.print.i32 %one, %ch
  %b = tfrt.print.i32 %two, %ch
  %c = tfrt.print.i32 %three, %ch
  tfrt.return
}

// CHECK-LABEL: --- Running 'chained':
// CHECK-NEXT: int32 = 1
// CHECK-NEXT: int32 = 2
// CHECK-NEXT: int32 = 3
// CHECK-NEXT: 'chained' returned !tfrt.chain value
func.func @chained() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %one = tfrt.constant.i32 1
  %two = tfrt.constant.i32 2
  %three = tfrt.constant.i32 3
  %ch1 = tfrt.print.i32 %one, %ch0
  %ch2 = tfrt.print.i32 %two, %ch1
  %ch3 = tfrt.print.i32 %three, %ch2
  tfrt.return %ch3 : !tfrt.chain
}

// What does not depend on an asynchronous result goes on without it.
// CHECK-LABEL: --- Running 'not_held_up':
// CHECK-NEXT: int32 = 1
// CHECK-NEXT: int32 = 2
func.func @not_held_up() -> !tfrt.chain {
  %ch = tfrt.new.chain
  %one = tfrt.constant.i32 1
  %later = "tfrt_test.async_add.i32"(%one, %one) : (i32, i32) -> i32
  %a = tfrt.print.i32 %later, %ch
  %b = tfrt.print.i32 %one, %ch
  %both = tfrt.merge.chains %a, %b : !tfrt.chain, !tfrt.chain
  tfrt.return %both : !tfrt.chain
}

// Everything that a function started ends before the next function starts, even if nobody waits for it.
// CHECK-LABEL: --- Running 'unchained':
// CHECK-NEXT: 'unchained' returned 1
// CHECK-NEXT: int32 = 2
// CHECK-NEXT: --- Running 'next':
func.func @unchained() -> i32 {
  %ch = tfrt.new.chain
  %one = tfrt.constant.i32 1
  %later = "tfrt_test.async_add.i32"(%one, %one) : (i32, i32) -> i32
  %a = tfrt.print.i32 %later, %ch
  tfrt.return %one : i32
}

func.func @next() {
  tfrt.return
}
