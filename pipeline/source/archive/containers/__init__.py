"""Containers: what holds many records in one stream of bytes, and how it is cut.

`cut.cut_stream` is the way in. A container is recognised by how it begins, never by a name; it is
read forward only, once, so that nothing is unpacked to disk and one record at a time is in memory.
"""
