"""The readable twin of every kernel: the specification, slow on purpose; NumPy alone."""
