"""Where a request enters and a response leaves; nothing else knows a protocol."""
