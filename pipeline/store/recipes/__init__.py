"""Questions that analysts ask, as SQL with parameters; `recipe_book` finds and reads them."""
