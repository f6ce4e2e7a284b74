//! The client of the load: requests written as bytes, answers read by their length. It costs next to nothing, so that
//! it takes nothing from the server beside it, and it is the same for the floor.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use futures::future::try_join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::backend::Backend;

/// A connection that is kept.
#[derive(Debug)]
struct Connection {
    stream: BufReader<TcpStream>,
}

/// An answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: Vec<String>,
    body: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.get_mut().write_all(request).await?;
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line).await?;
            ensure!(read > 0, "the server has closed the connection");
            if line.trim_end().is_empty() {
                break;
            }
            head.push(line.trim_end().to_owned());
        }
        let status = head.first().and_then(|line| line.split(' ').nth(1));
        let status = status.and_then(|word| word.parse().ok());
        let mut answer = Answer {
            status: status.context("an answer without a status")?,
            head,
            body: Vec::new(),
        };
        let length: usize = match answer.header("content-length") {
            Some(text) => text.parse().context("a length that is none")?,
            None if answer.header("transfer-encoding").is_some() => {
                bail!("an answer in chunks, which this client does not read")
            }
            None => 0,
        };
        answer.body.resize(length, 0);
        self.stream.read_exact(&mut answer.body).await?;
        Ok(answer)
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn successful(self) -> Result<Self> {
        ensure!(
            (200..300).contains(&self.status),
            "answered {}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        Ok(self)
    }
}

/// A server, and who asks it.
#[derive(Debug, Clone)]
pub struct Server {
    address: SocketAddr,
    token: String,
    project: String,
}

impl Server {
    /// A server that wants no token.
    pub fn open(address: SocketAddr) -> Self {
        Self {
            address,
            token: "none".to_owned(),
            project: String::new(),
        }
    }

    /// Logs in as the administrator of this `zund`.
    pub fn log_in(backend: &Backend) -> Result<Self> {
        let url = backend.url();
        let address = url.trim_start_matches("http://");
        let address = address
            .parse()
            .with_context(|| format!("{url} is no address"))?;
        let variables = backend.credentials()?;
        let of = |name: &str| variables.get(name).cloned().unwrap_or_default();
        let domain = json!({ "name": "Default" });
        let body = json!({ "auth": {
            "identity": { "methods": ["password"], "password": { "user": {
                "name": of("OS_USERNAME"), "password": of("OS_PASSWORD"), "domain": domain,
            } } },
            "scope": { "project": { "name": of("OS_PROJECT_NAME"), "domain": domain } },
        } });
        let mut server = Self::open(address);
        let request = server.post("/identity/v3/auth/tokens", &body);
        let answer = run(async { Connection::open(address).await?.ask(&request).await })?;
        let answer = answer.successful().context("cannot log in")?;
        let token = answer.header("x-subject-token");
        token
            .context("the login gave no token")?
            .clone_into(&mut server.token);
        let body: Value = serde_json::from_slice(&answer.body)?;
        let project = body["token"]["project"]["id"].as_str();
        project
            .context("the login gave no project")?
            .clone_into(&mut server.project);
        Ok(server)
    }

    /// The id of the project that is worked in.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The bytes of a GET.
    pub fn get(&self, path: &str) -> Vec<u8> {
        self.request("GET", path, "")
    }

    /// The bytes of a POST.
    pub fn post(&self, path: &str, body: &Value) -> Vec<u8> {
        self.request("POST", path, &body.to_string())
    }

    /// The bytes of a PUT.
    pub fn put(&self, path: &str, body: &Value) -> Vec<u8> {
        self.request("PUT", path, &body.to_string())
    }

    /// The bytes of a DELETE.
    pub fn delete(&self, path: &str) -> Vec<u8> {
        self.request("DELETE", path, "")
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nx-auth-token: {}\r\nopenstack-api-version: container 1.40\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        )
        .into_bytes()
    }

    /// The body of one answer.
    pub fn ask(&self, request: &[u8]) -> Result<Vec<u8>> {
        let answer = run(async { Connection::open(self.address).await?.ask(request).await })?;
        Ok(answer.successful()?.body)
    }

    /// The answer to a request, as JSON; null where it has no body.
    pub fn json(&self, request: &[u8]) -> Result<Value> {
        let body = self.ask(request)?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).context("an answer that is no JSON")
    }

    /// The same, when the operation that it names has ended well.
    pub fn done(&self, request: &[u8]) -> Result<Value> {
        let answer = self.json(request)?;
        let Some(id) = answer["operation"]["id"].as_str() else {
            return Ok(answer);
        };
        let path = format!("/zund/v1/operations/{id}?wait=60");
        let ended = self.json(&self.get(&path))?;
        ensure!(ended["state"] == "succeeded", "it did not succeed: {ended}");
        Ok(answer)
    }

    /// Makes a container of zund's own API: its id.
    pub fn make(&self, wish: &Value) -> Result<String> {
        let answer = self.done(&self.post("/zund/v1/containers", wish))?;
        let id = answer["container"]["uuid"].as_str();
        Ok(id.context("a create without a container")?.to_owned())
    }

    /// Removes a container, with what it asked for by size.
    pub fn remove(&self, container: &str) -> Result<()> {
        let path = format!("/zund/v1/containers/{container}");
        self.done(&self.delete(&path)).map(|_| ())
    }

    /// Sends the requests over so many connections, each as soon as the one before it is answered: the milliseconds
    /// that each answer took, and the seconds that all took.
    pub fn load(&self, requests: &[Vec<u8>], connections: usize) -> Result<(Vec<f64>, f64)> {
        run(async {
            let lanes = (0..connections).map(|_| Connection::open(self.address));
            let lanes = try_join_all(lanes).await?;
            let begin = Instant::now();
            let work = lanes.into_iter().enumerate().map(|(lane, connection)| {
                drive(connection, requests.iter().skip(lane).step_by(connections))
            });
            let took = try_join_all(work).await?.concat();
            Ok((took, begin.elapsed().as_secs_f64()))
        })
    }
}

async fn drive(
    mut connection: Connection,
    requests: impl Iterator<Item = &Vec<u8>>,
) -> Result<Vec<f64>> {
    let mut took = Vec::new();
    for request in requests {
        let begin = Instant::now();
        connection.ask(request).await?.successful()?;
        took.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    Ok(took)
}

fn run<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start a runtime for the load")?
        .block_on(work)
}
