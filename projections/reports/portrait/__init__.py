"""Portrait: who the customers are and who is none, and who is behind each number."""
