"""The text at the terminal."""
