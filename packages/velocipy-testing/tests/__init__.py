"""A package, so that tests import what they share by relative imports; servers import it by its folder."""
