// Fizz buzz: a loop, a decision within a decision, and a chain that keeps the lines in order.
//
//   tfrt-translate examples/fizzbuzz/fizzbuzz.mlir | bef-run --functions fizzbuzz

// Counts from 1 to 15.
func.func @fizzbuzz() -> !tfrt.chain {
  %start = tfrt.new.chain
  %one = tfrt.constant.i32 1
  %count = tfrt.constant.i32 15
  %end:2 = tfrt.repeat.i32 %count, %start, %one : !tfrt.chain, i32 {
    // In the loop's body, %start and %one are the chain and the number of this round.
    %printed = tfrt.call @line(%one, %start) : (i32, !tfrt.chain) -> !tfrt.chain
    %step = tfrt.constant.i32 1
    %next = tfrt.add.i32 %one, %step
    tfrt.return %printed, %next : !tfrt.chain, i32
  }
  tfrt.return %end#0 : !tfrt.chain
}

// Prints one line; the chain that it returns is ready once the line is printed.
func.func @line(%n: i32, %ch: !tfrt.chain) -> !tfrt.chain {
  %by3 = tfrt.call @is_multiple_of_3(%n) : (i32) -> i1
  %by5 = tfrt.call @is_multiple_of_5(%n) : (i32) -> i1
  %done = tfrt.if %by3, %by5, %n, %ch : (i1, i32, !tfrt.chain) -> (!tfrt.chain) {
    %inner = tfrt.if %by5, %ch : (!tfrt.chain) -> (!tfrt.chain) {
      %text = tfrt_test.get_string {value = "FizzBuzz"}
      %told = "tfrt_test.print_string"(%text, %ch) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
      tfrt.return %told : !tfrt.chain
    } else {
      %text = tfrt_test.get_string {value = "Fizz"}
      %told = "tfrt_test.print_string"(%text, %ch) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
      tfrt.return %told : !tfrt.chain
    }
    tfrt.return %inner : !tfrt.chain
  } else {
    %inner = tfrt.if %by5, %n, %ch : (i32, !tfrt.chain) -> (!tfrt.chain) {
      %text = tfrt_test.get_string {value = "Buzz"}
      %told = "tfrt_test.print_string"(%text, %ch) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
      tfrt.return %told : !tfrt.chain
    } else {
      %told = tfrt.print.i32 %n, %ch
      tfrt.return %told : !tfrt.chain
    }
    tfrt.return %inner : !tfrt.chain
  }
  tfrt.return %done : !tfrt.chain
}

func.func @is_multiple_of_3(%n: i32) -> i1 {
  %three = tfrt.constant.i32 3
  %zero = tfrt.constant.i32 0
  %quotient, %remainder = tfrt.div.i32 %n, %three
  %yes = tfrt.equal.i32 %remainder, %zero
  tfrt.return %yes : i1
}

func.func @is_multiple_of_5(%n: i32) -> i1 {
  %five = tfrt.constant.i32 5
  %zero = tfrt.constant.i32 0
  %quotient, %remainder = tfrt.div.i32 %n, %five
  %yes = tfrt.equal.i32 %remainder, %zero
  tfrt.return %yes : i1
}
