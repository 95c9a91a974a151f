"""Pages to read: one per article with source and translation side by side, and an index of all of them."""
