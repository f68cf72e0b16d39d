"""What five lab reports asked, run again."""
