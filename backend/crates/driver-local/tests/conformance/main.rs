//! Both drivers keep every promise of the contract, on real loop devices and directories, and what each adds to it.
//!
//! Runs where `TEST_DOCKER=1` says that this machine may be used, as root. Each test has a folder of its own and
//! takes down what it put up, also when it fails.
#![expect(clippy::unwrap_used, reason = "what a test cannot do fails the test")]

mod frozen;
mod held;
mod lab;
mod local;

mod directory {
    zun_driver::volume_conformance!(super::lab::directory);
}

mod image {
    zun_driver::volume_conformance!(super::lab::local);
}
