"""acceptance.html."""
