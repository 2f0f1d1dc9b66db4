"""Steps 12 and on."""

from sqlite_utils import Database

from aggregator.store.migrations.registry import migrations


@migrations()
def m0012_groups(db: Database) -> None:
    """Which event a story tells, where another was the first to, and the index of what titles say by the week."""
    db.execute("ALTER TABLE stories ADD COLUMN group_id TEXT")
    db.execute("ALTER TABLE stories ADD COLUMN group_scores TEXT")
    db.execute("CREATE INDEX stories_group ON stories (group_id) WHERE group_id NOTNULL")
    for slot in range(3):
        db.execute(f"""
            CREATE TABLE topics_{slot} (
                hash INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)
            ) STRICT, WITHOUT ROWID
        """)
    db.execute("CREATE TABLE topic_weeks (slot INTEGER PRIMARY KEY, week INTEGER NOT NULL) STRICT")


@migrations()
def m0013_archives(db: Database) -> None:
    """The archives of our feeds (RFC 5005), what is not in them yet, and emitted stories that are no more (RFC 6721).

    `touched` are the stories that have changed since feeds were last published; triggers note them, because
    what changes a story is written in many places and forgetting one would lose it.
    """
    db.execute("""
        CREATE TABLE archives (
            key INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            sources TEXT NOT NULL,
            swept INTEGER,
            length INTEGER NOT NULL DEFAULT 0,
            dropped INTEGER NOT NULL DEFAULT 0
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE archive_pages (
            archive INTEGER NOT NULL REFERENCES archives (key),
            page INTEGER NOT NULL,
            title TEXT NOT NULL,
            PRIMARY KEY (archive, page)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("""
        CREATE TABLE archive_entries (
            key INTEGER PRIMARY KEY,
            story_id TEXT NOT NULL,
            digest BLOB NOT NULL,
            updated_at TEXT NOT NULL,
            body BLOB,
            UNIQUE (story_id, digest)
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE archived (
            archive INTEGER NOT NULL REFERENCES archives (key),
            n INTEGER NOT NULL,
            entry INTEGER NOT NULL REFERENCES archive_entries (key),
            archived_at TEXT NOT NULL,
            PRIMARY KEY (archive, n)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX archived_entry ON archived (entry, archive)")
    db.execute("""
        CREATE TABLE unarchived (
            archive INTEGER NOT NULL REFERENCES archives (key),
            story INTEGER NOT NULL,
            PRIMARY KEY (archive, story)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX unarchived_story ON unarchived (story)")
    db.execute("""
        CREATE TABLE removals (
            story_id TEXT PRIMARY KEY,
            removed_at TEXT NOT NULL,
            story_now TEXT,
            sources TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX removals_at ON removals (removed_at)")
    db.execute("CREATE TABLE touched (story INTEGER PRIMARY KEY) STRICT")
    for name, event, stories in (
        ("entry_told", "INSERT ON entries", "new.story"),
        ("story_changed", "UPDATE ON stories", "new.key"),
        ("entry_changed", "UPDATE ON entries WHEN new.pruned = old.pruned", "old.story), (new.story"),
        # Retention takes a story from a feed, and gives it to none.
        (
            "entry_pruned",
            "UPDATE ON entries WHEN new.pruned AND NOT old.pruned"
            " AND EXISTS (SELECT 1 FROM unarchived WHERE story = new.story)",
            "new.story",
        ),
    ):
        db.execute(
            f"CREATE TRIGGER {name} AFTER {event}"  # noqa: S608 - our own words
            f" BEGIN INSERT OR IGNORE INTO touched (story) VALUES ({stories}); END"
        )


@migrations()
def m0014_search(db: Database) -> None:
    """The full-text index, and the queue of what it has not taken in yet: everything that is stored, to begin with.

    The index keeps no texts. `searchable` has the words that it was given, packed: without them nothing could be
    taken out of it again. Its keys order entries by the minute their stories are shown with. The queue is a log:
    triggers note every change of what is found, whoever makes it, in the transaction that makes it.
    """
    db.execute("ALTER TABLE sources ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'")
    db.execute(
        "CREATE VIRTUAL TABLE search_words USING fts5 (title, text, author, tag, facts, content='', tokenize='ascii')"
    )
    db.execute("""
        CREATE TABLE searchable (
            doc INTEGER PRIMARY KEY,
            entry INTEGER NOT NULL UNIQUE REFERENCES entries (key),
            words BLOB NOT NULL
        ) STRICT
    """)
    db.execute("CREATE TABLE search_queue (n INTEGER PRIMARY KEY, entry INTEGER NOT NULL) STRICT")
    db.execute("INSERT INTO search_queue (entry) SELECT key FROM entries WHERE NOT pruned ORDER BY key")
    db.execute("""
        CREATE TRIGGER search_new AFTER INSERT ON entries
        BEGIN INSERT INTO search_queue (entry) VALUES (new.key); END
    """)
    db.execute("""
        CREATE TRIGGER search_changed AFTER UPDATE OF digest, story, pruned, held, withdrawn_at ON entries
        BEGIN INSERT INTO search_queue (entry) VALUES (new.key); END
    """)
    db.execute("""
        CREATE TRIGGER search_moved AFTER UPDATE OF shown_at ON stories WHEN new.shown_at <> old.shown_at
        BEGIN INSERT INTO search_queue (entry) SELECT key FROM entries WHERE story = new.key; END
    """)


@migrations()
def m0015_health(db: Database) -> None:
    """Since when sources are as they are, which are paused, and what was told of their health."""
    for column in ("state_since TEXT", "paused_at TEXT", "told TEXT NOT NULL DEFAULT 'ok'"):
        db.execute(f"ALTER TABLE sources ADD COLUMN {column}")
    db.execute("UPDATE sources SET state_since = coalesce(last_success_at, last_poll_at)")
    db.execute("""
        CREATE INDEX sources_untold ON sources (id)
        WHERE configured AND told != iif(paused_at IS NOT NULL, 'paused', iif(state = 'new', told, state))
    """)
    db.execute("""
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
    """)
    db.execute("DROP VIEW sources_view")
    db.execute("""
        CREATE VIEW sources_view AS
        SELECT id, url, coalesce(title, json_extract(head, '$.title'), id) AS title,
               iif(paused_at IS NULL, state, 'paused') AS state, last_status, last_success_at,
               iif(paused_at IS NULL, next_poll_at, NULL) AS next_poll_at, failures, last_error
        FROM sources WHERE configured
    """)


@migrations()
def m0016_holds_since(db: Database) -> None:
    """When hosts began to wait: of those that wait already nobody knows."""
    db.execute("ALTER TABLE holds ADD COLUMN since TEXT")
