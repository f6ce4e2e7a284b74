package main

import (
	"fmt"
	"net/http"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/external"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

func routersAndFloatingIPs(s server) error {
	outside, err := externalNetwork(s)
	if err != nil {
		return err
	}
	return onNetwork(s, "3", func(network, subnet string) error {
		router, err := routers.Create(s.ctx, s.client, routers.CreateOpts{
			Name: "go", AdminStateUp: ref(true), GatewayInfo: &routers.GatewayInfo{NetworkID: outside},
		}).Extract()
		if err != nil {
			return err
		}
		return each(
			func() error { return same("its network outside", router.GatewayInfo.NetworkID, outside) },
			func() error { return same("its addresses outside", len(router.GatewayInfo.ExternalFixedIPs), 1) },
			func() error {
				added, err := routers.AddInterface(s.ctx, s.client, router.ID, routers.AddInterfaceOpts{SubnetID: subnet}).Extract()
				if err != nil {
					return err
				}
				return same("the subnet that it joined", added.SubnetID, subnet)
			},
			func() error {
				err := routers.Delete(s.ctx, s.client, router.ID).ExtractErr()
				return refused("to delete a router with a subnet", err, http.StatusConflict)
			},
			func() error { return floatingIP(s, outside, network, subnet) },
			func() error {
				opts := routers.RemoveInterfaceOpts{SubnetID: subnet}
				_, err := routers.RemoveInterface(s.ctx, s.client, router.ID, opts).Extract()
				return err
			},
			func() error {
				changed, err := routers.Update(s.ctx, s.client, router.ID, routers.UpdateOpts{
					Name: "gone", GatewayInfo: &routers.GatewayInfo{},
				}).Extract()
				if err != nil {
					return err
				}
				return same("its network outside", changed.GatewayInfo.NetworkID, "")
			},
			func() error { return routers.Delete(s.ctx, s.client, router.ID).ExtractErr() },
			func() error {
				_, err := routers.Get(s.ctx, s.client, router.ID).Extract()
				return gone("the router", err)
			},
		)
	})
}

func externalNetwork(s server) (string, error) {
	opts := external.ListOptsExt{ListOptsBuilder: networks.ListOpts{}, External: ref(true)}
	pages, err := networks.List(s.client, opts).AllPages(s.ctx)
	if err != nil {
		return "", err
	}
	var found []struct {
		networks.Network
		external.NetworkExternalExt
	}
	if err := networks.ExtractNetworksInto(pages, &found); err != nil {
		return "", err
	}
	if len(found) != 1 || !found[0].External {
		return "", fmt.Errorf("not one network outside, but %+v", found)
	}
	return found[0].ID, nil
}

// Made, given to a port, taken from it, deleted.
func floatingIP(s server, outside, network, subnet string) error {
	port, err := ports.Create(s.ctx, s.client, ports.CreateOpts{
		NetworkID: network, FixedIPs: []ports.IP{{SubnetID: subnet}},
	}).Extract()
	if err != nil {
		return err
	}
	floating, err := floatingips.Create(s.ctx, s.client, floatingips.CreateOpts{FloatingNetworkID: outside}).Extract()
	if err != nil {
		return err
	}
	return each(
		func() error { return same("its port", floating.PortID, "") },
		func() error {
			given, err := floatingips.Update(s.ctx, s.client, floating.ID, floatingips.UpdateOpts{PortID: &port.ID}).Extract()
			if err != nil {
				return err
			}
			return same("its address inside", given.FixedIP, port.FixedIPs[0].IPAddress)
		},
		func() error {
			opts := floatingips.ListOpts{FloatingIP: floating.FloatingIP}
			pages, err := floatingips.List(s.client, opts).AllPages(s.ctx)
			if err != nil {
				return err
			}
			found, err := floatingips.ExtractFloatingIPs(pages)
			if err != nil {
				return err
			}
			return same("how many have that address", len(found), 1)
		},
		func() error {
			taken, err := floatingips.Update(s.ctx, s.client, floating.ID, floatingips.UpdateOpts{PortID: ref("")}).Extract()
			if err != nil {
				return err
			}
			return same("its port", taken.PortID, "")
		},
		func() error { return floatingips.Delete(s.ctx, s.client, floating.ID).ExtractErr() },
		func() error { return ports.Delete(s.ctx, s.client, port.ID).ExtractErr() },
		func() error {
			_, err := floatingips.Get(s.ctx, s.client, floating.ID).Extract()
			return gone("the floating IP", err)
		},
	)
}
