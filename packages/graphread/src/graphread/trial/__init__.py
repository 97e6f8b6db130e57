"""What is found by trying out, in the lab: each experiment one function."""
