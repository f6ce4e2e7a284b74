//! A password that was lost.

use crate::process::{Zund, run};
use crate::wire;

/// Runs the command on that data directory: exit code, output, errors.
fn reset(zund_data: &std::path::Path, more: &[&str]) -> (i32, String, String) {
    let data = zund_data.to_str().unwrap();
    let mut words = vec!["admin", "reset-password", "--data-dir", data];
    words.extend(more);
    run(zund_data, &words, &[])
}

#[test]
fn a_lost_password_is_replaced_while_zund_runs_and_while_it_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let zund = Zund::start(dir.path(), &[]);
    let lost = zund.password();
    std::fs::write(
        dir.path().join("openrc"),
        format!("{}export OS_EDITED=1\n", zund.file("openrc")),
    )
    .unwrap();
    std::fs::remove_file(dir.path().join("clouds.yaml")).unwrap();

    let (code, out, err) = reset(dir.path(), &[]);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("openrc") && out.contains("clouds.yaml"),
        "{out}"
    );
    let fresh = zund.password();
    assert!(!out.contains(&fresh) && !err.contains(&fresh), "{out}{err}");
    assert_ne!(fresh, lost);
    assert_eq!(zund.log_in(&lost).0, 401);
    assert_eq!(zund.log_in(&fresh).0, 201);
    assert!(zund.file("openrc").contains("OS_EDITED"), "edits stay");
    let clouds = zund.file("clouds.yaml");
    let address = format!("{}/identity/v3", zund.url);
    assert!(
        clouds.contains(&fresh) && clouds.contains(&address),
        "{clouds}"
    );
    zund.stop();

    assert_eq!(reset(dir.path(), &["--user", "admin"]).0, 0);
    let zund = Zund::start(dir.path(), &[]);
    assert_eq!(zund.log_in(&fresh).0, 401);
    assert_eq!(zund.log_in(&zund.password()).0, 201);
    assert_eq!(wire::get(&zund.address(), "/zund/v1/health").0, 200);
    zund.stop();
}

#[test]
fn nobody_and_nothing_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, err) = reset(dir.path(), &[]);
    assert_eq!(code, 1);
    assert!(err.contains("there is no database in"), "{err}");
    let zund = Zund::start(dir.path(), &[]);
    let (code, _, err) = reset(dir.path(), &["--user", "nobody"]);
    assert_eq!(code, 1);
    assert!(err.contains("there is no user nobody"), "{err}");
    assert!(err.contains("there are: admin"), "{err}");
    zund.stop();
}
