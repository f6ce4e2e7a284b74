//! Mistakes in schemas that Terraform would refuse the whole provider for.
