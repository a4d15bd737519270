"""Languages: detection, sentences, and what each language needs."""
