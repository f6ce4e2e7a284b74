-- Volumes, who has them, and their snapshots. Times are text, sizes whole numbers of GiB.

CREATE TABLE volumes (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    host_id TEXT COLLATE "C" NOT NULL REFERENCES hosts (id),
    host_name TEXT COLLATE "C" NOT NULL,
    host_zone TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    metadata TEXT COLLATE "C" NOT NULL,
    size_gib BIGINT NOT NULL,
    volume_type TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    owner_id TEXT COLLATE "C",
    life TEXT COLLATE "C" NOT NULL,
    status_reason TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C",
    UNIQUE (id)
);
CREATE INDEX volumes_project ON volumes (project_id, seq);
CREATE INDEX volumes_owner ON volumes (owner_id);

-- The volume's record stays while a container has it.
CREATE TABLE volume_attachments (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    volume_id TEXT COLLATE "C" NOT NULL REFERENCES volumes (id),
    container_id TEXT COLLATE "C" NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    state TEXT COLLATE "C" NOT NULL,
    destination TEXT COLLATE "C" NOT NULL,
    attached_at TEXT COLLATE "C" NOT NULL,
    UNIQUE (volume_id, container_id)
);
CREATE INDEX volume_attachments_container ON volume_attachments (container_id);

-- A snapshot outlives its volume, so it refers to none.
CREATE TABLE snapshots (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    volume_id TEXT COLLATE "C" NOT NULL,
    host_id TEXT COLLATE "C" NOT NULL REFERENCES hosts (id),
    host_name TEXT COLLATE "C" NOT NULL,
    host_zone TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    metadata TEXT COLLATE "C" NOT NULL,
    size_gib BIGINT NOT NULL,
    life TEXT COLLATE "C" NOT NULL,
    status_reason TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C",
    UNIQUE (id)
);
CREATE INDEX snapshots_project ON snapshots (project_id, seq);
CREATE INDEX snapshots_volume ON snapshots (volume_id);
