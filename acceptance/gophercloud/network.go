package main

import (
	"net/http"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/groups"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/rules"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/subnetpools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"
)

func ref[T any](value T) *T { return &value }

func networksAndSubnets(s server) error {
	network, err := networks.Create(s.ctx, s.client, networks.CreateOpts{
		Name: "go", Description: "of gophercloud", AdminStateUp: ref(true),
	}).Extract()
	if err != nil {
		return err
	}
	return each(
		func() error { return same("its status", network.Status, "ACTIVE") },
		func() error { return same("its subnets", len(network.Subnets), 0) },
		func() error {
			changed, err := networks.Update(s.ctx, s.client, network.ID, networks.UpdateOpts{
				Name: ref("gone"), Description: ref(""),
			}).Extract()
			if err != nil {
				return err
			}
			return same("its name", changed.Name, "gone")
		},
		func() error {
			pages, err := networks.List(s.client, networks.ListOpts{Name: "gone"}).AllPages(s.ctx)
			if err != nil {
				return err
			}
			found, err := networks.ExtractNetworks(pages)
			if err != nil {
				return err
			}
			return same("how many have that name", len(found), 1)
		},
		func() error { return subnetOf(s, network.ID) },
		func() error { return pooledSubnetOf(s, network.ID) },
		func() error { return networks.Delete(s.ctx, s.client, network.ID).ExtractErr() },
		func() error {
			_, err := networks.Get(s.ctx, s.client, network.ID).Extract()
			return gone("the network", err)
		},
	)
}

func subnetOf(s server, network string) error {
	cidr := s.prefix + ".1.0/24"
	subnet, err := subnets.Create(s.ctx, s.client, subnets.CreateOpts{
		NetworkID: network, Name: "go", CIDR: cidr, IPVersion: gophercloud.IPv4,
		DNSNameservers: []string{"192.0.2.53"},
		AllocationPools: []subnets.AllocationPool{
			{Start: s.prefix + ".1.10", End: s.prefix + ".1.20"},
		},
	}).Extract()
	if err != nil {
		return err
	}
	_, second := subnets.Create(s.ctx, s.client, subnets.CreateOpts{
		NetworkID: network, CIDR: cidr, IPVersion: gophercloud.IPv4,
	}).Extract()
	return each(
		func() error { return same("its prefix", subnet.CIDR, cidr) },
		func() error { return same("its gateway", subnet.GatewayIP, s.prefix+".1.1") },
		func() error { return same("its pools", len(subnet.AllocationPools), 1) },
		func() error { return refused("a second subnet of a family", second, http.StatusConflict) },
		func() error {
			changed, err := subnets.Update(s.ctx, s.client, subnet.ID, subnets.UpdateOpts{
				Name: ref("gone"), DNSNameservers: ref([]string{}),
			}).Extract()
			if err != nil {
				return err
			}
			return same("its name servers", len(changed.DNSNameservers), 0)
		},
		func() error {
			pages, err := subnets.List(s.client, subnets.ListOpts{NetworkID: network}).AllPages(s.ctx)
			if err != nil {
				return err
			}
			found, err := subnets.ExtractSubnets(pages)
			if err != nil {
				return err
			}
			return same("how many it has", len(found), 1)
		},
		func() error { return subnets.Delete(s.ctx, s.client, subnet.ID).ExtractErr() },
		func() error {
			_, err := subnets.Get(s.ctx, s.client, subnet.ID).Extract()
			return gone("the subnet", err)
		},
	)
}

func pooledSubnetOf(s server, network string) error {
	pool, err := subnetpools.Create(s.ctx, s.client, subnetpools.CreateOpts{
		Name: "go", Prefixes: []string{s.prefix + ".64.0/20"}, DefaultPrefixLen: 24,
	}).Extract()
	if err != nil {
		return err
	}
	subnet, err := subnets.Create(s.ctx, s.client, subnets.CreateOpts{
		NetworkID: network, SubnetPoolID: pool.ID, IPVersion: gophercloud.IPv4,
	}).Extract()
	if err != nil {
		return err
	}
	return each(
		func() error { return same("its prefix", subnet.CIDR, s.prefix+".64.0/24") },
		func() error {
			err := subnetpools.Delete(s.ctx, s.client, pool.ID).ExtractErr()
			return refused("to delete a pool in use", err, http.StatusConflict)
		},
		func() error { return subnets.Delete(s.ctx, s.client, subnet.ID).ExtractErr() },
		func() error { return subnetpools.Delete(s.ctx, s.client, pool.ID).ExtractErr() },
	)
}

// A network with a subnet; what is made on it is made by `use`, and deleted there.
func onNetwork(s server, part string, use func(network, subnet string) error) error {
	network, err := networks.Create(s.ctx, s.client, networks.CreateOpts{Name: "go-" + part}).Extract()
	if err != nil {
		return err
	}
	subnet, err := subnets.Create(s.ctx, s.client, subnets.CreateOpts{
		NetworkID: network.ID, CIDR: s.prefix + "." + part + ".0/24", IPVersion: gophercloud.IPv4,
	}).Extract()
	if err != nil {
		return err
	}
	return each(
		func() error { return use(network.ID, subnet.ID) },
		func() error { return networks.Delete(s.ctx, s.client, network.ID).ExtractErr() },
	)
}

func portsOfNetwork(s server) error {
	return onNetwork(s, "2", func(network, subnet string) error {
		address := s.prefix + ".2.9"
		port, err := ports.Create(s.ctx, s.client, ports.CreateOpts{
			NetworkID: network, Name: "go",
			FixedIPs: []ports.IP{{SubnetID: subnet, IPAddress: address}},
		}).Extract()
		if err != nil {
			return err
		}
		_, taken := ports.Create(s.ctx, s.client, ports.CreateOpts{
			NetworkID: network, FixedIPs: []ports.IP{{IPAddress: address}},
		}).Extract()
		return each(
			func() error { return same("its address", port.FixedIPs[0].IPAddress, address) },
			func() error { return same("its groups", len(port.SecurityGroups), 1) },
			func() error { return same("whose it is", port.DeviceID, "") },
			func() error { return refused("an address in use", taken, http.StatusConflict) },
			func() error {
				changed, err := ports.Update(s.ctx, s.client, port.ID, ports.UpdateOpts{
					Name: ref("gone"), SecurityGroups: &[]string{},
				}).Extract()
				if err != nil {
					return err
				}
				return same("its groups", len(changed.SecurityGroups), 0)
			},
			func() error {
				pages, err := ports.List(s.client, ports.ListOpts{NetworkID: network, Name: "gone"}).AllPages(s.ctx)
				if err != nil {
					return err
				}
				found, err := ports.ExtractPorts(pages)
				if err != nil {
					return err
				}
				return same("how many there are", len(found), 1)
			},
			func() error {
				err := networks.Delete(s.ctx, s.client, network).ExtractErr()
				return refused("to delete a network with ports", err, http.StatusConflict)
			},
			func() error { return ports.Delete(s.ctx, s.client, port.ID).ExtractErr() },
		)
	})
}

func securityGroups(s server) error {
	group, err := groups.Create(s.ctx, s.client, groups.CreateOpts{Name: "go", Description: "of gophercloud"}).Extract()
	if err != nil {
		return err
	}
	web := rules.CreateOpts{
		SecGroupID: group.ID, Direction: rules.DirIngress, EtherType: rules.EtherType4,
		Protocol: rules.ProtocolTCP, PortRangeMin: 80, PortRangeMax: 81, RemoteIPPrefix: "198.51.100.0/24",
	}
	rule, err := rules.Create(s.ctx, s.client, web).Extract()
	if err != nil {
		return err
	}
	_, again := rules.Create(s.ctx, s.client, web).Extract()
	return each(
		func() error { return same("its rules at first", len(group.Rules), 2) },
		func() error { return same("the prefix of its rule", rule.RemoteIPPrefix, "198.51.100.0/24") },
		func() error { return refused("the same rule again", again, http.StatusConflict) },
		func() error {
			pages, err := rules.List(s.client, rules.ListOpts{SecGroupID: group.ID, Direction: "ingress"}).AllPages(s.ctx)
			if err != nil {
				return err
			}
			found, err := rules.ExtractRules(pages)
			if err != nil {
				return err
			}
			return same("its rules inwards", len(found), 1)
		},
		func() error {
			changed, err := groups.Update(s.ctx, s.client, group.ID, groups.UpdateOpts{Name: "gone"}).Extract()
			if err != nil {
				return err
			}
			return same("its name", changed.Name, "gone")
		},
		func() error { return rules.Delete(s.ctx, s.client, rule.ID).ExtractErr() },
		func() error { return groups.Delete(s.ctx, s.client, group.ID).ExtractErr() },
		func() error {
			_, err := groups.Get(s.ctx, s.client, group.ID).Extract()
			return gone("the group", err)
		},
	)
}
