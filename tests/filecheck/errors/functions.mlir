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
