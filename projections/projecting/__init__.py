"""Events to read models and ledger: link, walk, fold, announce."""
