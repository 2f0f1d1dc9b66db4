CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (1, 'aggregator', 'm0001_first', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (2, 'aggregator', 'm0002_politeness', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (3, 'aggregator', 'm0003_extras', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (4, 'aggregator', 'm0004_near_duplicates', '2026-03-01 12:00:00.000000+00:00');
CREATE TABLE sources (
            id TEXT PRIMARY KEY,
            url TEXT NOT NULL,
            host TEXT NOT NULL,
            title TEXT,
            configured INTEGER NOT NULL,
            head TEXT NOT NULL DEFAULT '{}',
            etag TEXT,
            last_modified TEXT,
            body_digest TEXT,
            reading TEXT,
            failures INTEGER NOT NULL DEFAULT 0,
            state TEXT NOT NULL DEFAULT 'new',
            last_status INTEGER,
            last_error TEXT,
            problems TEXT NOT NULL DEFAULT '[]',
            last_poll_at TEXT,
            last_success_at TEXT,
            next_poll_at TEXT,
            next_reason TEXT NOT NULL DEFAULT '',
            interval REAL,
            claimed_until TEXT
        , wishes TEXT NOT NULL DEFAULT '[]', rhythm TEXT NOT NULL DEFAULT '{}', hints TEXT NOT NULL DEFAULT '{}', fresh_for REAL, ended INTEGER NOT NULL DEFAULT 0, pushed_until TEXT, moved_to TEXT, moving_to TEXT, moving_seen INTEGER NOT NULL DEFAULT 0, former_urls TEXT NOT NULL DEFAULT '[]', archive_url TEXT, archive_left INTEGER NOT NULL DEFAULT 0) STRICT
    ;
INSERT INTO sources (id, url, host, title, configured, head, etag, last_modified, body_digest, reading, failures, state, last_status, last_error, problems, last_poll_at, last_success_at, next_poll_at, next_reason, interval, claimed_until, wishes, rhythm, hints, fresh_for, ended, pushed_until, moved_to, moving_to, moving_seen, former_urls, archive_url, archive_left) VALUES ('alfa', 'https://alfa.example/rss', 'alfa.example', 'Alfa', 1, '{}', NULL, NULL, NULL, NULL, 0, 'new', 200, NULL, '[]', NULL, '2026-03-01T11:00:00.000Z', '2026-03-01T12:00:00.000Z', '', 1800.0, NULL, '[]', '{}', '{}', NULL, 0, NULL, NULL, NULL, 0, '[]', NULL, 0);
INSERT INTO sources (id, url, host, title, configured, head, etag, last_modified, body_digest, reading, failures, state, last_status, last_error, problems, last_poll_at, last_success_at, next_poll_at, next_reason, interval, claimed_until, wishes, rhythm, hints, fresh_for, ended, pushed_until, moved_to, moving_to, moving_seen, former_urls, archive_url, archive_left) VALUES ('bravo', 'https://bravo.example/rss', 'bravo.example', NULL, 1, '{}', NULL, NULL, NULL, NULL, 3, 'failing', NULL, 'HTTP 500', '[]', NULL, NULL, NULL, '', NULL, NULL, '[]', '{}', '{}', NULL, 0, NULL, 'https://new.example/rss', NULL, 0, '[]', NULL, 0);
CREATE TABLE stories (
            key INTEGER PRIMARY KEY,
            story_id TEXT NOT NULL UNIQUE,
            representative INTEGER,
            shown_at TEXT NOT NULL,
            settled INTEGER NOT NULL DEFAULT 0
        ) STRICT
    ;
INSERT INTO stories (key, story_id, representative, shown_at, settled) VALUES (1, 'urn:alfa:1', 1, '2026-02-28T10:00:00Z', 1);
INSERT INTO stories (key, story_id, representative, shown_at, settled) VALUES (2, 'urn:alfa:2', 3, '2026-03-01T10:00:00Z', 1);
CREATE TABLE entries (
            key INTEGER PRIMARY KEY,
            entry_id TEXT NOT NULL UNIQUE,
            source_id TEXT NOT NULL,
            guid TEXT NOT NULL,
            story INTEGER NOT NULL REFERENCES stories (key),
            rule TEXT NOT NULL,
            uri TEXT,
            url TEXT,
            title TEXT NOT NULL,
            authors TEXT NOT NULL,
            summary TEXT NOT NULL,
            content TEXT NOT NULL,
            content_text TEXT NOT NULL,
            language TEXT,
            categories TEXT NOT NULL,
            enclosures TEXT NOT NULL,
            published_at TEXT,
            updated_at TEXT,
            first_seen_at TEXT NOT NULL,
            changed_at TEXT,
            position INTEGER NOT NULL,
            digest TEXT NOT NULL,
            problems TEXT NOT NULL,
            pruned INTEGER NOT NULL DEFAULT 0, withdrawn_at TEXT, extras TEXT NOT NULL DEFAULT '{}', scores TEXT NOT NULL DEFAULT '[]', is_version INTEGER NOT NULL DEFAULT 0,
            UNIQUE (source_id, guid)
        ) STRICT
    ;
INSERT INTO entries (key, entry_id, source_id, guid, story, rule, uri, url, title, authors, summary, content, content_text, language, categories, enclosures, published_at, updated_at, first_seen_at, changed_at, position, digest, problems, pruned, withdrawn_at, extras, scores, is_version) VALUES (1, 'urn:alfa:1', 'alfa', 'urn:alfa:1', 1, 'new', 'urn:alfa:1', 'https://alfa.example/1', 'Брыдж зачынены', '[]', '', '<p>Words &amp; words</p>', 'Words & words', 'be', '["politics"]', '[]', '2026-02-28T10:00:00Z', NULL, '2026-02-28T10:05:00Z', NULL, 0, 'd1', '[]', 0, NULL, '{}', '[]', 0);
INSERT INTO entries (key, entry_id, source_id, guid, story, rule, uri, url, title, authors, summary, content, content_text, language, categories, enclosures, published_at, updated_at, first_seen_at, changed_at, position, digest, problems, pruned, withdrawn_at, extras, scores, is_version) VALUES (2, 'urn:bravo:1', 'bravo', 'urn:bravo:1', 1, 'url', 'urn:bravo:1', 'https://bravo.example/1', 'Bridge closed', '[]', 'It''s closed', '', 'It''s closed', NULL, '[]', '[]', NULL, NULL, '2026-02-28T11:05:00Z', NULL, 0, 'd2', '[]', 0, NULL, '{}', '[]', 0);
INSERT INTO entries (key, entry_id, source_id, guid, story, rule, uri, url, title, authors, summary, content, content_text, language, categories, enclosures, published_at, updated_at, first_seen_at, changed_at, position, digest, problems, pruned, withdrawn_at, extras, scores, is_version) VALUES (3, 'urn:alfa:2', 'alfa', 'urn:alfa:2', 2, 'new', 'urn:alfa:2', NULL, 'Second', '[]', '', '', '', NULL, '[]', '[]', '2026-03-01T10:00:00Z', '2026-03-01T11:00:00Z', '2026-03-01T10:05:00Z', NULL, 1, 'd3', '[]', 0, NULL, '{}', '[]', 0);
CREATE TABLE marks (
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            n INTEGER NOT NULL,
            story INTEGER NOT NULL REFERENCES stories (key),
            taken_at TEXT NOT NULL,
            PRIMARY KEY (kind, value, n)
        ) STRICT, WITHOUT ROWID
    ;
INSERT INTO marks (kind, value, n, story, taken_at) VALUES ('text', 'abc', 0, 2, '2026-03-01T10:05:00Z');
INSERT INTO marks (kind, value, n, story, taken_at) VALUES ('url', 'https://alfa.example/1', 0, 1, '2026-02-28T10:05:00Z');
CREATE TABLE aliases (
            alias TEXT PRIMARY KEY,
            story INTEGER NOT NULL REFERENCES stories (key)
        ) STRICT, WITHOUT ROWID
    ;
INSERT INTO aliases (alias, story) VALUES ('urn:bravo:1', 1);
CREATE TABLE holds (host TEXT PRIMARY KEY, until TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO holds (host, until) VALUES ('bravo.example', '2026-03-02T00:00:00.000Z');
CREATE TABLE known_items (source_id TEXT PRIMARY KEY, items TEXT NOT NULL) STRICT;
INSERT INTO known_items (source_id, items) VALUES ('alfa', '[]');
CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO notes (name, text) VALUES ('subscribers', '7 2026-03-01T12:00:00+00:00');
CREATE TABLE samples_0 (
                hash INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)
            ) STRICT, WITHOUT ROWID
        ;
INSERT INTO samples_0 (hash, entry) VALUES (11, 1);
INSERT INTO samples_0 (hash, entry) VALUES (12, 1);
CREATE TABLE samples_1 (
                hash INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)
            ) STRICT, WITHOUT ROWID
        ;
CREATE TABLE samples_2 (
                hash INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)
            ) STRICT, WITHOUT ROWID
        ;
CREATE TABLE sample_weeks (slot INTEGER PRIMARY KEY, week INTEGER NOT NULL) STRICT;
INSERT INTO sample_weeks (slot, week) VALUES (0, 2930);
CREATE TABLE boilerplate (source_id TEXT PRIMARY KEY, hashes TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO boilerplate (source_id, hashes) VALUES ('alfa', '[]');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX sources_due ON sources (next_poll_at) WHERE configured;
CREATE INDEX stories_shown ON stories (shown_at);
CREATE INDEX stories_unsettled ON stories (key) WHERE NOT settled;
CREATE INDEX entries_story ON entries (story);
CREATE INDEX entries_seen ON entries (source_id, first_seen_at) WHERE NOT pruned;
CREATE INDEX marks_story ON marks (story);
CREATE INDEX aliases_story ON aliases (story);
CREATE VIEW sources_view AS
        SELECT id, url, coalesce(title, json_extract(head, '$.title'), id) AS title, state, last_status,
               last_success_at, next_poll_at, failures, last_error
        FROM sources WHERE configured;
CREATE VIEW entries_view AS
        SELECT e.source_id, e.entry_id, e.guid, e.url, e.title, e.published_at, e.updated_at, e.first_seen_at,
               s.story_id, e.content_text
        FROM entries e JOIN stories s ON s.key = e.story;
