"""What the end-to-end tests are made of: real processes on loopback, each on a free port, each ended by its owner."""
