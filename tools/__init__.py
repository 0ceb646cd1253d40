"""Tools of the repository; nothing of the product."""
