-- Images of the image service, and those that administrators pulled to a host. Their data is not here.

CREATE TABLE images (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    visibility TEXT NOT NULL,
    protected BOOLEAN NOT NULL,
    hidden BOOLEAN NOT NULL,
    container_format TEXT,
    disk_format TEXT,
    min_disk BIGINT NOT NULL,
    min_ram BIGINT NOT NULL,
    tags TEXT NOT NULL,
    properties TEXT NOT NULL,
    source TEXT,
    facts TEXT,
    life TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (id)
);
CREATE INDEX images_project ON images (project_id, seq);
CREATE INDEX images_name ON images (name);

CREATE TABLE pulled_images (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    host_id TEXT NOT NULL REFERENCES hosts (id),
    host_name TEXT NOT NULL,
    host_zone TEXT NOT NULL,
    image_id TEXT,
    size BIGINT,
    life TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (id),
    UNIQUE (host_id, reference)
);
