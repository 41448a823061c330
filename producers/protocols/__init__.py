"""What clients send, as touchpoints: one file a protocol."""
