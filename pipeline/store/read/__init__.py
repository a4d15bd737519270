"""Reading the lake: pinned tables, SQL, the views."""
