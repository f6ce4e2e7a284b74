-- Capsules, and which containers are parts of one. desired is sealed.

CREATE TABLE capsules (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    host_id TEXT NOT NULL REFERENCES hosts (id),
    host_name TEXT NOT NULL,
    host_zone TEXT NOT NULL,
    generation BIGINT NOT NULL,
    name TEXT NOT NULL,
    desired BLOB NOT NULL,
    life TEXT NOT NULL,
    status_reason TEXT,
    task TEXT,
    confirmed BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id)
);
CREATE INDEX capsules_project ON capsules (project_id, seq);
CREATE INDEX capsules_name ON capsules (name);

-- All three are NULL in a container that stands alone.
ALTER TABLE containers ADD COLUMN capsule_id TEXT REFERENCES capsules (id);
ALTER TABLE containers ADD COLUMN role TEXT;
ALTER TABLE containers ADD COLUMN position BIGINT;
CREATE INDEX containers_capsule ON containers (capsule_id);
