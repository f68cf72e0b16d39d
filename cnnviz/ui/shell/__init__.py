"""What every page stands in: the frame, the bar of pages, the selection in the address, the server."""
