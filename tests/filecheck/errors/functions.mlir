// RUN: tfrt-opt %s --split-input-file --verify-diagnostics

func.func @missing_result() -> i32 {
  // expected-error@+1 {{'tfrt.return' op has 0 operands, but enclosing function returns 1}}
  tfrt.return
}

// -----

func.func @wrong_result(%x: i32) -> i64 {
  // expected-error@+1 {{type of return operand 0 ('i32') doesn't match function result type ('i64')}}
  tfrt.return %x : i32
}

// -----

// expected-note@+1 {{see existing symbol definition here}}
func.func @twice() {
  tfrt.return
}
// expected-error@+1 {{redefinition of symbol named 'twice'}}
func.func @twice() {
  tfrt.return
}

// -----

func.func @unknown_callee(%x: i32) {
  // expected-error@+1 {{'tfrt.call' op 'nobody' does not reference a valid function}}
  tfrt.call @nobody(%x) : (i32) -> ()
  tfrt.return
}

// -----

func.func @wrong_arguments(%x: i32) {
  // expected-error@+1 {{'tfrt.call' op incorrect number of operands for callee}}
  tfrt.call @wrong_arguments(%x, %x) : (i32, i32) -> ()
  tfrt.return
}

// -----

func.func @region_results(%c: i1) {
  %r = tfrt.if %c : () -> (i32) {
    // expected-error@+1 {{'tfrt.return' op operand types don't match 'tfrt.if' result}}
    tfrt.return
  } else {
    %x = tfrt.constant.i32 1
    tfrt.return %x : i32
  }
  tfrt.return
}

// -----

func.func private @two(%a: i32, %b: i32) -> i32
func.func @arity(%x: i32, %c: i1) -> i32 {
  // expected-error@+1 {{'tfrt.case' op incorrect number of operands for branch 'two': it takes 2, but is given 1}}
  %a = tfrt.case %x [@two, @two] (%x) : (i32) -> (i32)
  // expected-error@+1 {{'tfrt.once' op incorrect number of operands for function 'two': it takes 2, but is given 1}}
  %b = tfrt.once @two(%x) : (i32) -> (i32)
  // expected-error@+1 {{'tfrt.while' op incorrect number of operands for body function 'two': it takes 2, but is given 1}}
  %d = tfrt.while %c @two(%x) parallel_iterations(1) : (i32) -> (i32)
  %e:2 = tfrt_test.do.async %x : (i32) -> (i32, i32) {
    // expected-error@+1 {{'tfrt.return' op operand types don't match 'tfrt_test.do.async' result}}
    tfrt.return %x : i32
  }
  // expected-error@+1 {{'tfrt.repeat.i32' op incorrect number of arguments to its block}}
  %f = "tfrt.repeat.i32"(%x, %x) ({
    %y = tfrt.constant.i32 1
    tfrt.return %y : i32
  }) : (i32, i32) -> i32
  tfrt.return %x : i32
}

// -----

func.func @f(%c: i1) {
  // expected-error@+1 {{'func.call' op incorrect number of operands for callee}}
  call @f() : () -> ()
  return
}

// -----

func.func @g(%c: i1) {
  tfrt.if %c : () -> () {
    // expected-error@+1 {{custom op 'return' is unknown}}
    return
  }
  return
}
