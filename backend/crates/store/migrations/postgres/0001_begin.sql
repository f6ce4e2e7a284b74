-- What the program keeps. Ids and times are text (times fixed width, UTC), amounts whole numbers.
-- Text is sorted by its bytes, as SQLite does.
-- The folder of the other database holds the same tables; a change is made in both.

CREATE TABLE meta (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

-- One row: a known text sealed with the key, so that a wrong key is noticed at the start.
CREATE TABLE vault (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    probe BYTEA NOT NULL
);

CREATE TABLE hosts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    facts TEXT COLLATE "C" NOT NULL,
    reachability TEXT COLLATE "C" NOT NULL,
    disabled TEXT COLLATE "C",
    forced_down BOOLEAN NOT NULL,
    seen_at TEXT COLLATE "C" NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    UNIQUE (name)
);

-- seq is the order of insertion. desired is sealed; what lists filter and sort by has a column.
CREATE TABLE containers (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    host_id TEXT COLLATE "C" NOT NULL REFERENCES hosts (id),
    host_name TEXT COLLATE "C" NOT NULL,
    host_zone TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    image TEXT COLLATE "C" NOT NULL,
    memory_mib BIGINT,
    auto_remove BOOLEAN NOT NULL,
    desired BYTEA NOT NULL,
    life TEXT COLLATE "C" NOT NULL,
    observed TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    status_reason TEXT COLLATE "C",
    task TEXT COLLATE "C",
    confirmed BOOLEAN NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C",
    UNIQUE (id)
);
CREATE INDEX containers_project ON containers (project_id, seq);
CREATE INDEX containers_name ON containers (name);
CREATE INDEX containers_host ON containers (host_id);

-- What a container takes of its project's quota and of its host.
CREATE TABLE claims (
    container_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES containers (id) ON DELETE CASCADE,
    project_id TEXT COLLATE "C" NOT NULL,
    host_id TEXT COLLATE "C" NOT NULL,
    cpu_milli BIGINT NOT NULL,
    memory_mib BIGINT NOT NULL,
    disk_gib BIGINT NOT NULL
);
CREATE INDEX claims_project ON claims (project_id);
CREATE INDEX claims_host ON claims (host_id);

CREATE TABLE networks (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    subnet TEXT COLLATE "C" NOT NULL,
    UNIQUE (id),
    UNIQUE (project_id, name),
    UNIQUE (subnet)
);

CREATE TABLE ports (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    network_id TEXT COLLATE "C" NOT NULL REFERENCES networks (id),
    container_id TEXT COLLATE "C" NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    ip TEXT COLLATE "C" NOT NULL,
    mac TEXT COLLATE "C" NOT NULL,
    UNIQUE (id),
    UNIQUE (network_id, ip)
);
CREATE INDEX ports_container ON ports (container_id);

-- ip is '' where the port is taken on every address of the host.
CREATE TABLE host_ports (
    host_id TEXT COLLATE "C" NOT NULL,
    protocol TEXT COLLATE "C" NOT NULL,
    external BIGINT NOT NULL,
    ip TEXT COLLATE "C" NOT NULL,
    internal BIGINT NOT NULL,
    container_id TEXT COLLATE "C" NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    PRIMARY KEY (host_id, protocol, external, ip)
);
CREATE INDEX host_ports_container ON host_ports (container_id);

-- Kept when the container is gone, so without a reference to it. plan and target are sealed.
CREATE TABLE operations (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    container_id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    progress TEXT COLLATE "C" NOT NULL,
    steps_done BIGINT NOT NULL,
    steps BIGINT NOT NULL,
    failure TEXT COLLATE "C",
    plan BYTEA NOT NULL,
    target BYTEA,
    created_at TEXT COLLATE "C" NOT NULL,
    finished_at TEXT COLLATE "C",
    UNIQUE (id)
);
-- One operation at a time per container.
CREATE UNIQUE INDEX operations_container_id_key ON operations (container_id) WHERE finished_at IS NULL;
CREATE INDEX operations_container ON operations (container_id, seq);
CREATE INDEX operations_project ON operations (project_id, seq);
CREATE INDEX operations_finished ON operations (finished_at);

CREATE TABLE steps (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    operation_id TEXT COLLATE "C" NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    step BIGINT NOT NULL,
    undo BOOLEAN NOT NULL,
    entry TEXT COLLATE "C" NOT NULL,
    message TEXT COLLATE "C",
    at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX steps_operation ON steps (operation_id, seq);

CREATE TABLE events (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    container_id TEXT COLLATE "C" NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    operation_id TEXT COLLATE "C",
    kind TEXT COLLATE "C" NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX events_container ON events (container_id, seq);

-- Limits that were set. kind is 'project' or 'class', owner the project's id or the class's name.
CREATE TABLE quotas (
    kind TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    containers BIGINT,
    cpu BIGINT,
    memory BIGINT,
    disk BIGINT,
    PRIMARY KEY (kind, owner)
);

CREATE TABLE domains (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    UNIQUE (name)
);

CREATE TABLE projects (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    domain_id TEXT COLLATE "C" NOT NULL REFERENCES domains (id),
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    enabled BOOLEAN NOT NULL,
    UNIQUE (domain_id, name)
);

CREATE TABLE users (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    domain_id TEXT COLLATE "C" NOT NULL REFERENCES domains (id),
    name TEXT COLLATE "C" NOT NULL,
    enabled BOOLEAN NOT NULL,
    password_hash TEXT COLLATE "C",
    UNIQUE (domain_id, name)
);

CREATE TABLE role_assignments (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    role TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, project_id, role)
);
CREATE INDEX role_assignments_project ON role_assignments (project_id);

CREATE TABLE application_credentials (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    secret_hash TEXT COLLATE "C" NOT NULL,
    roles TEXT COLLATE "C" NOT NULL,
    expires_at TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    UNIQUE (user_id, name)
);

-- Only a hash of a token is kept.
CREATE TABLE tokens (
    hash BYTEA NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT COLLATE "C" REFERENCES projects (id) ON DELETE CASCADE,
    application_credential_id TEXT COLLATE "C" REFERENCES application_credentials (id) ON DELETE CASCADE,
    roles TEXT COLLATE "C" NOT NULL,
    methods TEXT COLLATE "C" NOT NULL,
    audit_id TEXT COLLATE "C" NOT NULL,
    issued_at TEXT COLLATE "C" NOT NULL,
    expires_at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE INDEX tokens_expiry ON tokens (expires_at);
