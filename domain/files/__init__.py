"""Reading what people write: values, durations, and every problem at once with its key."""
