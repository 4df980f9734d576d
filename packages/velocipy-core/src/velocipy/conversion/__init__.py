"""Values from text and from JSON data: one table of types for every source and every backend.

`faults` says how a value is refused, `scalars` holds the rules of single values, `constraints` those of bounds and
lengths, `records` the classes with named fields, and `table` puts them together for any annotation.
"""
