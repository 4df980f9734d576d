"""A shop: one application of realistic size, in small modules. README.md says how to run it."""
