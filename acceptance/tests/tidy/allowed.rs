//! Named exceptions, each with the figure it may not exceed. The lists only shrink: an entry that is larger than what it
//! excuses, or excuses nothing, fails the test too.

/// Files longer than [`crate::lengths::FILE_LINES`]: path and its number of lines.
pub(crate) const FILES: &[(&str, usize)] = &[];

/// Functions longer than [`crate::lengths::FN_LINES`]: `path::name` and its number of lines.
pub(crate) const FUNCTIONS: &[(&str, usize)] = &[];

/// Dependencies that no source file of the package mentions: package, dependency, reason.
pub(crate) const UNMENTIONED: &[(&str, &str, &str)] = &[
    (
        "tfplugin-rs",
        "prost",
        "named by the code made from the .proto files",
    ),
    (
        "tfplugin-rs",
        "prost-types",
        "named by the code made from the .proto files",
    ),
    (
        "tfplugin-rs",
        "tonic-prost",
        "named by the code made from the .proto files",
    ),
    (
        "zun-acceptance",
        "proc-macro2",
        "switches on its line numbers, which syn hands out",
    ),
];
