"""The fold: a history and a model give the state of one lead, and every point explained."""
