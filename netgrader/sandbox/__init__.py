"""A kernel or a program in a cage."""
