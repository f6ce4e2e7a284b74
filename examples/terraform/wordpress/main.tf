# A blog: WordPress and its MariaDB on a network of their own, where nobody but WordPress reaches the database. Posts and
# uploads are on volumes, so they outlive both containers.
#
#   ./dev up                       from the top folder: sets up the machine and starts zund
#   ./dev image zun/mariadb:1      makes the images from Debian's packages
#   ./dev image zun/wordpress:1
#   . target/zun/env               then terraform or tofu apply, in this folder
#
# The blog is made at the first start. Its administrator is `admin`, with the password of the variable.

terraform {
  required_version = ">= 1.6"
  required_providers {
    zun = {
      source = "zun/zun"
    }
  }
}

provider "zun" {}

variable "title" {
  description = "Title of the blog. A change recreates its container in place."
  type        = string
  default     = "A blog"
}

variable "port" {
  description = "Port of this machine that the blog is published on."
  type        = number
  default     = 18091
}

variable "admin_password" {
  description = "Password of the blog's administrator, when the blog is made. It is in the state; from 1.11 on environment_wo keeps it out."
  type        = string
  default     = "change-me-soon"
  sensitive   = true
}

variable "database_password" {
  description = "What WordPress tells the database."
  type        = string
  default     = "change-me-too"
  sensitive   = true
}

variable "max_connections" {
  description = "Connections to the database at once. A change restarts it."
  type        = number
  default     = 20
}

variable "cidr" {
  description = "Addresses of both. No other network of the deployment may have any of them."
  type        = string
  default     = "10.79.0.0/24"
}

resource "zun_network" "blog" {
  name        = "wordpress"
  description = "WordPress and its database."
}

resource "zun_subnet" "blog" {
  network_id = zun_network.blog.id
  name       = "wordpress"
  cidr       = var.cidr
}

# Without the rules that every new group has, nothing goes out but for what is allowed below.
resource "zun_security_group" "web" {
  name                 = "wordpress-web"
  delete_default_rules = true
}

resource "zun_security_group" "database" {
  name                 = "wordpress-database"
  delete_default_rules = true
}

resource "zun_security_group_rule" "everybody" {
  security_group_id = zun_security_group.web.id
  description       = "Everybody, through the published port."
  direction         = "ingress"
  protocol          = "tcp"
  port_range_min    = 80
  port_range_max    = 80
}

# One way from the web to the database: out of the one, and into the other.
resource "zun_security_group_rule" "database" {
  for_each = {
    egress  = { of = zun_security_group.web.id, with = zun_security_group.database.id }
    ingress = { of = zun_security_group.database.id, with = zun_security_group.web.id }
  }

  security_group_id = each.value.of
  direction         = each.key
  protocol          = "tcp"
  port_range_min    = 3306
  port_range_max    = 3306
  remote_group_id   = each.value.with
}

resource "zun_volume" "database" {
  name        = "wordpress-database"
  description = "Posts, comments, users."
  size        = 1
}

resource "zun_volume" "uploads" {
  name        = "wordpress-uploads"
  description = "Pictures and files."
  size        = 1
}

resource "zun_container" "database" {
  name     = "wordpress-database"
  image    = "zun/mariadb:1"
  cpu      = 0.5
  memory   = 384
  wait_for = "healthy"
  command  = ["database", "--max-connections=${var.max_connections}"]

  environment = {
    MARIADB_DATABASE = "wordpress"
    MARIADB_USER     = "wordpress"
    MARIADB_PASSWORD = var.database_password
  }

  mounts          = [{ source = zun_volume.database.id, destination = "/var/lib/mysql" }]
  networks        = [{ network = zun_subnet.blog.network_id }]
  security_groups = [zun_security_group.database.id]
  restart_policy  = { name = "unless-stopped" }
  stop_timeout    = 60

  healthcheck = {
    cmd      = "mariadb --socket=/run/mysqld/mysqld.sock -BNe 'SELECT 1'"
    interval = 2
    timeout  = 5
    retries  = 30
  }
}

# Containers of a network find each other by name.
resource "zun_container" "web" {
  name     = "wordpress-web"
  image    = "zun/wordpress:1"
  cpu      = 1
  memory   = 384
  wait_for = "healthy"

  environment = {
    WORDPRESS_DB_HOST        = zun_container.database.name
    WORDPRESS_DB_NAME        = "wordpress"
    WORDPRESS_DB_USER        = "wordpress"
    WORDPRESS_DB_PASSWORD    = var.database_password
    WORDPRESS_URL            = local.url
    WORDPRESS_TITLE          = var.title
    WORDPRESS_ADMIN_USER     = "admin"
    WORDPRESS_ADMIN_EMAIL    = "admin@example.org"
    WORDPRESS_ADMIN_PASSWORD = var.admin_password
  }

  mounts          = [{ source = zun_volume.uploads.id, destination = "/usr/share/wordpress/wp-content/uploads" }]
  ports           = [{ internal = 80, external = var.port }]
  networks        = [{ network = zun_subnet.blog.network_id }]
  security_groups = [zun_security_group.web.id]
  restart_policy  = { name = "unless-stopped" }

  healthcheck = {
    cmd      = "wget -q -O /dev/null http://127.0.0.1/wp-login.php"
    interval = 2
    timeout  = 10
    retries  = 45
  }
}

locals {
  url = "http://127.0.0.1:${var.port}"
}

output "url" {
  description = "Where the blog answers."
  value       = "${local.url}/"
}
