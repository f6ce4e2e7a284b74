-- Registries with their credentials, which containers refer to them, and the images that were fetched. Times are text.

CREATE TABLE registries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT,
    domain TEXT NOT NULL,
    username TEXT,
    -- Sealed.
    password BLOB,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id)
);
CREATE INDEX registries_project ON registries (project_id, seq);

-- A registry's record stays while a wish of a container, in force or about to be, refers to it.
CREATE TABLE container_registries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    registry_id TEXT NOT NULL REFERENCES registries (id),
    UNIQUE (container_id, registry_id)
);
CREATE INDEX container_registries_registry ON container_registries (registry_id);

-- What was fetched, and is removed again when nobody has used it for long. What others fetched is not in it.
CREATE TABLE fetched_images (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    host_id TEXT NOT NULL REFERENCES hosts (id),
    reference TEXT NOT NULL,
    digest TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    last_used_at TEXT NOT NULL,
    UNIQUE (host_id, reference, digest)
);
