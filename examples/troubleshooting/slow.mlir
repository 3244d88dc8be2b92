// Adds up the number of primes below 400, fifty times.
func.func @main() -> i32 {
  %times = tfrt.constant.i32 50
  %limit = tfrt.constant.i32 400
  %none = tfrt.constant.i32 0
  %sum:2 = tfrt.repeat.i32 %times, %none, %limit : i32, i32 {
    %primes = "trouble.count_primes"(%limit) : (i32) -> i32
    %more = tfrt.add.i32 %none, %primes
    tfrt.return %more, %limit : i32, i32
  }
  tfrt.return %sum#0 : i32
}
