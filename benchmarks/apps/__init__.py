"""The contenders: one module each, with `app` (all scenarios but one) and `app500` (the scenario `routes500`)."""
