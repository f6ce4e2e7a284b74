-- Capsules, and which containers are parts of one. desired is sealed.

CREATE TABLE capsules (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    host_id TEXT COLLATE "C" NOT NULL REFERENCES hosts (id),
    host_name TEXT COLLATE "C" NOT NULL,
    host_zone TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    desired BYTEA NOT NULL,
    life TEXT COLLATE "C" NOT NULL,
    status_reason TEXT COLLATE "C",
    task TEXT COLLATE "C",
    confirmed BOOLEAN NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C",
    UNIQUE (id)
);
CREATE INDEX capsules_project ON capsules (project_id, seq);
CREATE INDEX capsules_name ON capsules (name);

-- All three are NULL in a container that stands alone.
ALTER TABLE containers ADD COLUMN capsule_id TEXT COLLATE "C" REFERENCES capsules (id);
ALTER TABLE containers ADD COLUMN role TEXT COLLATE "C";
ALTER TABLE containers ADD COLUMN position BIGINT;
CREATE INDEX containers_capsule ON containers (capsule_id);
