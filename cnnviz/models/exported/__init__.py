"""Networks of other people's code, as graphs: exported by PyTorch, checked, and built without running that code."""
