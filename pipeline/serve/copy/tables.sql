-- The tables of the live copy: what may be shown, made for questions by time, word, name and pair.
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;

-- The data files of the lake's table stories whose rows are accounted for in revisions.
CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);

-- Every row of stories without a word of its text: what decides which revision is in force.
-- Times are microseconds since 1970, days are counted from there.
CREATE TABLE revisions (
  source TEXT NOT NULL, "offset" INTEGER NOT NULL, item INTEGER NOT NULL, enrichment_id TEXT NOT NULL,
  file INTEGER NOT NULL, story_id TEXT NOT NULL, revision_id TEXT NOT NULL, version INTEGER NOT NULL,
  version_time INTEGER, updated_at INTEGER, published_at INTEGER, published_precision TEXT,
  date INTEGER, region TEXT NOT NULL, revision_mark TEXT, is_partial INTEGER, status TEXT NOT NULL,
  content_hash TEXT NOT NULL, embargo_until INTEGER, generation INTEGER, received_at INTEGER,
  origin_source TEXT, origin_offset INTEGER, origin_item INTEGER,
  PRIMARY KEY (source, "offset", item, enrichment_id)
) WITHOUT ROWID;
CREATE INDEX revisions_of_story ON revisions (story_id);
CREATE INDEX revisions_of_file ON revisions (file);
CREATE INDEX revisions_under_embargo ON revisions (embargo_until) WHERE embargo_until IS NOT NULL;

-- What is shown. The id grows with the time of publication, so the newest come first by id alone.
CREATE TABLE stories (
  id INTEGER PRIMARY KEY, revision_id TEXT NOT NULL UNIQUE, story_id TEXT NOT NULL,
  source TEXT NOT NULL, "offset" INTEGER NOT NULL, item INTEGER NOT NULL, enrichment_id TEXT NOT NULL,
  is_current INTEGER NOT NULL, date TEXT, published_at TEXT, committed_at TEXT, embargo_until INTEGER,
  region TEXT NOT NULL, provider TEXT, language TEXT, headline TEXT NOT NULL, precision TEXT, beginning TEXT, tags TEXT NOT NULL,
  shown BLOB NOT NULL
);
CREATE INDEX stories_of_family ON stories (story_id);
CREATE INDEX stories_by_place ON stories (source, "offset");
CREATE INDEX stories_not_committed ON stories (story_id) WHERE committed_at IS NULL;

-- Words, and what a story is filed under as words of a column of its own (`tags`).
CREATE VIRTUAL TABLE search USING fts5 (
  headline, body, tags, content='', tokenize="unicode61 remove_diacritics 2"
);

CREATE TABLE names (
  entity INTEGER PRIMARY KEY, entity_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, kind TEXT NOT NULL,
  country TEXT, role TEXT
);
CREATE INDEX names_as_written ON names (name COLLATE NOCASE);
CREATE VIRTUAL TABLE name_words USING fts5 (
  name, content='', tokenize="unicode61 remove_diacritics 2"
);
CREATE TABLE deeds (
  id INTEGER NOT NULL, n INTEGER NOT NULL, date TEXT, source TEXT, source_country TEXT, target TEXT,
  target_country TEXT, source_id TEXT, target_id TEXT, root TEXT NOT NULL, quad INTEGER NOT NULL,
  goldstein REAL NOT NULL, confidence REAL NOT NULL, sentence TEXT NOT NULL, place TEXT,
  PRIMARY KEY (id, n)
) WITHOUT ROWID;
CREATE INDEX deeds_of_actors ON deeds (source, target, id);
CREATE INDEX deeds_of_sources ON deeds (source_id, id) WHERE source_id IS NOT NULL;
CREATE INDEX deeds_of_targets ON deeds (target, source, id);
CREATE INDEX deeds_of_target_ids ON deeds (target_id, id) WHERE target_id IS NOT NULL;
CREATE INDEX deeds_of_countries ON deeds (source_country, target_country, id);

-- How many stories or events of a thing in a time: a day, a month, `undated`, or `all`.
CREATE TABLE counts (
  what TEXT NOT NULL, bucket TEXT NOT NULL, key TEXT NOT NULL, n INTEGER NOT NULL,
  quad1 INTEGER NOT NULL, quad2 INTEGER NOT NULL, quad3 INTEGER NOT NULL, quad4 INTEGER NOT NULL,
  goldstein REAL NOT NULL,
  PRIMARY KEY (what, bucket, key)
) WITHOUT ROWID;
CREATE INDEX counts_over_time ON counts (what, key, bucket);
-- The places are as many as a lake has: their most told are read off here.
CREATE INDEX most_told_places ON counts (bucket, n DESC, key) WHERE what = 'place';

-- The stories that came last, in the order in which the copy learned of them.
CREATE TABLE arrivals (seq INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER NOT NULL);
