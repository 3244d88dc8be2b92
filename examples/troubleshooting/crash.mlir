// What a basket of fruit costs.
func.func @fruit(%count: i32) -> i32 {
  %apples = "trouble.price"(%count) {fruit = "apple"} : (i32) -> i32
  %pears = "trouble.price"(%count) {fruit = "pear"} : (i32) -> i32
  %both = tfrt.add.i32 %apples, %pears
  tfrt.return %both : i32
}

func.func @main() -> i32 {
  %count = tfrt.constant.i32 2
  %cost = tfrt.call @fruit(%count) : (i32) -> i32
  tfrt.return %cost : i32
}
