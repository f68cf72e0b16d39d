"""Which of many images excite a channel most."""
