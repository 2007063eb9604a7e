"""Claims that the book adds to those of the texts."""
