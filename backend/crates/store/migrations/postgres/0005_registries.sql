-- Registries with their credentials, which containers refer to them, and the images that were fetched. Times are text.

CREATE TABLE registries (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C",
    domain TEXT COLLATE "C" NOT NULL,
    username TEXT COLLATE "C",
    -- Sealed.
    password BYTEA,
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C",
    UNIQUE (id)
);
CREATE INDEX registries_project ON registries (project_id, seq);

-- A registry's record stays while a wish of a container, in force or about to be, refers to it.
CREATE TABLE container_registries (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    container_id TEXT COLLATE "C" NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    registry_id TEXT COLLATE "C" NOT NULL REFERENCES registries (id),
    UNIQUE (container_id, registry_id)
);
CREATE INDEX container_registries_registry ON container_registries (registry_id);

-- What was fetched, and is removed again when nobody has used it for long. What others fetched is not in it.
CREATE TABLE fetched_images (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host_id TEXT COLLATE "C" NOT NULL REFERENCES hosts (id),
    reference TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    fetched_at TEXT COLLATE "C" NOT NULL,
    last_used_at TEXT COLLATE "C" NOT NULL,
    UNIQUE (host_id, reference, digest)
);
