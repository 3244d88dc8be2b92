// RUN: tfrt-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

func.func @generic_form() {
  // expected-error@+1 {{expected '(', found ':'}}
  "x.op" : () -> ()
  tfrt.return
}

// -----

func.func @attribute() {
  // expected-error@+1 {{undefined symbol alias id 'nothing'}}
  "x.op"() {a = #nothing} : () -> ()
  tfrt.return
}

// -----

func.func @duplicate() {
  // expected-error@+1 {{duplicate key 'a' in dictionary attribute}}
  "x.op"() {a = 1 : i32, a = 2 : i32} : () -> ()
  tfrt.return
}

// -----

func.func @string() {
  // expected-error@+1 {{expected '"' in string literal}}
  "x.op"() {a = "unterminated} : () -> ()
  tfrt.return
}

// -----

func.func @dense() {
  // expected-error@+1 {{inferred shape of elements literal ([3]) does not match type ([2])}}
  "x.op"() {a = dense<[1, 2, 3]> : tensor<2xi32>} : () -> ()
  tfrt.return
}

// -----

func.func @range() {
  // expected-error@+1 {{integer constant out of range for attribute}}
  %x = tfrt.constant.i32 99999999999
  tfrt.return
}

// -----

func.func @not_an_integer() {
  // expected-error@+1 {{floating point value not valid for specified type}}
  %x = tfrt.constant.i32 1.5
  tfrt.return
}

// -----

func.func @unknown_op() {
  // expected-error@+1 {{custom op 'tfrt.nonsense' is unknown}}
  tfrt.nonsense
  tfrt.return
}

// -----

// expected-error@+1 {{unknown type '!ts.nothing' in dialect 'ts'}}
func.func @unknown_type(%x: !ts.nothing) {
  tfrt.return
}

// -----

// expected-error@+1 {{expected a type or '(', found '%y'}}
func.func @custom_operand(%x: i32, %y: %y) {
  tfrt.return
}
