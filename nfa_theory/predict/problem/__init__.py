"""What a prediction is about: data or their second moments, a network, a loss; read and checked once."""
