-- By the name of the lake's view, which an export's table is: what is asked there can be asked here.
SELECT * FROM events
