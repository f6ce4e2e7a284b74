//! A server of canned answers on loopback, for the tests of this crate.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::connection::{Connection, Credentials, Named, Project, Secret, Tls, User};

/// What a stub answers: status line, extra headers, body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// An answer with a JSON body.
pub(crate) fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        headers: String::new(),
        body: body.to_owned(),
    }
}

type Handle = Arc<dyn Fn(&str, &str) -> Answer + Send + Sync>;

/// A listening stub; ends with the test's runtime.
pub(crate) struct Stub {
    pub(crate) address: String,
    /// `METHOD path` of each request so far.
    pub(crate) seen: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

/// Starts a stub; `handle` gets `METHOD path?query` and the raw head of the request.
pub(crate) async fn stub(handle: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (handle, log): (Handle, _) = (Arc::new(handle), Arc::clone(&seen));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, Arc::clone(&handle), Arc::clone(&log)));
        }
    });
    Stub {
        address,
        seen,
        _tasks: tasks,
    }
}

async fn serve(mut stream: TcpStream, handle: Handle, seen: Arc<Mutex<Vec<String>>>) {
    let mut buffer = Vec::new();
    loop {
        let head_end = loop {
            if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            // 22 begins a TLS handshake; this stub speaks plain HTTP only.
            if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 || buffer[0] == 22 {
                let _ = stream.write_all(b"HTTP/1.1 400 X\r\n\r\n").await;
                return;
            }
        };
        let head = String::from_utf8_lossy(&buffer[..head_end]).to_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |n| n.parse().unwrap());
        while buffer.len() < head_end + length {
            stream.read_buf(&mut buffer).await.unwrap();
        }
        let line = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
        let request: Vec<&str> = line.split_whitespace().take(2).collect();
        let request = request.join(" ");
        seen.lock().unwrap().push(request.clone());
        let reply = handle(&request, &head);
        let text = format!(
            "HTTP/1.1 {} X\r\ncontent-length: {}\r\n{}\r\n{}",
            reply.status,
            reply.body.len(),
            reply.headers,
            reply.body
        );
        buffer.drain(..head_end + length);
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The answer to a login whose catalog names `address`.
pub(crate) fn login(address: &str, token: &str) -> Answer {
    Answer {
        headers: format!("x-subject-token: {token}\r\n"),
        ..answer(
            201,
            &format!(
                r#"{{"token":{{"catalog":[{{"type":"container","endpoints":[{{"interface":"public","region":"R","url":"{address}/v1"}}]}}]}}}}"#
            ),
        )
    }
}

/// A connection by password.
pub(crate) fn connection(auth_url: &str) -> Connection {
    let domain = Named::Id("default".into());
    Connection {
        auth_url: Some(auth_url.parse().unwrap()),
        credentials: Credentials::Password {
            user: User {
                who: Named::Name("ann".into()),
                domain: domain.clone(),
            },
            password: Secret::new("hunter2"),
            scope: Some(Project {
                which: Named::Name("shop".into()),
                domain,
            }),
        },
        region: None,
        endpoint: None,
        tls: Tls::default(),
        user_agent: "test".into(),
    }
}
