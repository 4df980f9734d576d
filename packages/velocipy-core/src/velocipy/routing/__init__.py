"""From method and path to what answers them."""
