//! The product as its users run it: real `terraform` and `tofu`, the real provider, a real `zund`, real containers.

mod image;
mod quickstart;
