-- Volumes, who has them, and their snapshots. Times are text, sizes whole numbers of GiB.

CREATE TABLE volumes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    host_id TEXT NOT NULL REFERENCES hosts (id),
    host_name TEXT NOT NULL,
    host_zone TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    metadata TEXT NOT NULL,
    size_gib BIGINT NOT NULL,
    volume_type TEXT NOT NULL,
    source TEXT NOT NULL,
    owner_id TEXT,
    life TEXT NOT NULL,
    status_reason TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id)
);
CREATE INDEX volumes_project ON volumes (project_id, seq);
CREATE INDEX volumes_owner ON volumes (owner_id);

-- The volume's record stays while a container has it.
CREATE TABLE volume_attachments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    volume_id TEXT NOT NULL REFERENCES volumes (id),
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    destination TEXT NOT NULL,
    attached_at TEXT NOT NULL,
    UNIQUE (volume_id, container_id)
);
CREATE INDEX volume_attachments_container ON volume_attachments (container_id);

-- A snapshot outlives its volume, so it refers to none.
CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    volume_id TEXT NOT NULL,
    host_id TEXT NOT NULL REFERENCES hosts (id),
    host_name TEXT NOT NULL,
    host_zone TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    metadata TEXT NOT NULL,
    size_gib BIGINT NOT NULL,
    life TEXT NOT NULL,
    status_reason TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id)
);
CREATE INDEX snapshots_project ON snapshots (project_id, seq);
CREATE INDEX snapshots_volume ON snapshots (volume_id);
