"""Writing functions in LLVM's intermediate representation: vectors of numbers, their types, and steps on them."""
