"""Signal ledger to people and programs: destinations of the model file."""
