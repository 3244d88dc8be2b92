// Fibonacci numbers, once by recursion and once by a loop.
//
//   tfrt-translate examples/fib/fib.mlir -o fib.bef
//   bef-run fib.bef                                        runs the functions without arguments
//   bef-run fib.bef --function fib --input 20              runs one function on an input
//   bef-run fib.bef --function fib --input 20 --expected_output 6765

// The number at position %n, counting from fib(0) = 0.
func.func @fib(%n: i32) -> i32 {
  %one = tfrt.constant.i32 1
  %small = "tfrt.lessequal.i32"(%n, %one) : (i32, i32) -> i1
  %result = tfrt.if %small, %n, %one : (i32, i32) -> (i32) {
    tfrt.return %n : i32
  } else {
    %n1 = "tfrt.minus.i32"(%n, %one) : (i32, i32) -> i32
    %n2 = "tfrt.minus.i32"(%n1, %one) : (i32, i32) -> i32
    // Neither call needs the other's result, so the two may run at the same time.
    %f1 = tfrt.call @fib(%n1) : (i32) -> i32
    %f2 = tfrt.call @fib(%n2) : (i32) -> i32
    %sum = tfrt.add.i32 %f1, %f2
    tfrt.return %sum : i32
  }
  tfrt.return %result : i32
}

// The same by counting: each round turns two neighbours into the next two.
func.func @fib_by_loop(%n: i32) -> i32 {
  %a = tfrt.constant.i32 0
  %b = tfrt.constant.i32 1
  %last:2 = tfrt.repeat.i32 %n, %a, %b : i32, i32 {
    %sum = tfrt.add.i32 %a, %b
    tfrt.return %b, %sum : i32, i32
  }
  tfrt.return %last#0 : i32
}

func.func @main() -> (i32, i32) {
  %fifteen = tfrt.constant.i32 15
  %recursive = tfrt.call @fib(%fifteen) : (i32) -> i32
  %counted = tfrt.call @fib_by_loop(%fifteen) : (i32) -> i32
  tfrt.return %recursive, %counted : i32, i32
}
