"""Questions that analysts ask, as SQL with parameters; `shipped` finds and reads them."""
