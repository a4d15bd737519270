"""The live copy: an SQLite file of what may be shown, brought up to date as the lake grows."""
