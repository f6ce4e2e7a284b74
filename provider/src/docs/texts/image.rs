//! The same of images and registries.

/// Type, kind of page, example.
pub(in super::super) const EXAMPLES: &[(&str, &str, &str)] = &[
    (
        "zun_registry",
        "Resource",
        r#"
resource "zun_registry" "shop" {
  name     = "shop"
  domain   = "registry.example:5000"
  username = "deploy"

  password_wo         = var.registry_password
  password_wo_version = 1
}

resource "zun_container" "web" {
  name     = "web"
  image    = "shop/web:4" # registry.example:5000/shop/web:4
  registry = zun_registry.shop.id
}
"#,
    ),
    (
        "zun_registry",
        "Data Source",
        r#"
data "zun_registry" "shop" {
  name = "shop"
}

resource "zun_container" "web" {
  name     = "web"
  image    = "shop/web:4"
  registry = data.zun_registry.shop.id
}
"#,
    ),
    (
        "zun_image",
        "Resource",
        r#"
# What `docker save` wrote, an OCI image layout as a tar archive, or the root filesystem of a container.
resource "zun_image" "web" {
  name            = "web"
  local_file_path = "${path.module}/web.tar.gz"
  tags            = ["web", "v4"]

  # Its containers are given another image before this one goes.
  lifecycle {
    create_before_destroy = true
  }
}

resource "zun_container" "web" {
  name         = "web"
  image        = zun_image.web.id
  image_driver = "glance"
}

# A copy of what a registry has, for when that is away.
resource "zun_image" "database" {
  name           = "database"
  registry_image = "shop/database:17"
  registry       = zun_registry.shop.id
}
"#,
    ),
    (
        "zun_image",
        "Data Source",
        r#"
data "zun_image" "web" {
  name        = "web"
  tag         = "v4"
  most_recent = true
}

resource "zun_container" "web" {
  name         = "web"
  image        = data.zun_image.web.id
  image_driver = "glance"
}
"#,
    ),
];

/// Type and the text of its section on imports.
pub(in super::super) const IMPORTS: &[(&str, &str)] = &[
    (
        "zun_registry",
        r#"
By id, or by a name that no other registry of the project has:

```shell
terraform import zun_registry.shop shop
```

```terraform
import {
  to = zun_registry.shop
  id = "shop"
}
```

Nobody can read a password back: the first apply after an import sends the one that is configured.
"#,
    ),
    (
        "zun_image",
        r#"
By id, or by a name that no other image which the project sees has:

```shell
terraform import zun_image.web web
```

```terraform
import {
  to = zun_image.web
  id = "web"
}
```

What no server holds (`local_file_path`, `registry_image`, `registry`, `timeouts`) shows in the first plan as an update that calls nothing, as long as the file holds the bytes that the image has.
"#,
    ),
];
