"""What the tables hold: their contracts, rows to Arrow and back."""
