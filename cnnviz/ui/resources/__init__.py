"""What pages ask for again and again, kept while the app runs. No page is imported here."""
