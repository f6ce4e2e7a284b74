//! Accepts connections, encrypted or not, and hands them to the gRPC server.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::Connected;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection, encrypted or not.
pub struct Connection(Box<dyn Stream>);

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Accepts until nobody takes the connections any more. A connection that breaks before it is
/// established is nobody's loss: Terraform opens one it never uses when it ends.
pub async fn accept(
    listener: UnixListener,
    tls: Option<Arc<ServerConfig>>,
    connections: mpsc::Sender<io::Result<Connection>>,
) {
    let acceptor = tls.map(TlsAcceptor::from);
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            () = connections.closed() => return,
            Some(_) = under_way.join_next() => {}
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    tracing::warn!("a connection could not be accepted");
                    continue;
                };
                let (acceptor, connections) = (acceptor.clone(), connections.clone());
                under_way.spawn(async move {
                    if let Some(connection) = establish(stream, acceptor).await {
                        let _ = connections.send(Ok(connection)).await;
                    }
                });
            }
        }
    }
}

async fn establish(stream: UnixStream, acceptor: Option<TlsAcceptor>) -> Option<Connection> {
    let Some(acceptor) = acceptor else {
        return Some(Connection(Box::new(stream)));
    };
    match acceptor.accept(stream).await {
        Ok(stream) => Some(Connection(Box::new(stream))),
        Err(error) => {
            tracing::debug!(%error, "a connection was given up before it was established");
            None
        }
    }
}
