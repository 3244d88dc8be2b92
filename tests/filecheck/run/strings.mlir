// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: bef-run %t --functions=said | filecheck %s
// RUN: bef-run %t --function=same --input='any = [text]' --expected_output='any = [text]' | filecheck %s --check-prefix=SAME

// CHECK: string = say "hi", naïve
func.func @said() -> !tfrt.chain {
  %ch = tfrt.new.chain
  %s = tfrt_test.get_string {value = "say \22hi\22, na\C3\AFve"}
  %ch1 = "tfrt_test.print_string"(%s, %ch) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch1 : !tfrt.chain
}

// SAME: 'same' returned any = [text]
func.func @same(%s: !tfrt.string) -> !tfrt.string {
  tfrt.return %s : !tfrt.string
}
