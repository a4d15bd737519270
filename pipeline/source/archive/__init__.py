"""Records from archives: files, directories, object stores."""
