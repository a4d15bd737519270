"""XML, SGML, HTML and JSON, read without trust."""
