"""Everything that reads on and acts: record (log to event store) and publish (ledger to topics)."""
