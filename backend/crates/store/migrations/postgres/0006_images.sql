-- Images of the image service, and those that administrators pulled to a host. Their data is not here.

CREATE TABLE images (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    visibility TEXT COLLATE "C" NOT NULL,
    protected BOOLEAN NOT NULL,
    hidden BOOLEAN NOT NULL,
    container_format TEXT COLLATE "C",
    disk_format TEXT COLLATE "C",
    min_disk BIGINT NOT NULL,
    min_ram BIGINT NOT NULL,
    tags TEXT COLLATE "C" NOT NULL,
    properties TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C",
    facts TEXT COLLATE "C",
    life TEXT COLLATE "C" NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    UNIQUE (id)
);
CREATE INDEX images_project ON images (project_id, seq);
CREATE INDEX images_name ON images (name);

CREATE TABLE pulled_images (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    host_id TEXT COLLATE "C" NOT NULL REFERENCES hosts (id),
    host_name TEXT COLLATE "C" NOT NULL,
    host_zone TEXT COLLATE "C" NOT NULL,
    image_id TEXT COLLATE "C",
    size BIGINT,
    life TEXT COLLATE "C" NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    UNIQUE (id),
    UNIQUE (host_id, reference)
);
