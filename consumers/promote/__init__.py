"""Signal ledger to touchpoints of the policy that promotes."""
