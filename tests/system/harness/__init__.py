"""What the tests of this folder stand on: a virtual machine, its cameras, and viewers on the host."""
