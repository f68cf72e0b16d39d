"""What a study found, as charts: pages and reports draw those that fit."""
