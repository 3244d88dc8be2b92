// Sends itself a number, and returns what it has received.
func.func @main() -> i32 {
  %number = tfrt.constant.i32 42
  %received = "trouble.receive"() {mailbox = "numbers"} : () -> i32
  %sent = "trouble.send"(%number) {mailbox = "numbers"} : (i32) -> !tfrt.chain
  tfrt.return %received : i32
}
