package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/container/v1/capsules"
)

// What gophercloud's own examples create, on an image that is here, in YAML.
const capsuleYAML = `
capsuleVersion: beta
kind: capsule
metadata:
  name: template
  labels:
    app: web
    app1: web1
restartPolicy: Always
spec:
  containers:
  - image: zun/test:1
    command: ["run", "sleep", "100000"]
    imagePullPolicy: ifnotpresent
    workDir: /root
    env: {ENV1: /usr/local/bin}
    labels: {app: web}
    ports:
    - {name: nginx-port, containerPort: 80, protocol: TCP}
    resources:
      requests: {cpu: 0.1, memory: 32}
    volumeMounts:
    - {name: volume1, mountPath: /data1}
  - image: zun/test:1
    args: ["run", "sleep", "100000"]
    resources:
      requests: {cpu: 0.2, memory: 16}
  volumes:
  - name: volume1
    cinder: {size: 1, autoRemove: True}
`

const capsuleJSON = `{"kind": "capsule", "capsuleVersion": "beta", "metadata": {"name": "second"},
"spec": {"containers": [{"image": "zun/test:1", "command": ["run", "sleep", "100000"]}]}}`

// In the words of the first version, and in those of a later one.
func capsulesOfContainers(s server) error {
	older, newer := *s.containers, *s.containers
	newer.Microversion = "1.32"
	return each(
		func() error { return capsulesIn(s, &older, false) },
		func() error { return capsulesIn(s, &newer, true) },
		func() error { return refusedCapsules(s, &older) },
	)
}

func createCapsule(s server, client *gophercloud.ServiceClient, text string) (any, error) {
	template := new(capsules.Template)
	template.Bin = []byte(text)
	opts := capsules.CreateOpts{TemplateOpts: template}
	return capsules.Create(s.ctx, client, opts).Extract()
}

func capsulesIn(s server, client *gophercloud.ServiceClient, newer bool) error {
	made, err := createCapsule(s, client, capsuleYAML)
	if err != nil {
		return err
	}
	second, err := createCapsule(s, client, capsuleJSON)
	if err != nil {
		return err
	}
	uuid, other := capsuleID(made), capsuleID(second)
	shown, err := runningCapsule(s, client, uuid)
	if err != nil {
		return err
	}
	check := olderFields
	if newer {
		check = newerFields
	}
	return each(
		func() error { return check(shown) },
		func() error { return listedCapsules(s, client, uuid, other) },
		func() error { return capsules.Delete(s.ctx, client, uuid).ExtractErr() },
		func() error { return capsules.Delete(s.ctx, client, other).ExtractErr() },
		func() error { return goneCapsule(s, client, uuid) },
		func() error { return goneCapsule(s, client, other) },
	)
}

func capsuleID(capsule any) string {
	switch one := capsule.(type) {
	case *capsules.Capsule:
		return one.UUID
	case *capsules.CapsuleV132:
		return one.UUID
	}
	return fmt.Sprintf("(no capsule but %T)", capsule)
}

func capsuleStatus(capsule any) (string, string) {
	switch one := capsule.(type) {
	case *capsules.Capsule:
		return one.Status, one.StatusReason
	case *capsules.CapsuleV132:
		return one.Status, one.StatusReason
	}
	return "", ""
}

func runningCapsule(s server, client *gophercloud.ServiceClient, uuid string) (any, error) {
	var status, reason string
	for range 300 {
		shown, err := capsules.Get(s.ctx, client, uuid).Extract()
		if err != nil {
			return nil, err
		}
		status, reason = capsuleStatus(shown)
		if status == "Running" {
			return shown, nil
		}
		if status == "Error" {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, fmt.Errorf("the capsule is %s: %s", status, reason)
}

func goneCapsule(s server, client *gophercloud.ServiceClient, uuid string) error {
	for range 300 {
		_, err := capsules.Get(s.ctx, client, uuid).Extract()
		if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("capsule %s is not gone", uuid)
}

func olderFields(shown any) error {
	one, ok := shown.(*capsules.Capsule)
	if !ok {
		return fmt.Errorf("it is a %T", shown)
	}
	return each(
		func() error { return same("its name", one.MetaName, "template") },
		func() error {
			return same("its labels", one.MetaLabels, map[string]string{"app": "web", "app1": "web1"})
		},
		func() error { return same("its policy", one.RestartPolicy, "always") },
		func() error { return same("its cores", fmt.Sprintf("%.1f", one.CPU), "0.3") },
		func() error { return same("its memory", one.Memory, "48") },
		func() error { return same("its version", one.CapsuleVersion, "") },
		func() error { return same("its volumes", len(one.VolumesInfo), 0) },
		func() error { return same("its uuids", len(one.ContainersUUIDs), 0) },
		func() error { return same("its links", len(one.Links), 2) },
		func() error { return same("its networks", len(one.Addresses), 1) },
		func() error { return named("its user", one.UserID) },
		func() error { return named("its project", one.ProjectID) },
		func() error { return named("its host", one.Host) },
		func() error { return recent(one.CreatedAt) },
		func() error { return containersOfCapsule(one.Containers) },
	)
}

func newerFields(shown any) error {
	one, ok := shown.(*capsules.CapsuleV132)
	if !ok {
		return fmt.Errorf("it is a %T", shown)
	}
	policy := map[string]string{"Name": "always", "MaximumRetryCount": "0"}
	return each(
		func() error { return same("its name", one.MetaName, "template") },
		func() error {
			return same("its labels", one.MetaLabels, map[string]string{"app": "web", "app1": "web1"})
		},
		func() error { return same("its policy", one.RestartPolicy, policy) },
		func() error { return same("its cores", fmt.Sprintf("%.1f", one.CPU), "0.3") },
		func() error { return same("its memory", one.Memory, "48") },
		func() error { return same("its links", len(one.Links), 2) },
		func() error { return same("its networks", len(one.Addresses), 1) },
		func() error { return recent(one.CreatedAt) },
		func() error { return containersOfCapsule(one.Containers) },
	)
}

func containersOfCapsule(all []capsules.Container) error {
	if len(all) != 2 {
		return fmt.Errorf("it has %d containers", len(all))
	}
	one := all[0]
	return each(
		func() error { return same("the image", one.Image, "zun/test:1") },
		func() error { return same("the command", one.Command, []string{"run", "sleep", "100000"}) },
		func() error { return same("the labels", one.Labels, map[string]string{"app": "web"}) },
		func() error {
			return same("the environment", one.Environment, map[string]string{"ENV1": "/usr/local/bin"})
		},
		func() error { return same("the folder", one.WorkDir, "/root") },
		func() error { return same("the memory", one.Memory, "32") },
		func() error { return same("the cores", one.CPU, 0.1) },
		func() error { return same("the status", one.Status, "Running") },
		func() error { return same("the policy", one.RestartPolicy["Name"], "always") },
		func() error { return same("the driver", one.ImageDriver, "docker") },
		func() error { return same("whether it goes by itself", one.AutoRemove, false) },
		func() error { return named("the uuid", one.UUID) },
		func() error { return named("the name", one.Name) },
		func() error { return named("the hostname", one.HostName) },
		func() error { return recent(one.CreatedAt) },
	)
}

func named(what, text string) error {
	if text == "" {
		return fmt.Errorf("%s is empty", what)
	}
	return nil
}

func recent(at time.Time) error {
	if age := time.Since(at); age < -time.Minute || age > time.Hour {
		return fmt.Errorf("it was made at %v", at)
	}
	return nil
}

// A page for each, so that the link to the next one is followed.
func listedCapsules(s server, client *gophercloud.ServiceClient, uuids ...string) error {
	pages, err := capsules.List(client, capsules.ListOpts{Limit: 1}).AllPages(s.ctx)
	if err != nil {
		return err
	}
	found, err := capsules.ExtractCapsules(pages)
	if err != nil {
		return err
	}
	var listed []string
	switch all := found.(type) {
	case []capsules.Capsule:
		for _, one := range all {
			listed = append(listed, one.UUID)
		}
	case []capsules.CapsuleV132:
		for _, one := range all {
			listed = append(listed, one.UUID)
		}
	}
	return same("what is listed", listed, uuids)
}

func refusedCapsules(s server, client *gophercloud.ServiceClient) error {
	_, empty := createCapsule(s, client, strings.Replace(capsuleJSON, `"image": "zun/test:1", `, "", 1))
	_, unknown := capsules.Get(s.ctx, client, "nobody").Extract()
	return each(
		func() error { return refused("a container without an image", empty, http.StatusBadRequest) },
		func() error {
			if !strings.Contains(empty.Error(), "spec.containers[0].image") {
				return fmt.Errorf("the refusal does not say where: %w", empty)
			}
			return nil
		},
		func() error { return gone("the capsule", unknown) },
	)
}
