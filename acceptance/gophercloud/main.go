// Speaks with the network and container APIs of a server as any program does that is written with OpenStack's Go library, gophercloud:
// makes every noun, reads, lists, changes and deletes it, and fails at the first answer that is not as it should be.
//
// usage: gophercloud PREFIX, where networks may be cut from PREFIX.0.0/16, such as 10.192; the login is in OS_*.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"reflect"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
)

// A server, and what is used of it.
type server struct {
	ctx        context.Context
	client     *gophercloud.ServiceClient
	containers *gophercloud.ServiceClient
	prefix     string
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: gophercloud PREFIX"))
	}
	s, err := login(os.Args[1])
	if err != nil {
		fail(err)
	}
	for _, part := range []struct {
		name string
		try  func(server) error
	}{
		{"networks, subnets and pools", networksAndSubnets},
		{"ports", portsOfNetwork},
		{"security groups", securityGroups},
		{"routers and floating IPs", routersAndFloatingIPs},
		{"capsules", capsulesOfContainers},
	} {
		if err := part.try(s); err != nil {
			fail(fmt.Errorf("%s: %w", part.name, err))
		}
		fmt.Println(part.name)
	}
}

func login(prefix string) (server, error) {
	ctx := context.Background()
	provider, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{
		IdentityEndpoint: os.Getenv("OS_AUTH_URL"),
		Username:         os.Getenv("OS_USERNAME"),
		Password:         os.Getenv("OS_PASSWORD"),
		TenantName:       os.Getenv("OS_PROJECT_NAME"),
		DomainName:       os.Getenv("OS_USER_DOMAIN_NAME"),
	})
	if err != nil {
		return server{}, fmt.Errorf("cannot log in: %w", err)
	}
	region := gophercloud.EndpointOpts{Region: os.Getenv("OS_REGION_NAME")}
	client, err := openstack.NewNetworkV2(provider, region)
	if err != nil {
		return server{}, err
	}
	containers, err := openstack.NewContainerV1(provider, region)
	return server{ctx, client, containers, prefix}, err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// First error of several steps.
func each(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Fails where what was answered is not what was expected.
func same(what string, got, want any) error {
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s is %v and should be %v", what, got, want)
	}
	return nil
}

// Fails unless the server has answered with this code.
func refused(what string, err error, code int) error {
	if err == nil {
		return fmt.Errorf("%s should have been refused with %d", what, code)
	}
	if !gophercloud.ResponseCodeIs(err, code) {
		return fmt.Errorf("%s should have been refused with %d: %w", what, code, err)
	}
	return nil
}

// Fails unless it is not there any more.
func gone(what string, err error) error {
	return refused(what+" that is deleted", err, http.StatusNotFound)
}
