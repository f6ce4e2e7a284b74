//go:build tools

// Package tools pins the OpenTofu that the acceptance tests run.
package tools

import _ "github.com/opentofu/opentofu/cmd/tofu"
