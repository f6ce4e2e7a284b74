//! As much of an HTTP client as these tests need, over any stream.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A connection that does not wait forever.
pub(crate) fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    stream
}

/// Reads an answer to its end: status and body.
pub(crate) fn answer(stream: &mut impl Read) -> (u16, String) {
    let mut bytes = Vec::new();
    // A TLS peer may close without saying so; what came is the answer.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status.unwrap_or(0), body.to_owned())
}

/// Asks over a stream.
pub(crate) fn get_over(stream: &mut (impl Read + Write), path: &str) -> (u16, String) {
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: zund\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    stream.flush().unwrap();
    answer(stream)
}

/// Asks.
pub(crate) fn get(address: &str, path: &str) -> (u16, String) {
    get_over(&mut connect(address), path)
}

/// The head of a POST with a body of that length.
pub(crate) fn post_head(path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: zund\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    )
}

/// Posts.
pub(crate) fn post(address: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = connect(address);
    stream
        .write_all(post_head(path, body.len()).as_bytes())
        .unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    answer(&mut stream)
}
