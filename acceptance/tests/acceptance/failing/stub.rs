//! A server that answers every request alike: a registry without images, a service that is too old.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// What it answers to a method and a path: a status line and a JSON body.
pub(crate) type Answer = fn(&str) -> (&'static str, &'static str);

/// Listens on a port of loopback until the test ends. The address, without a scheme.
pub(crate) fn serve(answer: Answer) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || reply(stream, answer));
        }
    });
    Ok(address)
}

fn reply(mut stream: TcpStream, answer: Answer) -> Option<()> {
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).ok()?;
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            count => head.extend(chunk.get(..count)?),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split_whitespace().nth(1).unwrap_or("/");
    let (status, body) = answer(path);
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Docker-Distribution-Api-Version: registry/2.0\r\nConnection: close\r\n\r\n{body}"
    )
    .ok()
}

/// A port of loopback on which nothing listens.
pub(crate) fn closed_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
