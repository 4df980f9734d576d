"""The message, as plain data: what a request brings and what a response carries."""
