"""Files with a mapping, as touchpoints."""
