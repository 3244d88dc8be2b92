// RUN: tfrt-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

func.func @undeclared() -> i32 {
  // expected-error@+1 {{use of undeclared SSA value name '%y'}}
  %x = tfrt.add.i32 %y, %y
  tfrt.return %x : i32
}

// -----

// Several mistakes in one run.
func.func @two_mistakes(%x: i32) {
  // expected-error@+1 {{use of undeclared SSA value name '%a'}}
  %y = tfrt.add.i32 %x, %a
  // expected-error@+1 {{use of undeclared SSA value name '%b'}}
  %z = tfrt.add.i32 %b, %x
  tfrt.return
}

// -----

func.func @use_before_definition() {
  // expected-error@+1 {{operand '%later' does not dominate this use}}
  "x.use"(%later) : (i32) -> ()
  // expected-note@+1 {{operand defined here (op in the same block)}}
  %later = tfrt.constant.i32 1
  tfrt.return
}

// -----

// expected-note@+1 {{previously defined here}}
func.func @redefinition(%x: i32) {
  // expected-error@+1 {{redefinition of SSA value '%x'}}
  %x = tfrt.constant.i32 1
  tfrt.return
}

// -----

// expected-error@+1 {{expected non-empty function body}}
func.func @no_body() -> i32 {
}

// -----

func.func @results() {
  // expected-error@+1 {{operation defines 1 results but was provided 2 to bind}}
  %a, %b = tfrt.new.chain
  tfrt.return
}

// -----

func.func @pack(%x: i32) {
  // expected-note@+1 {{defined here}}
  %q:2 = tfrt.div.i32 %x, %x
  // expected-error@+1 {{reference to invalid result number of '%q'}}
  %z = tfrt.add.i32 %q#0, %q#5
  tfrt.return
}

// -----

// expected-note@+1 {{prior use here}}
func.func @type_of_an_operand(%x: i32) {
  // expected-error@+1 {{use of value '%x' expects different type than prior uses: 'i64' vs 'i32'}}
  "x.use"(%x) : (i64) -> ()
  tfrt.return
}

// -----

func.func @operand_count(%x: i32) {
  // expected-error@+1 {{expected 1 operand type but had 0}}
  "x.use"(%x) : () -> ()
  tfrt.return
}
