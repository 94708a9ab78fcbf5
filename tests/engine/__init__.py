"""The engine of known truth: the ABI of libchatllm.so, and costs that its model file states."""
