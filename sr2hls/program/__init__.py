"""The typed fixed-point program: the contract that every executor keeps, and the way from sympy to it."""
