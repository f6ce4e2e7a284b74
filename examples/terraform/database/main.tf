# A PostgreSQL whose data outlives its container: recreated, replaced or destroyed, the volume stays.
#
#   ./dev up                      from the top folder: sets up the machine and starts zund
#   ./dev image zun/postgres:1    makes the image from the Debian packages of PostgreSQL
#   . target/zun/env              then terraform or tofu apply, in this folder

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
  description = "An image of PostgreSQL that keeps its data in /var/lib/postgresql/data."
  type        = string
  default     = "zun/postgres:1"
}

variable "password" {
  description = "Password of the user postgres, when the database is made. It is in the state; from 1.11 on environment_wo keeps it out."
  type        = string
  default     = "change-me"
  sensitive   = true
}

variable "size" {
  description = "Size of the volume, in GiB. It grows while the database runs, and cannot shrink."
  type        = number
  default     = 1
}

variable "max_connections" {
  description = "Connections at once. A change restarts the database."
  type        = number
  default     = 20
}

# Not a size in mounts: such a volume goes with its container, and Terraform destroys a container whose create failed.
resource "zun_volume" "data" {
  name        = "database-data"
  description = "Data of the container database."
  size        = var.size
}

resource "zun_container" "database" {
  name     = "database"
  image    = var.image
  cpu      = 0.5
  memory   = 256
  wait_for = "healthy"

  command = ["database", "-c", "max_connections=${var.max_connections}"]

  environment = {
    POSTGRES_PASSWORD = var.password
  }

  mounts = [{ source = zun_volume.data.id, destination = "/var/lib/postgresql/data" }]

  ports = [{ internal = 5432, ip = "127.0.0.1" }]

  # It comes back with the host, once its volume is mounted again.
  restart_policy = { name = "unless-stopped" }

  # Clients are sent away, and everything is written down: TERM would wait until the last of them goes.
  stop_signal  = "INT"
  stop_timeout = 60

  healthcheck = {
    cmd      = "pg_isready -q -h 127.0.0.1 -U postgres"
    interval = 2
    timeout  = 5
    retries  = 15
  }
}

output "url" {
  description = "Where the database answers."
  value       = "postgresql://postgres@127.0.0.1:${zun_container.database.published["5432/tcp"]}/postgres"
}
