# A capsule: a web server, beside it a container that renews its page, and before both one that writes the first page, on
# a volume that the three share. They have one address, and come and go as one.
#
#   ./dev quickstart          from the top folder: sets up the machine, and makes the image that this uses too
#   . target/zun/env          then terraform or tofu apply, in this folder
#
# Then change the greeting (-var greeting=Bonjour): only the renewing container is started anew, and the web server goes on.

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
  description = "An image with a shell and an httpd: busybox."
  type        = string
  default     = "zun/quickstart:1"
}

variable "port" {
  description = "Port of this machine that the web server is published on."
  type        = number
  default     = 18095
}

variable "greeting" {
  description = "What the page begins with."
  type        = string
  default     = "Hello"
}

resource "zun_capsule" "pages" {
  name = "pages"

  init_containers = [
    {
      name    = "first"
      image   = var.image
      command = ["sh", "-c", "echo Nothing yet. >/pages/index.html"]
      cpu     = 0.1
      memory  = 16
      mounts  = [{ source = "pages", destination = "/pages" }]
    },
  ]

  containers = [
    {
      name    = "web"
      image   = var.image
      command = ["run", "httpd", "-f", "-p", "80", "-h", "/pages"]
      cpu     = 0.1
      memory  = 16
      ports   = [{ internal = 80, external = var.port }]
      mounts  = [{ source = "pages", destination = "/pages", read_only = true }]

      healthcheck = {
        cmd      = "wget -q -O /dev/null http://127.0.0.1/"
        interval = 2
      }
    },
    {
      name  = "renew"
      image = var.image
      command = ["run", "sh", "-c", <<-EOT
        page=0
        while page=$((page + 1)); do
          # In one step, so that nobody reads half a page.
          echo "$GREETING, page $page from $(hostname)" >/pages/next && mv /pages/next /pages/index.html
          sleep 1
        done
      EOT
      ]
      cpu         = 0.1
      memory      = 16
      environment = { GREETING = var.greeting }
      mounts      = [{ source = "pages", destination = "/pages" }]
    },
  ]

  # Gone with the capsule; data that matters belongs into a zun_volume, named in volume_id.
  volumes = [{ name = "pages", size = 1 }]

  hostname       = "pages"
  restart_policy = { name = "always" }
}

output "url" {
  value = "http://127.0.0.1:${zun_capsule.pages.published["80/tcp"]}/"
}
