//! The same of the networking API.

/// Type, kind of page, example.
pub(in super::super) const EXAMPLES: &[(&str, &str, &str)] = &[
    (
        "zun_network",
        "Resource",
        r#"
resource "zun_network" "front" {
  name = "front"
}

resource "zun_subnet" "front" {
  network_id = zun_network.front.id
  cidr       = "10.10.0.0/24"
}

resource "zun_container" "web" {
  name  = "web"
  image = "nginx:1.27"

  # The subnet's network, so that the subnet is there first.
  networks = [{ network = zun_subnet.front.network_id, fixed_ip = "10.10.0.10" }]
}
"#,
    ),
    (
        "zun_subnet",
        "Resource",
        r#"
resource "zun_subnet" "front" {
  network_id      = zun_network.front.id
  name            = "front"
  cidr            = "10.10.0.0/24"
  gateway_ip      = "10.10.0.1"
  dns_nameservers = ["192.0.2.53"]

  # Addresses outside of it are for fixed_ip.
  allocation_pools = [{ start = "10.10.0.100", end = "10.10.0.200" }]
}

# The other family, which comes after that of IPv4 and goes before it. A network takes no subnet any more once it has a
# port: let each port and container depend on both, by naming them or by depends_on.
resource "zun_subnet" "front_v6" {
  network_id = zun_subnet.front.network_id
  cidr       = "fd00:10::/64"
}

# A new cidr makes another subnet, which waits for what is on the old one. A router on it can be made anew with it:
resource "zun_router" "main" {
  name       = "main"
  subnet_ids = [zun_subnet.front.id]

  lifecycle {
    replace_triggered_by = [zun_subnet.front.id]
  }
}
"#,
    ),
    (
        "zun_port",
        "Resource",
        r#"
resource "zun_port" "web" {
  network_id         = zun_subnet.front.network_id
  name               = "web"
  fixed_ip           = [{ ip_address = "10.10.0.10" }]
  security_group_ids = [zun_security_group.web.id]
}

# The address outlives the container.
resource "zun_container" "web" {
  name     = "web"
  image    = "nginx:1.27"
  networks = [{ port = zun_port.web.id }]
}
"#,
    ),
    (
        "zun_security_group",
        "Resource",
        r#"
resource "zun_security_group" "web" {
  name        = "web"
  description = "What everybody may reach."
}

resource "zun_security_group_rule" "web_http" {
  security_group_id = zun_security_group.web.id
  direction         = "ingress"
  protocol          = "tcp"
  port_range_min    = 80
  port_range_max    = 80
}

resource "zun_container" "web" {
  name            = "web"
  image           = "nginx:1.27"
  ports           = [{ internal = 80 }]
  security_groups = [zun_security_group.web.id]
}
"#,
    ),
    (
        "zun_security_group_rule",
        "Resource",
        r#"
# Only what is in the group web reaches the application.
resource "zun_security_group_rule" "app_from_web" {
  security_group_id = zun_security_group.app.id
  direction         = "ingress"
  protocol          = "tcp"
  port_range_min    = 8000
  port_range_max    = 8080
  remote_group_id   = zun_security_group.web.id
}

resource "zun_security_group_rule" "app_ping" {
  security_group_id = zun_security_group.app.id
  direction         = "ingress"
  protocol          = "icmp"
  remote_ip_prefix  = "10.10.0.0/24"
}
"#,
    ),
    (
        "zun_router",
        "Resource",
        r#"
data "zun_network" "outside" {
  external = true
}

resource "zun_router" "main" {
  name                = "main"
  external_network_id = data.zun_network.outside.id
  subnet_ids          = [zun_subnet.front.id, zun_subnet.back.id]
}
"#,
    ),
    (
        "zun_floating_ip",
        "Resource",
        r#"
resource "zun_floating_ip" "web" {
  description = "shop.example"
  port_id     = zun_port.web.id

  # The router leads to the port, though nothing here names it.
  depends_on = [zun_router.main]
}

output "address" {
  value = zun_floating_ip.web.address
}
"#,
    ),
    (
        "zun_network",
        "Data Source",
        r#"
data "zun_network" "outside" {
  external = true
}

data "zun_network" "default" {
  name = "default"
}
"#,
    ),
    (
        "zun_subnet",
        "Data Source",
        r#"
data "zun_subnet" "front" {
  network_id = data.zun_network.front.id
  ip_version = 4
}
"#,
    ),
    (
        "zun_port",
        "Data Source",
        r#"
data "zun_port" "web" {
  network_id = zun_network.front.id
  device_id  = zun_container.web.id
}

output "mac" {
  value = data.zun_port.web.mac_address
}
"#,
    ),
    (
        "zun_security_group",
        "Data Source",
        r#"
data "zun_security_group" "default" {
  name = "default"
}
"#,
    ),
    (
        "zun_router",
        "Data Source",
        r#"
data "zun_router" "main" {
  name = "main"
}
"#,
    ),
    (
        "zun_floating_ip",
        "Data Source",
        r#"
data "zun_floating_ip" "web" {
  address = "203.0.113.10"
}
"#,
    ),
];

/// Type and the text of its section on imports.
pub(in super::super) const IMPORTS: &[(&str, &str)] = &[
    (
        "zun_network",
        r#"
By id, or by a name that no other network of the project has:

```shell
terraform import zun_network.front front
```

By identity, with Terraform and OpenTofu from 1.12:

```terraform
import {
  to = zun_network.front
  identity = {
    uuid = "6b1cf3ce-7a52-4a24-8f61-7c8f0a9b2d10"
  }
}
```
"#,
    ),
    (
        "zun_subnet",
        r"
By id, or by a name that no other subnet of the project has:

```shell
terraform import zun_subnet.front front
```
",
    ),
    (
        "zun_port",
        r"
By id, or by a name that no other port of the project has:

```shell
terraform import zun_port.web web
```
",
    ),
    (
        "zun_security_group",
        r"
By id, or by a name that no other group of the project has:

```shell
terraform import zun_security_group.web web
```

Whether it was made with `delete_default_rules` is not held by any server: after an import it is noted, and nothing is done.
",
    ),
    (
        "zun_security_group_rule",
        r"
By id:

```shell
terraform import zun_security_group_rule.web_http 6b1cf3ce-7a52-4a24-8f61-7c8f0a9b2d10
```
",
    ),
    (
        "zun_router",
        r"
By id, or by a name that no other router of the project has:

```shell
terraform import zun_router.main main
```
",
    ),
    (
        "zun_floating_ip",
        r"
By id or by address:

```shell
terraform import zun_floating_ip.web 203.0.113.10
```
",
    ),
];
