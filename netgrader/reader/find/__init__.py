"""What is found by reading alone: roles, layers, scores, outputs; and what is known of activations, losses and optimizers."""
