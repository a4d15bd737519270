-- The tables, views and codes of this lake for DuckDB, over its plain files, without an extension:
--
--     cd LAKE && duckdb -init views.sql
--
-- Made by Dateline (`dateline lake explain`, and the job's upkeep); do not edit. The views hold what may be
-- shown at the moment of the question; the tables hold every revision, killed and embargoed ones too. Plain
-- files are exact but for a short time after a compaction: docs/upkeep.md.
SET TimeZone = 'UTC';
