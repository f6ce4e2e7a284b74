data "zun_network" "outside" {
  external = true
}

data "zun_subnet" "outside" {
  network_id = data.zun_network.outside.id
}

resource "zun_network" "ground" {
  name = "ground"
}

resource "zun_subnet" "ground" {
  network_id = zun_network.ground.id
  name       = "ground"
  cidr       = "PREFIX.0.0/24"
}

resource "zun_network" "other" {}

resource "zun_subnet" "other" {
  network_id = zun_network.other.id
  cidr       = "PREFIX.1.0/24"
}

resource "zun_network" "joined" {
  count = 3
}

resource "zun_subnet" "joined" {
  count      = 3
  network_id = zun_network.joined[count.index].id
  cidr       = "PREFIX.${2 + count.index}.0/24"
}

resource "zun_network" "free" {
  count = 9
}

resource "zun_security_group" "a" {
  name = "a"
}

resource "zun_security_group" "b" {
  name        = "b"
  description = "the other"
}

resource "zun_port" "one" {
  network_id = zun_subnet.ground.network_id
  name       = "ground-one"
  fixed_ip   = [{ ip_address = "PREFIX.0.61" }]
}

resource "zun_port" "two" {
  network_id = zun_subnet.ground.network_id
  fixed_ip   = [{ subnet_id = zun_subnet.ground.id, ip_address = "PREFIX.0.62" }]
}

resource "zun_port" "three" {
  network_id = zun_subnet.ground.network_id
  fixed_ip   = [{ subnet_id = zun_subnet.ground.id, ip_address = "PREFIX.0.63" }]
}

data "zun_network" "ground" {
  name       = zun_network.ground.name
  depends_on = [zun_subnet.ground]
}

data "zun_subnet" "ground" {
  network_id = zun_network.ground.id
  ip_version = 4
  depends_on = [zun_subnet.ground]
}

data "zun_port" "ground" {
  network_id = zun_network.ground.id
  name       = zun_port.one.name
}

data "zun_security_group" "ground" {
  name       = zun_security_group.a.name
  depends_on = [zun_security_group.a]
}

data "zun_router" "ground" {
  name       = zun_router.enable_snat.name
  depends_on = [zun_router.enable_snat]
}

data "zun_floating_ip" "ground" {
  address = zun_floating_ip.port_id.address
}
