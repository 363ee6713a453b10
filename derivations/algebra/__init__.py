"""Matrix polynomials and traces in canonical form: symbols with shapes, derivatives, flows and series."""
