"""How operators become ops, one module for each family."""
