"""Tools of the checkout: the environment, and the reference pages that are made from the code."""
