"""The fix scripts."""
