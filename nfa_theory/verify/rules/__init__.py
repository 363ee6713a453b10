"""How a measurement judges a closed form: identities, orders, averages, limits."""
