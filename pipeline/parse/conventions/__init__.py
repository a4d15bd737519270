"""What agencies write around a story: headings, datelines, sign-offs, revisions, embargoes."""
