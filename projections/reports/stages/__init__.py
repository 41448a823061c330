"""Stages: how many leads entered each, are in it and went on, how long they stay; and the leads behind that."""
