//! `config check`, `config show` and what stands on the command line.

use crate::process::run;

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("zund.toml");
    std::fs::write(&file, "workers = 3\nregion = 'File'\ntoken_seconds = 61\n").unwrap();
    let words = ["config", "show", file.to_str().unwrap(), "--workers", "5"];
    let variables = [
        ("ZUND_WORKERS", "4"),
        ("ZUND_REGION", "Environment"),
        ("ZUND_DATABASE", "postgres://zund:hunter2@db/zund"),
    ];
    let (code, out, err) = run(dir.path(), &words, &variables);
    assert_eq!(code, 0, "{err}");
    for line in [
        "workers = 5  # flag",
        "region = \"Environment\"  # environment",
        "token_seconds = 61  # file",
        "drain_seconds = 20  # default",
        "# database is set, not shown  # environment",
    ] {
        assert!(
            out.lines().any(|found| found == line),
            "{line} is not in\n{out}"
        );
    }
    assert!(!out.contains("hunter2"), "{out}");
}

#[test]
fn mistakes_end_with_two_and_a_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("zund.toml");
    std::fs::write(&file, "\nworkers = 'many'\n").unwrap();
    let file = file.to_str().unwrap();
    let variables = [
        ("ZUND_DATABASE", "mysql://root:hunter2@db"),
        ("ZUND_LISTNE", "x"),
    ];
    let (code, out, err) = run(dir.path(), &["config", "check", file], &variables);
    assert_eq!((code, out.as_str()), (2, ""));
    let place = format!(
        "{file}:2:11: workers \"many\" is not valid: it takes a whole number from 1 to 256"
    );
    assert!(err.contains(&place), "{err}");
    assert!(
        err.contains("ZUND_DATABASE: the value of database is not valid"),
        "{err}"
    );
    assert!(!err.contains("hunter2"), "{err}");
    std::fs::write(file, "workers = 1\n").unwrap();
    let (code, out, err) = run(
        dir.path(),
        &["config", "check", file],
        &[("ZUND_LISTNE", "x")],
    );
    assert_eq!((code, out), (0, format!("{file} is right\n")));
    assert!(err.contains("did you mean ZUND_LISTEN?"), "{err}");
}

#[test]
fn help_has_examples_and_a_word_that_is_none_ends_with_two() {
    let dir = tempfile::tempdir().unwrap();
    let (code, out, _) = run(dir.path(), &["--help"], &[]);
    assert_eq!(code, 0);
    assert!(
        out.contains("zund config check /etc/zund/zund.toml"),
        "{out}"
    );
    let (code, out, _) = run(dir.path(), &["--version"], &[]);
    assert_eq!(
        (code, out),
        (0, format!("zund {}\n", env!("CARGO_PKG_VERSION")))
    );
    let (code, _, err) = run(dir.path(), &["sevre"], &[]);
    assert_eq!(code, 2);
    assert!(err.contains("serve"), "{err}");
    let data = dir.path().join("none");
    let (code, _, err) = run(
        dir.path(),
        &["operations", "--data-dir", data.to_str().unwrap()],
        &[],
    );
    assert_eq!(code, 1);
    assert!(err.contains("there is no database in"), "{err}");
}
