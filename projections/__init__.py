"""Event store to read models and ledger, and the queries over them."""
