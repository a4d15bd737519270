"""A live page over the lake, read only: `copy` follows the lake, the rest answers questions."""
