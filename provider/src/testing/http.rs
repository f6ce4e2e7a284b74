//! Just enough of HTTP/1.1 for a stand-in on loopback.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A request.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) body: serde_json::Value,
    /// The body as it came.
    pub(crate) bytes: Vec<u8>,
}

/// An answer: status, extra headers, JSON.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: &'static str,
    pub(crate) body: serde_json::Value,
}

/// An answer without extra headers.
pub(crate) fn answer(status: u16, body: serde_json::Value) -> Answer {
    Answer {
        status,
        headers: "",
        body,
    }
}

/// Serves until the tasks are dropped; the address is `http://127.0.0.1:port`.
pub(super) async fn serve(
    handle: impl Fn(Request) -> Answer + Send + Sync + 'static,
) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let handle = Arc::new(handle);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let handle = Arc::clone(&handle);
            connections.spawn(async move { converse(stream, &*handle).await });
        }
    });
    (address, tasks)
}

async fn converse(mut stream: TcpStream, handle: &(impl Fn(Request) -> Answer + Send + Sync)) {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let length = head
            .to_lowercase()
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok())
            .unwrap_or(0);
        while buffer.len() < end + length {
            stream.read_buf(&mut buffer).await.unwrap();
        }
        let mut words = head.split_whitespace();
        let method = words.next().unwrap().to_owned();
        let target = words.next().unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            body: serde_json::from_slice(&buffer[end..end + length]).unwrap_or_default(),
            bytes: buffer[end..end + length].to_vec(),
        };
        let answer = handle(request);
        let body = if answer.body.is_null() {
            String::new()
        } else {
            answer.body.to_string()
        };
        let text = format!(
            "HTTP/1.1 {} X\r\ncontent-length: {}\r\n{}\r\n{body}",
            answer.status,
            body.len(),
            answer.headers
        );
        buffer.drain(..end + length);
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}
