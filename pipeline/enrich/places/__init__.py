"""Places: which country, which region."""
