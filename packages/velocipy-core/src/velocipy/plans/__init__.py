"""Everything between the router and the handler, decided at start-up."""
