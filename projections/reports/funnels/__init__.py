"""Funnels: how many leads reached each step, who they are, how long it took, and where most are lost."""
