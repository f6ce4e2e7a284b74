# A small stack of real containers: two web servers and a page behind another port.
#
#   ./dev quickstart          from the top folder: sets up the machine and applies this
#   . target/zun/env          then terraform or tofu by hand, in this folder
#
# The provider takes its credentials from the OS_* variables, as every OpenStack client does.

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
  description = "An image whose default program serves HTTP on $PORT."
  type        = string
  default     = "zun/quickstart:1"
}

variable "web" {
  description = "One web container for each name, and the port of this machine that it is published on."
  type        = map(number)
  default = {
    blue  = 18081
    green = 18082
  }
}

resource "zun_container" "web" {
  for_each = var.web

  name   = "quickstart-${each.key}"
  image  = var.image
  cpu    = 0.25
  memory = 64 # MiB; a change is made live

  # A change here makes a new container in place: same id, address and port.
  environment = {
    GREETING = "Hello, ${each.key},"
  }

  ports = [{ internal = 80, external = each.value }]

  restart_policy = { name = "on-failure", maximum_retry_count = 3 }
}

resource "zun_container" "status" {
  name   = "quickstart-status"
  image  = var.image
  cpu    = 0.1
  memory = 32

  environment = {
    GREETING = "Serving ${join(", ", sort(keys(zun_container.web)))}"
    PORT     = "8080"
  }

  # No external port: the backend picks one and keeps it.
  ports = [{ internal = 8080 }]
}

output "urls" {
  description = "Where each container answers."
  value = merge(
    { for name, port in var.web : name => "http://127.0.0.1:${port}/" },
    { status = "http://127.0.0.1:${zun_container.status.published["8080/tcp"]}/" },
  )
}
