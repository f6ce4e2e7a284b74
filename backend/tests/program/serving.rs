//! First start, later starts, refusals, and the end.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};

use rustix::process::Signal;

use crate::process::{Zund, run};
use crate::wire;

#[test]
fn the_first_start_says_what_to_do_next() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let zund = Zund::start(&data, &[]);
    assert_eq!(zund.file("endpoint").trim(), zund.url);
    assert!(zund.url.starts_with("http://127.0.0.1:"), "{}", zund.url);
    assert_eq!(wire::get(&zund.address(), "/zund/v1/health").0, 200);
    let password = zund.password();
    let (status, body) = zund.log_in(&password);
    assert_eq!(status, 201, "{body}");
    assert_eq!(zund.log_in("wrong").0, 401);
    let first = zund.url.clone();
    let log = zund.stop();
    assert!(!log.contains(&password), "{log}");
    assert!(
        log.starts_with('{'),
        "JSON where there is no terminal: {log}"
    );

    let zund = Zund::start(&data, &[]);
    assert_eq!(zund.said, [format!("listening on {}", zund.url)]);
    assert_eq!(zund.password(), password);
    assert_eq!(zund.log_in(&password).0, 201);
    for name in ["openrc", "clouds.yaml"] {
        assert!(
            zund.file(name)
                .contains(&format!("{}/identity/v3", zund.url)),
            "{name}"
        );
        assert!(
            zund.url == first || !zund.file(name).contains(&first),
            "{name}"
        );
    }
    zund.stop();
}

#[test]
fn a_second_one_on_the_same_data_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let zund = Zund::start(dir.path(), &[]);
    let data = dir.path().to_str().unwrap();
    let words = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data];
    let (code, out, err) = run(dir.path(), &words, &[]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("another zund (process "), "{err}");
    assert!(err.contains("--data-dir"), "{err}");
    let (code, out, err) = run(
        dir.path(),
        &["operations", "--unconfirmed", "--data-dir", data],
        &[],
    );
    assert_eq!((code, out.as_str()), (0, "no operations\n"), "{err}");
    assert_eq!(wire::get(&zund.address(), "/zund/v1/health").0, 200);
    zund.stop();
}

#[test]
fn a_port_that_is_taken_is_refused_before_anything_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let data = dir.path().join("data");
    let words = [
        "serve",
        "--listen",
        &listen,
        "--data-dir",
        data.to_str().unwrap(),
    ];
    let (code, _, err) = run(dir.path(), &words, &[]);
    assert_eq!(code, 1);
    assert!(
        err.contains(&format!("cannot listen on {listen}: another program does")),
        "{err}"
    );
    assert!(!data.join("openrc").exists());
}

#[test]
fn a_request_that_is_being_answered_ends_before_zund_does() {
    let dir = tempfile::tempdir().unwrap();
    let mut zund = Zund::start(dir.path(), &[]);
    let body = serde_json::json!({"auth": {"identity": {"methods": ["password"], "password": {
        "user": {"name": "admin", "domain": {"id": "default"}, "password": zund.password()}}}}});
    let body = body.to_string();
    let (begin, rest) = body.split_at(10);
    let mut stream = wire::connect(&zund.address());
    let head = wire::post_head("/identity/v3/auth/tokens", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(begin.as_bytes()).unwrap();
    // Answered after the half request has been read, since both are read by the same listener in turn.
    assert_eq!(wire::get(&zund.address(), "/zund/v1/health").0, 200);
    zund.signal(Signal::TERM);
    until_refused(&zund.address());
    stream.write_all(rest.as_bytes()).unwrap();
    let (status, answer) = wire::answer(&mut stream);
    assert_eq!(status, 201, "{answer}");
    let (status, log) = zund.wait();
    assert!(status.success(), "{status}\n{log}");
}

#[test]
fn the_second_signal_ends_it_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut zund = Zund::start(dir.path(), &["--drain-seconds", "3600"]);
    let mut stream = wire::connect(&zund.address());
    let head = wire::post_head("/identity/v3/auth/tokens", 100);
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(wire::get(&zund.address(), "/zund/v1/health").0, 200);
    zund.signal(Signal::INT);
    until_refused(&zund.address());
    zund.signal(Signal::TERM);
    let (status, log) = zund.wait();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("SIGTERM again: ending at once"), "{log}");
}

/// Connects until nobody listens any more.
fn until_refused(address: &str) {
    while TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
}
