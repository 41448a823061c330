"""Alembic's script folder: `env.py` and one file a revision."""
