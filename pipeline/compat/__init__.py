"""Liberties taken with libraries: private members used, functions replaced. Nowhere else.

Each stands in a module of its own with a `LIBERTY` that says what it was tried on and why it is
needed; `tests/compat/` has a test of each that fails once the library no longer needs it.
"""
