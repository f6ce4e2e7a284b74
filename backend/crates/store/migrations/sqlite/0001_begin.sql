-- What the program keeps. Ids and times are text (times fixed width, UTC), amounts whole numbers.
-- The folder of the other database holds the same tables; a change is made in both.

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- One row: a known text sealed with the key, so that a wrong key is noticed at the start.
CREATE TABLE vault (
    id TEXT NOT NULL PRIMARY KEY,
    probe BLOB NOT NULL
);

CREATE TABLE hosts (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    zone TEXT NOT NULL,
    facts TEXT NOT NULL,
    reachability TEXT NOT NULL,
    disabled TEXT,
    forced_down BOOLEAN NOT NULL,
    seen_at TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (name)
);

-- seq is the order of insertion. desired is sealed; what lists filter and sort by has a column.
CREATE TABLE containers (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    host_id TEXT NOT NULL REFERENCES hosts (id),
    host_name TEXT NOT NULL,
    host_zone TEXT NOT NULL,
    generation BIGINT NOT NULL,
    name TEXT NOT NULL,
    image TEXT NOT NULL,
    memory_mib BIGINT,
    auto_remove BOOLEAN NOT NULL,
    desired BLOB NOT NULL,
    life TEXT NOT NULL,
    observed TEXT,
    status TEXT NOT NULL,
    status_reason TEXT,
    task TEXT,
    confirmed BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id)
);
CREATE INDEX containers_project ON containers (project_id, seq);
CREATE INDEX containers_name ON containers (name);
CREATE INDEX containers_host ON containers (host_id);

-- What a container takes of its project's quota and of its host.
CREATE TABLE claims (
    container_id TEXT NOT NULL PRIMARY KEY REFERENCES containers (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL,
    host_id TEXT NOT NULL,
    cpu_milli BIGINT NOT NULL,
    memory_mib BIGINT NOT NULL,
    disk_gib BIGINT NOT NULL
);
CREATE INDEX claims_project ON claims (project_id);
CREATE INDEX claims_host ON claims (host_id);

CREATE TABLE networks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    subnet TEXT NOT NULL,
    UNIQUE (id),
    UNIQUE (project_id, name),
    UNIQUE (subnet)
);

CREATE TABLE ports (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    network_id TEXT NOT NULL REFERENCES networks (id),
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    ip TEXT NOT NULL,
    mac TEXT NOT NULL,
    UNIQUE (id),
    UNIQUE (network_id, ip)
);
CREATE INDEX ports_container ON ports (container_id);

-- ip is '' where the port is taken on every address of the host.
CREATE TABLE host_ports (
    host_id TEXT NOT NULL,
    protocol TEXT NOT NULL,
    external BIGINT NOT NULL,
    ip TEXT NOT NULL,
    internal BIGINT NOT NULL,
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    PRIMARY KEY (host_id, protocol, external, ip)
);
CREATE INDEX host_ports_container ON host_ports (container_id);

-- Kept when the container is gone, so without a reference to it. plan and target are sealed.
CREATE TABLE operations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    container_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    request_id TEXT NOT NULL,
    progress TEXT NOT NULL,
    steps_done BIGINT NOT NULL,
    steps BIGINT NOT NULL,
    failure TEXT,
    plan BLOB NOT NULL,
    target BLOB,
    created_at TEXT NOT NULL,
    finished_at TEXT,
    UNIQUE (id)
);
-- One operation at a time per container.
CREATE UNIQUE INDEX operations_container_id_key ON operations (container_id) WHERE finished_at IS NULL;
CREATE INDEX operations_container ON operations (container_id, seq);
CREATE INDEX operations_project ON operations (project_id, seq);
CREATE INDEX operations_finished ON operations (finished_at);

CREATE TABLE steps (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    operation_id TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    step BIGINT NOT NULL,
    undo BOOLEAN NOT NULL,
    entry TEXT NOT NULL,
    message TEXT,
    at TEXT NOT NULL
);
CREATE INDEX steps_operation ON steps (operation_id, seq);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    operation_id TEXT,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX events_container ON events (container_id, seq);

-- Limits that were set. kind is 'project' or 'class', owner the project's id or the class's name.
CREATE TABLE quotas (
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    containers BIGINT,
    cpu BIGINT,
    memory BIGINT,
    disk BIGINT,
    PRIMARY KEY (kind, owner)
);

CREATE TABLE domains (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    UNIQUE (name)
);

CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    domain_id TEXT NOT NULL REFERENCES domains (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    UNIQUE (domain_id, name)
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    domain_id TEXT NOT NULL REFERENCES domains (id),
    name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    password_hash TEXT,
    UNIQUE (domain_id, name)
);

CREATE TABLE role_assignments (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, project_id, role)
);
CREATE INDEX role_assignments_project ON role_assignments (project_id);

CREATE TABLE application_credentials (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    expires_at TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (user_id, name)
);

-- Only a hash of a token is kept.
CREATE TABLE tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT REFERENCES projects (id) ON DELETE CASCADE,
    application_credential_id TEXT REFERENCES application_credentials (id) ON DELETE CASCADE,
    roles TEXT NOT NULL,
    methods TEXT NOT NULL,
    audit_id TEXT NOT NULL,
    issued_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE INDEX tokens_expiry ON tokens (expires_at);
