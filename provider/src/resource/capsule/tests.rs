//! The resource through Terraform's eyes.
