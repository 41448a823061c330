"""Signal ledger to topics."""
