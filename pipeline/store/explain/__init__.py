"""What a lake says of itself to whoever has only its folder: a page, views, and tables of codes."""
