"""Questions that analysts ask, as SQL with parameters; `catalogue` finds and reads them."""
