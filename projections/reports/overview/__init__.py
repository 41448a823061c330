"""What is different from last week: the last seven whole days, the seven before and today so far; and who was there."""
