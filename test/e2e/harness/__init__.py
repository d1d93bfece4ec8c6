"""What the end-to-end tests are written in: an engine, a host with an agent on it, and words for what happens there."""
