"""What people read at a terminal: tables, sentences in their language, figures; and JSON for programs."""
