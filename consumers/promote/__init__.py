"""The policy that promotes: a lead that became hot is asked into a stage."""
