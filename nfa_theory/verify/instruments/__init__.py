"""What measures: small networks, exact averages over weights and data, flows at real and complex times."""
