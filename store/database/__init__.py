"""The database, SQLite or PostgreSQL: connections, leases, tables, bulk writes, errors, migrations."""
