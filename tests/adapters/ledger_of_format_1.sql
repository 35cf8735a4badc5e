CREATE TABLE files (
  number INTEGER PRIMARY KEY, kind TEXT NOT NULL, scale TEXT NOT NULL, day TEXT NOT NULL,
  part INTEGER NOT NULL, path TEXT NOT NULL, mode TEXT NOT NULL, length INTEGER NOT NULL,
  digest BLOB NOT NULL, columns TEXT NOT NULL, writing INTEGER NOT NULL, state TEXT NOT NULL,
  read_at TEXT);
CREATE INDEX files_live ON files (kind, scale, day, part) WHERE state = 'live';
CREATE TABLE ranges (
  file INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL, key TEXT NOT NULL,
  digest BLOB NOT NULL, kept_at TEXT NOT NULL, PRIMARY KEY (file, start)) WITHOUT ROWID;
CREATE TABLE replicas (
  number INTEGER PRIMARY KEY, place TEXT NOT NULL UNIQUE, wanted INTEGER NOT NULL);
CREATE TABLE copies (
  replica INTEGER NOT NULL, file INTEGER NOT NULL, start INTEGER NOT NULL, put_at TEXT,
  digest BLOB, confirmed_at TEXT, last_read_at TEXT, PRIMARY KEY (replica, file, start))
  WITHOUT ROWID;
CREATE INDEX copies_missing ON copies (replica, file, start) WHERE confirmed_at IS NULL;
CREATE INDEX copies_unread ON copies (replica, coalesce(last_read_at, confirmed_at), file, start)
  WHERE confirmed_at IS NOT NULL;
CREATE TRIGGER ranges_to_copy AFTER INSERT ON ranges BEGIN
  INSERT OR IGNORE INTO copies (replica, file, start)
  SELECT number, NEW.file, NEW.start FROM replicas WHERE wanted = 1; END;
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY, scale TEXT NOT NULL, id INTEGER NOT NULL, digest BLOB NOT NULL,
  file INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL,
  state INTEGER NOT NULL, held TEXT, reason TEXT, tried_with TEXT, accepted INTEGER DEFAULT 0,
  sheet INTEGER, line_start INTEGER, line_length INTEGER, cells BLOB,
  asked_at TEXT, answer TEXT, gone_at TEXT, raw_lost INTEGER DEFAULT 0);
CREATE UNIQUE INDEX entries_key ON entries (scale, id, digest);
CREATE INDEX entries_waiting ON entries (scale, seq) WHERE state < 2;
CREATE INDEX entries_on_site ON entries (scale, id, digest) WHERE gone_at IS NULL;
CREATE INDEX entries_raw ON entries (file, start);
CREATE INDEX entries_line ON entries (sheet, line_start) WHERE sheet IS NOT NULL;
CREATE TABLE snapshots (
  number INTEGER PRIMARY KEY, scale TEXT NOT NULL, day TEXT NOT NULL, digest BLOB NOT NULL,
  file INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL, count INTEGER NOT NULL,
  columns TEXT NOT NULL, highest INTEGER NOT NULL, malformed INTEGER NOT NULL,
  sealed INTEGER, tried_with TEXT, sheet INTEGER);
CREATE TABLE scales (
  name TEXT PRIMARY KEY, deleteable INTEGER NOT NULL, columns TEXT, listed_at TEXT,
  size INTEGER NOT NULL);
CREATE TABLE incidents (
  number INTEGER PRIMARY KEY, kind TEXT NOT NULL, scale TEXT NOT NULL, detail TEXT NOT NULL,
  count INTEGER NOT NULL, opened_at TEXT NOT NULL, last_at TEXT NOT NULL, closed_at TEXT,
  closed_by TEXT);
CREATE UNIQUE INDEX incidents_open ON incidents (kind, scale) WHERE closed_at IS NULL;
CREATE TABLE runs (
  number INTEGER PRIMARY KEY, command TEXT NOT NULL, started_at TEXT NOT NULL,
  ended_at TEXT, exit INTEGER, report TEXT);
