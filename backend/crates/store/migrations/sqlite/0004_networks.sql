-- Networks with their subnets, ports that may be free, security groups, routers and floating IPs.
-- A list of ranges is JSON; a list of addresses or prefixes has spaces between them.

CREATE TEMPORARY TABLE former_networks AS SELECT * FROM networks;
CREATE TEMPORARY TABLE former_ports AS SELECT * FROM ports;
DROP TABLE ports;
DROP TABLE networks;

CREATE TABLE networks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    admin_state_up BOOLEAN NOT NULL,
    mtu BIGINT NOT NULL,
    runtime_name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id)
);
CREATE INDEX networks_project ON networks (project_id, seq);
-- One default network per project, and one outside.
CREATE UNIQUE INDEX networks_project_id_key ON networks (project_id) WHERE kind = 'default';
CREATE UNIQUE INDEX networks_kind_key ON networks (kind) WHERE kind = 'external';

CREATE TABLE subnet_pools (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    prefixes TEXT NOT NULL,
    default_prefixlen BIGINT NOT NULL,
    min_prefixlen BIGINT NOT NULL,
    max_prefixlen BIGINT NOT NULL,
    shared BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id)
);

-- gateway and allocation_pools are NULL in what comes from an earlier schema: the first address, and all the others.
CREATE TABLE subnets (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    network_id TEXT NOT NULL REFERENCES networks (id),
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    version BIGINT NOT NULL,
    cidr TEXT NOT NULL,
    gateway TEXT,
    allocation_pools TEXT,
    dns_nameservers TEXT NOT NULL,
    pool_id TEXT REFERENCES subnet_pools (id),
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id),
    UNIQUE (cidr),
    UNIQUE (network_id, version)
);

-- container_id has no cascade: what becomes of a port when its container goes is written in the program.
CREATE TABLE ports (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    network_id TEXT NOT NULL REFERENCES networks (id),
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    admin_state_up BOOLEAN NOT NULL,
    mac TEXT NOT NULL,
    groups_chosen BOOLEAN NOT NULL,
    container_id TEXT REFERENCES containers (id),
    position BIGINT NOT NULL,
    preserve BOOLEAN NOT NULL,
    device_id TEXT NOT NULL,
    device_owner TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id),
    UNIQUE (network_id, mac)
);
CREATE INDEX ports_container ON ports (container_id, position);
CREATE INDEX ports_project ON ports (project_id, seq);

CREATE TABLE fixed_ips (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    port_id TEXT NOT NULL REFERENCES ports (id) ON DELETE CASCADE,
    network_id TEXT NOT NULL REFERENCES networks (id),
    subnet_id TEXT NOT NULL REFERENCES subnets (id),
    ip TEXT NOT NULL,
    UNIQUE (network_id, ip)
);
CREATE INDEX fixed_ips_port ON fixed_ips (port_id, seq);
CREATE INDEX fixed_ips_subnet ON fixed_ips (subnet_id);

CREATE TABLE security_groups (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id)
);
CREATE INDEX security_groups_project ON security_groups (project_id, seq);
-- One default group per project.
CREATE UNIQUE INDEX security_groups_project_id_key ON security_groups (project_id) WHERE name = 'default';

-- A rule about a group goes with that group.
CREATE TABLE security_group_rules (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    group_id TEXT NOT NULL REFERENCES security_groups (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL,
    description TEXT NOT NULL,
    direction TEXT NOT NULL,
    ethertype TEXT NOT NULL,
    protocol TEXT,
    port_min BIGINT,
    port_max BIGINT,
    remote_prefix TEXT,
    remote_group_id TEXT REFERENCES security_groups (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    UNIQUE (id)
);
CREATE INDEX security_group_rules_group ON security_group_rules (group_id, seq);
CREATE INDEX security_group_rules_remote ON security_group_rules (remote_group_id);

-- A group stays while a port is in it.
CREATE TABLE port_security_groups (
    port_id TEXT NOT NULL REFERENCES ports (id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES security_groups (id),
    PRIMARY KEY (port_id, group_id)
);
CREATE INDEX port_security_groups_group ON port_security_groups (group_id);

CREATE TABLE routers (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    admin_state_up BOOLEAN NOT NULL,
    gateway_network_id TEXT REFERENCES networks (id),
    gateway_enable_snat BOOLEAN NOT NULL,
    gateway_address TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id),
    UNIQUE (gateway_address)
);
CREATE INDEX routers_project ON routers (project_id, seq);

-- Neither a router nor a subnet nor a port goes while this refers to it.
CREATE TABLE router_interfaces (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    router_id TEXT NOT NULL REFERENCES routers (id),
    subnet_id TEXT NOT NULL REFERENCES subnets (id),
    network_id TEXT NOT NULL REFERENCES networks (id),
    port_id TEXT NOT NULL REFERENCES ports (id),
    UNIQUE (router_id, subnet_id),
    UNIQUE (port_id)
);
CREATE INDEX router_interfaces_subnet ON router_interfaces (subnet_id);

-- fixed_ip and router_id mean nothing where port_id is NULL.
CREATE TABLE floating_ips (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    description TEXT NOT NULL,
    network_id TEXT NOT NULL REFERENCES networks (id),
    address TEXT NOT NULL,
    port_id TEXT REFERENCES ports (id) ON DELETE SET NULL,
    fixed_ip TEXT,
    router_id TEXT REFERENCES routers (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    UNIQUE (id),
    UNIQUE (address)
);
CREATE INDEX floating_ips_project ON floating_ips (project_id, seq);
CREATE INDEX floating_ips_port ON floating_ips (port_id);
CREATE INDEX floating_ips_router ON floating_ips (router_id);

-- Networks that are gone from here and may still be in the engine of a host.
CREATE TABLE leftover_networks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    host_id TEXT NOT NULL,
    runtime_name TEXT NOT NULL,
    subnets TEXT NOT NULL,
    gateways TEXT NOT NULL,
    mtu BIGINT NOT NULL,
    routed BOOLEAN NOT NULL,
    UNIQUE (host_id, runtime_name)
);

-- What there was: a default network of one IPv4 subnet for each project that had containers.
INSERT INTO networks (id, project_id, name, description, kind, admin_state_up, mtu, runtime_name, created_at)
SELECT id, project_id, name, '', 'default', TRUE, 1500, 'zun-' || id, strftime('%Y-%m-%dT%H:%M:%S', 'now') || '.000000000Z'
FROM former_networks ORDER BY seq;

INSERT INTO subnets (id, network_id, project_id, name, description, version, cidr, dns_nameservers, created_at)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'
    || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), n.id, n.project_id, '', '', 4, f.subnet, '', n.created_at
FROM networks n JOIN former_networks f ON f.id = n.id ORDER BY n.seq;

INSERT INTO ports (id, network_id, project_id, name, description, admin_state_up, mac, groups_chosen, container_id,
    position, preserve, device_id, device_owner, created_at)
SELECT f.id, f.network_id, n.project_id, '', '', TRUE, f.mac, FALSE, f.container_id, 0, FALSE, '', '', c.created_at
FROM former_ports f JOIN networks n ON n.id = f.network_id JOIN containers c ON c.id = f.container_id ORDER BY f.seq;

INSERT INTO fixed_ips (port_id, network_id, subnet_id, ip)
SELECT f.id, f.network_id, s.id, f.ip
FROM former_ports f JOIN subnets s ON s.network_id = f.network_id ORDER BY f.seq;

-- Their containers are in their project's default group: everything out, and in from each other.
INSERT INTO security_groups (id, project_id, name, description, created_at)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'
    || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), project_id, 'default', 'Default security group', created_at FROM networks ORDER BY seq;

INSERT INTO security_group_rules (id, group_id, project_id, description, direction, ethertype, remote_group_id,
    created_at)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'
    || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), g.id, g.project_id, '', r.direction, r.ethertype,
    CASE WHEN r.direction = 'ingress' THEN g.id END, g.created_at
FROM security_groups g CROSS JOIN (
    SELECT 1 AS number, 'egress' AS direction, 'IPv4' AS ethertype
    UNION ALL SELECT 2, 'egress', 'IPv6'
    UNION ALL SELECT 3, 'ingress', 'IPv4'
    UNION ALL SELECT 4, 'ingress', 'IPv6') r
ORDER BY g.seq, r.number;

INSERT INTO port_security_groups (port_id, group_id)
SELECT p.id, g.id FROM ports p JOIN security_groups g ON g.project_id = p.project_id;

DROP TABLE former_ports;
DROP TABLE former_networks;
