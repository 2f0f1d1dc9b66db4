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
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (5, 'aggregator', 'm0005_revisions', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (6, 'aggregator', 'm0006_overrules', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (7, 'aggregator', 'm0007_order_of_arrival', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (8, 'aggregator', 'm0008_emitted', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (9, 'aggregator', 'm0009_titles', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (10, 'aggregator', 'm0010_told_apart', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (11, 'aggregator', 'm0011_date_orders', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (12, 'aggregator', 'm0012_groups', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (13, 'aggregator', 'm0013_archives', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (14, 'aggregator', 'm0014_search', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (15, 'aggregator', 'm0015_health', '2026-03-01 12:00:00.000000+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (16, 'aggregator', 'm0016_holds_since', '2026-03-01 12:00:00.000000+00:00');
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
        , wishes TEXT NOT NULL DEFAULT '[]', rhythm TEXT NOT NULL DEFAULT '{}', hints TEXT NOT NULL DEFAULT '{}', fresh_for REAL, ended INTEGER NOT NULL DEFAULT 0, pushed_until TEXT, moved_to TEXT, moving_to TEXT, moving_seen INTEGER NOT NULL DEFAULT 0, former_urls TEXT NOT NULL DEFAULT '[]', archive_url TEXT, archive_left INTEGER NOT NULL DEFAULT 0, date_orders TEXT NOT NULL DEFAULT '[]', tags TEXT NOT NULL DEFAULT '[]', state_since TEXT, paused_at TEXT, told TEXT NOT NULL DEFAULT 'ok') STRICT
    ;
INSERT INTO sources (id, url, host, title, configured, head, etag, last_modified, body_digest, reading, failures, state, last_status, last_error, problems, last_poll_at, last_success_at, next_poll_at, next_reason, interval, claimed_until, wishes, rhythm, hints, fresh_for, ended, pushed_until, moved_to, moving_to, moving_seen, former_urls, archive_url, archive_left, date_orders, tags, state_since, paused_at, told) VALUES ('alfa', 'https://alfa.example/rss', 'alfa.example', 'Alfa', 1, '{}', NULL, NULL, NULL, NULL, 0, 'new', 200, NULL, '[]', NULL, '2026-03-01T11:00:00.000Z', '2026-03-01T12:00:00.000Z', '', 1800.0, NULL, '[]', '{}', '{}', NULL, 0, NULL, NULL, NULL, 0, '[]', NULL, 0, '[]', '[]', NULL, NULL, 'ok');
INSERT INTO sources (id, url, host, title, configured, head, etag, last_modified, body_digest, reading, failures, state, last_status, last_error, problems, last_poll_at, last_success_at, next_poll_at, next_reason, interval, claimed_until, wishes, rhythm, hints, fresh_for, ended, pushed_until, moved_to, moving_to, moving_seen, former_urls, archive_url, archive_left, date_orders, tags, state_since, paused_at, told) VALUES ('bravo', 'https://bravo.example/rss', 'bravo.example', NULL, 1, '{}', NULL, NULL, NULL, NULL, 3, 'failing', NULL, 'HTTP 500', '[]', NULL, NULL, NULL, '', NULL, NULL, '[]', '{}', '{}', NULL, 0, NULL, 'https://new.example/rss', NULL, 0, '[]', NULL, 0, '[]', '[]', NULL, NULL, 'ok');
CREATE TABLE stories (
            key INTEGER PRIMARY KEY,
            story_id TEXT NOT NULL UNIQUE,
            representative INTEGER,
            shown_at TEXT NOT NULL,
            settled INTEGER NOT NULL DEFAULT 0
        , group_id TEXT, group_scores TEXT) STRICT
    ;
INSERT INTO stories (key, story_id, representative, shown_at, settled, group_id, group_scores) VALUES (1, 'urn:alfa:1', 1, '2026-02-28T10:00:00Z', 1, NULL, NULL);
INSERT INTO stories (key, story_id, representative, shown_at, settled, group_id, group_scores) VALUES (2, 'urn:alfa:2', 3, '2026-03-01T10:00:00Z', 1, 'urn:alfa:1', '[]');
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
            pruned INTEGER NOT NULL DEFAULT 0, withdrawn_at TEXT, extras TEXT NOT NULL DEFAULT '{}', scores TEXT NOT NULL DEFAULT '[]', is_version INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0, said_guid TEXT,
            UNIQUE (source_id, guid)
        ) STRICT
    ;
INSERT INTO entries (key, entry_id, source_id, guid, story, rule, uri, url, title, authors, summary, content, content_text, language, categories, enclosures, published_at, updated_at, first_seen_at, changed_at, position, digest, problems, pruned, withdrawn_at, extras, scores, is_version, held, said_guid) VALUES (1, 'urn:alfa:1', 'alfa', 'urn:alfa:1', 1, 'new', 'urn:alfa:1', 'https://alfa.example/1', 'Брыдж зачынены', '[]', '', '<p>Words &amp; words</p>', 'Words & words', 'be', '["politics"]', '[]', '2026-02-28T10:00:00Z', NULL, '2026-02-28T10:05:00Z', NULL, 0, 'd1', '[]', 0, NULL, '{}', '[]', 0, 0, NULL);
INSERT INTO entries (key, entry_id, source_id, guid, story, rule, uri, url, title, authors, summary, content, content_text, language, categories, enclosures, published_at, updated_at, first_seen_at, changed_at, position, digest, problems, pruned, withdrawn_at, extras, scores, is_version, held, said_guid) VALUES (2, 'urn:bravo:1', 'bravo', 'urn:bravo:1', 1, 'url', 'urn:bravo:1', 'https://bravo.example/1', 'Bridge closed', '[]', 'It''s closed', '', 'It''s closed', NULL, '[]', '[]', NULL, NULL, '2026-02-28T11:05:00Z', NULL, 0, 'd2', '[]', 0, NULL, '{}', '[]', 0, 0, NULL);
INSERT INTO entries (key, entry_id, source_id, guid, story, rule, uri, url, title, authors, summary, content, content_text, language, categories, enclosures, published_at, updated_at, first_seen_at, changed_at, position, digest, problems, pruned, withdrawn_at, extras, scores, is_version, held, said_guid) VALUES (3, 'urn:alfa:2', 'alfa', 'urn:alfa:2', 2, 'new', 'urn:alfa:2', NULL, 'Second', '[]', '', '', '', NULL, '[]', '[]', '2026-03-01T10:00:00Z', '2026-03-01T11:00:00Z', '2026-03-01T10:05:00Z', NULL, 1, 'd3', '[]', 0, NULL, '{}', '[]', 0, 0, NULL);
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
CREATE TABLE holds (host TEXT PRIMARY KEY, until TEXT NOT NULL, since TEXT) STRICT, WITHOUT ROWID;
INSERT INTO holds (host, until, since) VALUES ('bravo.example', '2026-03-02T00:00:00.000Z', NULL);
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
CREATE TABLE revisions (
            key INTEGER PRIMARY KEY,
            entry INTEGER NOT NULL REFERENCES entries (key),
            seen_at TEXT NOT NULL,
            is_shown INTEGER NOT NULL,
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
            extras TEXT NOT NULL,
            position INTEGER NOT NULL,
            digest TEXT NOT NULL,
            problems TEXT NOT NULL
        ) STRICT
    ;
INSERT INTO revisions (key, entry, seen_at, is_shown, uri, url, title, authors, summary, content, content_text, language, categories, enclosures, published_at, updated_at, extras, position, digest, problems) VALUES (1, 1, '2026-02-28T10:05:00Z', 1, NULL, NULL, 'Bridge', '[]', '', '', '', NULL, '[]', '[]', NULL, NULL, '{}', 0, 'd0', '[]');
CREATE TABLE overrules (
            entry INTEGER NOT NULL REFERENCES entries (key),
            other INTEGER NOT NULL REFERENCES entries (key),
            apart INTEGER NOT NULL,
            decided_at TEXT NOT NULL,
            PRIMARY KEY (entry, other)
        ) STRICT, WITHOUT ROWID
    ;
INSERT INTO overrules (entry, other, apart, decided_at) VALUES (1, 3, 1, '2026-03-01T11:00:00Z');
CREATE TABLE emitted (
            feed TEXT NOT NULL,
            story_id TEXT NOT NULL,
            told TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            PRIMARY KEY (feed, story_id)
        ) STRICT, WITHOUT ROWID
    ;
INSERT INTO emitted (feed, story_id, told, updated_at) VALUES ('feed', 'urn:alfa:1', 'd1', '2026-02-28T10:05:00Z');
CREATE TABLE topics_0 (
                hash INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)
            ) STRICT, WITHOUT ROWID
        ;
INSERT INTO topics_0 (hash, entry) VALUES (21, 1);
CREATE TABLE topics_1 (
                hash INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)
            ) STRICT, WITHOUT ROWID
        ;
CREATE TABLE topics_2 (
                hash INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)
            ) STRICT, WITHOUT ROWID
        ;
CREATE TABLE topic_weeks (slot INTEGER PRIMARY KEY, week INTEGER NOT NULL) STRICT;
INSERT INTO topic_weeks (slot, week) VALUES (0, 2930);
CREATE TABLE archives (
            key INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            sources TEXT NOT NULL,
            swept INTEGER,
            length INTEGER NOT NULL DEFAULT 0,
            dropped INTEGER NOT NULL DEFAULT 0
        ) STRICT
    ;
INSERT INTO archives (key, name, sources, swept, length, dropped) VALUES (1, 'feed', '', NULL, 0, 0);
CREATE TABLE archive_pages (
            archive INTEGER NOT NULL REFERENCES archives (key),
            page INTEGER NOT NULL,
            title TEXT NOT NULL,
            PRIMARY KEY (archive, page)
        ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE archive_entries (
            key INTEGER PRIMARY KEY,
            story_id TEXT NOT NULL,
            digest BLOB NOT NULL,
            updated_at TEXT NOT NULL,
            body BLOB,
            UNIQUE (story_id, digest)
        ) STRICT
    ;
CREATE TABLE archived (
            archive INTEGER NOT NULL REFERENCES archives (key),
            n INTEGER NOT NULL,
            entry INTEGER NOT NULL REFERENCES archive_entries (key),
            archived_at TEXT NOT NULL,
            PRIMARY KEY (archive, n)
        ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE unarchived (
            archive INTEGER NOT NULL REFERENCES archives (key),
            story INTEGER NOT NULL,
            PRIMARY KEY (archive, story)
        ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE removals (
            story_id TEXT PRIMARY KEY,
            removed_at TEXT NOT NULL,
            story_now TEXT,
            sources TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
    ;
INSERT INTO removals (story_id, removed_at, story_now, sources) VALUES ('urn:gone', '2026-03-01T10:00:00Z', NULL, '[]');
CREATE TABLE touched (story INTEGER PRIMARY KEY) STRICT;
INSERT INTO touched (story) VALUES (1);
INSERT INTO touched (story) VALUES (2);
CREATE VIRTUAL TABLE search_words USING fts5 (title, text, author, tag, facts, content='', tokenize='ascii');
CREATE TABLE searchable (
            doc INTEGER PRIMARY KEY,
            entry INTEGER NOT NULL UNIQUE REFERENCES entries (key),
            words BLOB NOT NULL
        ) STRICT
    ;
CREATE TABLE search_queue (n INTEGER PRIMARY KEY, entry INTEGER NOT NULL) STRICT;
INSERT INTO search_queue (n, entry) VALUES (1, 1);
INSERT INTO search_queue (n, entry) VALUES (2, 2);
INSERT INTO search_queue (n, entry) VALUES (3, 3);
CREATE TABLE health_events (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            event_id TEXT NOT NULL,
            source_id TEXT NOT NULL,
            title TEXT NOT NULL,
            url TEXT NOT NULL,
            was TEXT NOT NULL,
            state TEXT NOT NULL,
            since TEXT NOT NULL,
            at TEXT NOT NULL,
            reason TEXT NOT NULL,
            advice TEXT NOT NULL
        ) STRICT
    ;
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX sources_due ON sources (next_poll_at) WHERE configured;
CREATE INDEX stories_shown ON stories (shown_at);
CREATE INDEX stories_unsettled ON stories (key) WHERE NOT settled;
CREATE INDEX entries_story ON entries (story);
CREATE INDEX entries_seen ON entries (source_id, first_seen_at) WHERE NOT pruned;
CREATE INDEX marks_story ON marks (story);
CREATE INDEX aliases_story ON aliases (story);
CREATE VIEW entries_view AS
        SELECT e.source_id, e.entry_id, e.guid, e.url, e.title, e.published_at, e.updated_at, e.first_seen_at,
               s.story_id, e.content_text
        FROM entries e JOIN stories s ON s.key = e.story;
CREATE INDEX revisions_entry ON revisions (entry);
CREATE INDEX revisions_seen ON revisions (seen_at);
CREATE INDEX overrules_other ON overrules (other);
CREATE INDEX entries_held ON entries (source_id) WHERE held;
CREATE INDEX entries_first_seen ON entries (first_seen_at);
CREATE INDEX entries_told ON entries (source_id, title) WHERE NOT pruned;
CREATE INDEX entries_said_guid ON entries (source_id, said_guid) WHERE said_guid NOTNULL;
CREATE INDEX stories_group ON stories (group_id) WHERE group_id NOTNULL;
CREATE INDEX archived_entry ON archived (entry, archive);
CREATE INDEX unarchived_story ON unarchived (story);
CREATE INDEX removals_at ON removals (removed_at);
CREATE TRIGGER entry_told AFTER INSERT ON entries BEGIN INSERT OR IGNORE INTO touched (story) VALUES (new.story); END;
CREATE TRIGGER story_changed AFTER UPDATE ON stories BEGIN INSERT OR IGNORE INTO touched (story) VALUES (new.key); END;
CREATE TRIGGER entry_changed AFTER UPDATE ON entries WHEN new.pruned = old.pruned BEGIN INSERT OR IGNORE INTO touched (story) VALUES (old.story), (new.story); END;
CREATE TRIGGER entry_pruned AFTER UPDATE ON entries WHEN new.pruned AND NOT old.pruned AND EXISTS (SELECT 1 FROM unarchived WHERE story = new.story) BEGIN INSERT OR IGNORE INTO touched (story) VALUES (new.story); END;
CREATE TRIGGER search_new AFTER INSERT ON entries
        BEGIN INSERT INTO search_queue (entry) VALUES (new.key); END;
CREATE TRIGGER search_changed AFTER UPDATE OF digest, story, pruned, held, withdrawn_at ON entries
        BEGIN INSERT INTO search_queue (entry) VALUES (new.key); END;
CREATE TRIGGER search_moved AFTER UPDATE OF shown_at ON stories WHEN new.shown_at <> old.shown_at
        BEGIN INSERT INTO search_queue (entry) SELECT key FROM entries WHERE story = new.key; END;
CREATE INDEX sources_untold ON sources (id)
        WHERE configured AND told != iif(paused_at IS NOT NULL, 'paused', iif(state = 'new', told, state))
    ;
CREATE VIEW sources_view AS
        SELECT id, url, coalesce(title, json_extract(head, '$.title'), id) AS title,
               iif(paused_at IS NULL, state, 'paused') AS state, last_status, last_success_at,
               iif(paused_at IS NULL, next_poll_at, NULL) AS next_poll_at, failures, last_error
        FROM sources WHERE configured;
