-- The revision in force of each story: what the lake's view of this name shows.
SELECT * FROM stories WHERE is_current
