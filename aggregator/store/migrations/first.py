"""Steps 1 to 11."""

from sqlite_utils import Database

from aggregator.store.migrations.registry import migrations


@migrations()
def m0001_first(db: Database) -> None:
    """Sources, entries, stories, marks, and the two public views."""
    db.execute("""
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
        ) STRICT
    """)
    db.execute("CREATE INDEX sources_due ON sources (next_poll_at) WHERE configured")
    db.execute("""
        CREATE TABLE stories (
            key INTEGER PRIMARY KEY,
            story_id TEXT NOT NULL UNIQUE,
            representative INTEGER,
            shown_at TEXT NOT NULL,
            settled INTEGER NOT NULL DEFAULT 0
        ) STRICT
    """)
    db.execute("CREATE INDEX stories_shown ON stories (shown_at)")
    db.execute("CREATE INDEX stories_unsettled ON stories (key) WHERE NOT settled")
    db.execute("""
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
            pruned INTEGER NOT NULL DEFAULT 0,
            UNIQUE (source_id, guid)
        ) STRICT
    """)
    db.execute("CREATE INDEX entries_story ON entries (story)")
    db.execute("CREATE INDEX entries_seen ON entries (source_id, first_seen_at) WHERE NOT pruned")
    db.execute("""
        CREATE TABLE marks (
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            n INTEGER NOT NULL,
            story INTEGER NOT NULL REFERENCES stories (key),
            taken_at TEXT NOT NULL,
            PRIMARY KEY (kind, value, n)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX marks_story ON marks (story)")
    db.execute("""
        CREATE TABLE aliases (
            alias TEXT PRIMARY KEY,
            story INTEGER NOT NULL REFERENCES stories (key)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX aliases_story ON aliases (story)")
    db.execute("""
        CREATE VIEW sources_view AS
        SELECT id, url, coalesce(title, json_extract(head, '$.title'), id) AS title, state, last_status,
               last_success_at, next_poll_at, failures, last_error
        FROM sources WHERE configured
    """)
    db.execute("""
        CREATE VIEW entries_view AS
        SELECT e.source_id, e.entry_id, e.guid, e.url, e.title, e.published_at, e.updated_at, e.first_seen_at,
               s.story_id, e.content_text
        FROM entries e JOIN stories s ON s.key = e.story
    """)


@migrations()
def m0002_politeness(db: Database) -> None:
    """What the policy remembers of a source, known items, hosts on hold, withdrawn entries, notes."""
    for column in (
        "wishes TEXT NOT NULL DEFAULT '[]'",
        "rhythm TEXT NOT NULL DEFAULT '{}'",
        "hints TEXT NOT NULL DEFAULT '{}'",
        "fresh_for REAL",
        "ended INTEGER NOT NULL DEFAULT 0",
        "pushed_until TEXT",
        "moved_to TEXT",
        "moving_to TEXT",
        "moving_seen INTEGER NOT NULL DEFAULT 0",
        "former_urls TEXT NOT NULL DEFAULT '[]'",
        "archive_url TEXT",
        "archive_left INTEGER NOT NULL DEFAULT 0",
    ):
        db.execute(f"ALTER TABLE sources ADD COLUMN {column}")
    db.execute("ALTER TABLE entries ADD COLUMN withdrawn_at TEXT")
    db.execute("CREATE TABLE holds (host TEXT PRIMARY KEY, until TEXT NOT NULL) STRICT, WITHOUT ROWID")
    db.execute("CREATE TABLE known_items (source_id TEXT PRIMARY KEY, items TEXT NOT NULL) STRICT")
    db.execute("CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID")


@migrations()
def m0003_extras(db: Database) -> None:
    """What entries carry besides their text: media, episodes, threads, places, origins, licences."""
    db.execute("ALTER TABLE entries ADD COLUMN extras TEXT NOT NULL DEFAULT '{}'")


@migrations()
def m0004_near_duplicates(db: Database) -> None:
    """What a decision was judged by, the index of sampled shingles by the week, and each source's boilerplate."""
    db.execute("ALTER TABLE entries ADD COLUMN scores TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE entries ADD COLUMN is_version INTEGER NOT NULL DEFAULT 0")
    for slot in range(3):
        db.execute(f"""
            CREATE TABLE samples_{slot} (
                hash INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)
            ) STRICT, WITHOUT ROWID
        """)
    db.execute("CREATE TABLE sample_weeks (slot INTEGER PRIMARY KEY, week INTEGER NOT NULL) STRICT")
    db.execute(
        "CREATE TABLE boilerplate (source_id TEXT PRIMARY KEY, hashes TEXT NOT NULL) STRICT, WITHOUT ROWID"
    )


@migrations()
def m0005_revisions(db: Database) -> None:
    """What entries said before, and trivial edits of what they say: the columns of entries that are content."""
    db.execute("""
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
    """)
    db.execute("CREATE INDEX revisions_entry ON revisions (entry)")
    db.execute("CREATE INDEX revisions_seen ON revisions (seen_at)")


@migrations()
def m0006_overrules(db: Database) -> None:
    """What the operator decided about pairs of entries, the smaller key first; entries held back as a flood."""
    db.execute("""
        CREATE TABLE overrules (
            entry INTEGER NOT NULL REFERENCES entries (key),
            other INTEGER NOT NULL REFERENCES entries (key),
            apart INTEGER NOT NULL,
            decided_at TEXT NOT NULL,
            PRIMARY KEY (entry, other)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX overrules_other ON overrules (other)")
    db.execute("ALTER TABLE entries ADD COLUMN held INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE INDEX entries_held ON entries (source_id) WHERE held")


@migrations()
def m0007_order_of_arrival(db: Database) -> None:
    """Feeds by when we first saw their entries."""
    db.execute("CREATE INDEX entries_first_seen ON entries (first_seen_at)")


@migrations()
def m0008_emitted(db: Database) -> None:
    """What each feed last said of a story."""
    db.execute("""
        CREATE TABLE emitted (
            feed TEXT NOT NULL,
            story_id TEXT NOT NULL,
            told TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            PRIMARY KEY (feed, story_id)
        ) STRICT, WITHOUT ROWID
    """)


@migrations()
def m0009_titles(db: Database) -> None:
    """What a source has told under a title, for sources that change all their guids (`retold`)."""
    db.execute("CREATE INDEX entries_told ON entries (source_id, title) WHERE NOT pruned")


@migrations()
def m0010_told_apart(db: Database) -> None:
    """What the guid of an entry was told apart from, where its document repeated it.

    So far it stood in the guid only, followed by the address, the title and the digest, as far as was needed.
    """
    db.execute("ALTER TABLE entries ADD COLUMN said_guid TEXT")
    for telling in (
        "' ' || coalesce(url, '') || ' ' || title || ' ' || digest",
        "' ' || coalesce(url, '') || ' ' || title",
        "' ' || coalesce(url, '')",
    ):
        db.execute(
            f"""
            UPDATE entries SET said_guid = substr(guid, 1, length(guid) - length({telling}))
            WHERE said_guid IS NULL AND length(guid) > length({telling})
                AND substr(guid, -length({telling})) = {telling}
            """  # noqa: S608 - our own expressions
        )
    db.execute("CREATE INDEX entries_said_guid ON entries (source_id, said_guid) WHERE said_guid NOTNULL")


@migrations()
def m0011_date_orders(db: Database) -> None:
    """In which orders the days of numbers of a source have made sense so far."""
    db.execute("ALTER TABLE sources ADD COLUMN date_orders TEXT NOT NULL DEFAULT '[]'")
