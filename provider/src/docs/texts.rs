//! What no schema says: examples and the ways to import. [`networking`] and [`image`] have those of their resources.

pub(super) mod capsule;
pub(super) mod image;
pub(super) mod networking;

pub(super) const PROVIDER: &str = r#"
terraform {
  required_providers {
    zun = {
      source = "zun/zun"
    }
  }
}

# Everything from the environment (OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME), or:
provider "zun" {
  cloud = "dev" # of clouds.yaml
}
"#;

/// Type, kind of page, example.
pub(super) const EXAMPLES: &[(&str, &str, &str)] = &[
    (
        "zun_container",
        "Resource",
        r#"
resource "zun_container" "web" {
  name   = "web"
  image  = "nginx:1.27"
  cpu    = 0.5
  memory = 128

  ports = [{ internal = 80 }]

  environment = {
    GREETING = "hello"
  }

  restart_policy = { name = "always" }

  healthcheck = {
    cmd      = "curl -fs http://127.0.0.1/"
    interval = 10
  }
}

# A job: runs once for each change, and fails the apply when it fails.
resource "zun_container" "migrate" {
  name     = "migrate"
  image    = "registry.example/shop/migrate:4"
  wait_for = "exited"

  environment_wo         = { DATABASE_PASSWORD = var.database_password }
  environment_wo_version = 1
}

output "address" {
  value = "http://localhost:${zun_container.web.published["80/tcp"]}"
}
"#,
    ),
    (
        "zun_quota",
        "Resource",
        r#"
resource "zun_quota" "shop" {
  project_id = "0f6e2a1c9d7b4f53a8f1c2d3e4b5a697"
  containers = 20
  memory     = 16384
  cpu        = -1 # unlimited
}
"#,
    ),
    (
        "zun_quota_class",
        "Resource",
        r#"
resource "zun_quota_class" "default" {
  name       = "default"
  containers = 10
}
"#,
    ),
    (
        "zun_volume",
        "Resource",
        r#"
resource "zun_volume" "data" {
  name = "shop-data"
  size = 10
}

resource "zun_container" "database" {
  name  = "database"
  image = "postgres:17"

  mounts = [{ source = zun_volume.data.id, destination = "/var/lib/postgresql/data" }]
}

# Begins with the data of last night.
resource "zun_volume" "trial" {
  name        = "shop-trial"
  size        = 20
  snapshot_id = zun_volume_snapshot.night.id
}

resource "zun_volume_snapshot" "night" {
  volume_id = zun_volume.data.id
  name      = "night"
}
"#,
    ),
    (
        "zun_volume_snapshot",
        "Resource",
        r#"
resource "zun_volume_snapshot" "before_upgrade" {
  volume_id   = zun_volume.data.id
  name        = "before-upgrade"
  description = "Kept until version 4 has run for a week."
}
"#,
    ),
    (
        "zun_volume",
        "Data Source",
        r#"
data "zun_volume" "data" {
  name = "shop-data"
}

output "users_of_data" {
  value = [for one in data.zun_volume.data.attachment : one.container]
}
"#,
    ),
    (
        "zun_volume_snapshot",
        "Data Source",
        r#"
data "zun_volume_snapshot" "night" {
  name = "night"
}

resource "zun_volume" "restored" {
  name        = "restored"
  size        = data.zun_volume_snapshot.night.size
  snapshot_id = data.zun_volume_snapshot.night.id
}
"#,
    ),
    (
        "zun_container",
        "Data Source",
        r#"
data "zun_container" "web" {
  name = "web"
}
"#,
    ),
    (
        "zun_containers",
        "Data Source",
        r#"
data "zun_containers" "missing" {
  state = "missing"
}

output "gone" {
  value = [for container in data.zun_containers.missing.containers : container.name]
}
"#,
    ),
    (
        "zun_quota",
        "Data Source",
        r#"
data "zun_quota" "mine" {}

output "free_memory" {
  value = data.zun_quota.mine.effective.memory - data.zun_quota.mine.used.memory
}
"#,
    ),
    (
        "zun_hosts",
        "Data Source",
        r#"
data "zun_hosts" "all" {}
"#,
    ),
];

/// Type and the text of its section on imports.
pub(super) const IMPORTS: &[(&str, &str)] = &[
    (
        "zun_container",
        r#"
By uuid or by name:

```shell
terraform import zun_container.web web
```

```terraform
import {
  to = zun_container.web
  id = "web"
}
```

By identity, with Terraform and OpenTofu from 1.12:

```terraform
import {
  to = zun_container.web
  identity = {
    uuid = "3f6c0c4e-2f5b-4a64-9f0a-5d0c1a2b3c4d"
  }
}
```

What no server holds (`wait_for`, `timeouts`, `environment_wo_version`) shows in the first plan as an update that calls nothing.
"#,
    ),
    (
        "zun_volume",
        r#"
By id, or by a name that no other volume of the project has:

```shell
terraform import zun_volume.data shop-data
```

```terraform
import {
  to = zun_volume.data
  id = "shop-data"
}
```

By identity, with Terraform and OpenTofu from 1.12:

```terraform
import {
  to = zun_volume.data
  identity = {
    uuid = "6b1cf3ce-7a52-4a24-8f61-7c8f0a9b2d10"
  }
}
```
"#,
    ),
    (
        "zun_volume_snapshot",
        r"
By id, or by a name that no other snapshot of the project has:

```shell
terraform import zun_volume_snapshot.before_upgrade before-upgrade
```
",
    ),
    (
        "zun_quota",
        r"
By the id of the project:

```shell
terraform import zun_quota.shop 0f6e2a1c9d7b4f53a8f1c2d3e4b5a697
```
",
    ),
    (
        "zun_quota_class",
        r"
By the name of the class:

```shell
terraform import zun_quota_class.default default
```
",
    ),
];
