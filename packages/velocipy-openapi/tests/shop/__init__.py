"""A shop with an operation for everything that a document tells; its handlers do what they declare, and no more."""
