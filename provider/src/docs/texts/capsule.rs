//! What no schema says of capsules: examples and the ways to import.

/// Type, kind of page, example.
pub(crate) const EXAMPLES: &[(&str, &str, &str)] = &[
    (
        "zun_capsule",
        "Resource",
        r#"
resource "zun_capsule" "shop" {
  name = "shop"

  containers = [
    {
      name   = "web"
      image  = "nginx:1.27"
      memory = 128
      ports  = [{ internal = 80 }]
      mounts = [{ source = "pages", destination = "/usr/share/nginx/html", read_only = true }]
    },
    {
      name    = "refresh"
      image   = "registry.example/shop/pages:3"
      command = ["refresh", "--every", "60"]
      mounts  = [{ source = "pages", destination = "/pages" }]
    },
  ]

  init_containers = [{
    name    = "first"
    image   = "registry.example/shop/pages:3"
    command = ["refresh", "--once"]
    mounts  = [{ source = "pages", destination = "/pages" }]
  }]

  volumes = [{ name = "pages", size = 1 }]

  restart_policy = { name = "always" }
}

output "address" {
  value = "http://localhost:${zun_capsule.shop.published["80/tcp"]}"
}

# A template of Zun's as it is.
resource "zun_capsule" "legacy" {
  template = file("capsule.yaml")
}
"#,
    ),
    (
        "zun_capsule",
        "Data Source",
        r#"
data "zun_capsule" "shop" {
  name = "shop"
}

output "web" {
  value = data.zun_capsule.shop.container_ids["web"]
}
"#,
    ),
];

/// Type and text.
pub(crate) const IMPORTS: &[(&str, &str)] = &[(
    "zun_capsule",
    r#"
By uuid or by name:

```shell
terraform import zun_capsule.shop shop
```

```terraform
import {
  to = zun_capsule.shop
  id = "shop"
}
```

By identity, with Terraform and OpenTofu from 1.12:

```terraform
import {
  to = zun_capsule.shop
  identity = {
    uuid = "3f6c0c4e-2f5b-4a64-9f0a-5d0c1a2b3c4d"
  }
}
```

What no server holds (`wait_for`, `timeouts`, `environment_wo_version`, and that it came from a `template`) shows in the first plan as an update that calls nothing.
"#,
)];
