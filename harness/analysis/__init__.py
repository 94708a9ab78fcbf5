"""What the records say: pure functions of stored trials, and the summary made of them."""
