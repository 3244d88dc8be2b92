// Adds up the number of primes below 400, fifty times. What does not change is found out once, before the loop.
func.func @main() -> i32 {
  %times = tfrt.constant.i32 50
  %limit = tfrt.constant.i32 400
  %none = tfrt.constant.i32 0
  %primes = "trouble.count_primes"(%limit) : (i32) -> i32
  %sum:2 = tfrt.repeat.i32 %times, %none, %primes : i32, i32 {
    %more = tfrt.add.i32 %none, %primes
    tfrt.return %more, %primes : i32, i32
  }
  tfrt.return %sum#0 : i32
}
