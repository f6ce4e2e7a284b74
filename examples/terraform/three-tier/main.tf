# Three tiers on a network of their own, which may reach each other only as their groups say: everybody reaches the web
# tier, that the application, and that the cache. Nothing else passes.
#
#   ./dev quickstart          from the top folder: sets up the machine, and makes the image that this uses too
#   . target/zun/env          then terraform or tofu apply, in this folder
#
# The page of the web tier says what the tiers behind it answered.

terraform {
  required_version = ">= 1.6"
  required_providers {
    zun = {
      source = "zun/zun"
    }
  }
}

provider "zun" {}

variable "image" {
  description = "An image with a shell and an nc that serves: busybox."
  type        = string
  default     = "zun/quickstart:1"
}

variable "cidr" {
  description = "Addresses of the tiers. No other network of the deployment may have any of them."
  type        = string
  default     = "10.78.0.0/24"
}

variable "port" {
  description = "Port of this machine that the web tier is published on."
  type        = number
  default     = 18090
}

resource "zun_network" "tiers" {
  name        = "three-tier"
  description = "Web, application and cache."
}

resource "zun_subnet" "tiers" {
  network_id = zun_network.tiers.id
  name       = "three-tier"
  cidr       = var.cidr
}

# A group for each tier. Without the rules that every new group has, nothing goes out either, but for what is allowed below.
resource "zun_security_group" "tier" {
  for_each = toset(["web", "app", "cache"])

  name                 = "three-tier-${each.key}"
  delete_default_rules = true
}

locals {
  # Who may reach whom, and where. Each edge is two rules: out of the one, and into the other.
  edges = {
    web-app   = { from = "web", to = "app", port = 8080 }
    app-cache = { from = "app", to = "cache", port = 6379 }
  }
}

resource "zun_security_group_rule" "outside_web" {
  security_group_id = zun_security_group.tier["web"].id
  description       = "Everybody, through the published port."
  direction         = "ingress"
  protocol          = "tcp"
  port_range_min    = 80
  port_range_max    = 80
}

resource "zun_security_group_rule" "out" {
  for_each = local.edges

  security_group_id = zun_security_group.tier[each.value.from].id
  direction         = "egress"
  protocol          = "tcp"
  port_range_min    = each.value.port
  port_range_max    = each.value.port
  remote_group_id   = zun_security_group.tier[each.value.to].id
}

resource "zun_security_group_rule" "in" {
  for_each = local.edges

  security_group_id = zun_security_group.tier[each.value.to].id
  direction         = "ingress"
  protocol          = "tcp"
  port_range_min    = each.value.port
  port_range_max    = each.value.port
  remote_group_id   = zun_security_group.tier[each.value.from].id
}

# Containers of a network find each other by name. The network of the subnet is named, so that the subnet is there first.
resource "zun_container" "cache" {
  name            = "three-tier-cache"
  image           = var.image
  cpu             = 0.1
  memory          = 32
  command         = ["run", "nc", "-ll", "-p", "6379", "-e", "sh", "-c", local.cache]
  networks        = [{ network = zun_subnet.tiers.network_id }]
  security_groups = [zun_security_group.tier["cache"].id]
}

resource "zun_container" "app" {
  name            = "three-tier-app"
  image           = var.image
  cpu             = 0.1
  memory          = 32
  command         = ["run", "nc", "-ll", "-p", "8080", "-e", "sh", "-c", local.app]
  networks        = [{ network = zun_subnet.tiers.network_id }]
  security_groups = [zun_security_group.tier["app"].id]
}

resource "zun_container" "web" {
  name            = "three-tier-web"
  image           = var.image
  cpu             = 0.1
  memory          = 32
  command         = ["run", "nc", "-ll", "-p", "80", "-e", "sh", "-c", local.web]
  ports           = [{ internal = 80, external = var.port }]
  networks        = [{ network = zun_subnet.tiers.network_id }]
  security_groups = [zun_security_group.tier["web"].id]
}

# What each tier answers a connection with.
locals {
  cache = "echo 42 from the cache"
  app   = "echo \"the application, which has $(nc -w 3 ${zun_container.cache.name} 6379 </dev/null || echo no answer)\""

  # It reads the request to its empty line before it answers.
  web = <<-EOT
    while read -r line && [ "$${#line}" -gt 1 ]; do :; done
    printf 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n'
    echo "The web tier asked $(nc -w 3 ${zun_container.app.name} 8080 </dev/null || echo and got no answer)."
  EOT
}

output "url" {
  description = "Where the web tier answers."
  value       = "http://127.0.0.1:${var.port}/"
}
