"""What several pages show: pickers, canvases, charts, forms. No page is imported here."""
