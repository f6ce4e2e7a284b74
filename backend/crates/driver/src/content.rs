//! Data too large for memory, between those who wait and those who block.

use std::io::{self, Read, Write};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use tokio::sync::mpsc;

use crate::{Class, Error, Result};

/// Data that comes piece by piece. Its end is its last piece; an error says why there is no more.
pub type Content = BoxStream<'static, io::Result<Bytes>>;

/// Pieces that are on their way at once.
const AHEAD: usize = 8;

/// Bytes that a producer hands over at once.
const PIECE: usize = 64 * 1024;

/// Data that is in memory.
pub fn whole(data: impl Into<Bytes>) -> Content {
    let data = data.into();
    stream::once(async move { Ok(data) }).boxed()
}

/// What `work` writes, on a thread of its own. It gets an error as soon as nobody reads any more.
pub fn produce(work: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static) -> Content {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let producer = tokio::task::spawn_blocking(move || {
        let failed = sender.clone();
        let outgoing = Outgoing { sender };
        let mut outgoing = io::BufWriter::with_capacity(PIECE, outgoing);
        if let Err(error) = work(&mut outgoing).and_then(|()| outgoing.flush()) {
            // Nobody reads any more: nobody has to be told.
            drop(failed.blocking_send(Err(error)));
        }
    });
    let start = (receiver, Some(producer));
    stream::unfold(start, async |(mut receiver, mut producer)| {
        if let Some(piece) = receiver.recv().await {
            return Some((piece, (receiver, producer)));
        }
        // A panic must not look like the end.
        let broken = producer.take()?.await.err()?;
        Some((Err(io::Error::other(broken.to_string())), (receiver, None)))
    })
    .boxed()
}

/// Lets `work` read the data, on a thread of its own. Dropped before its end, `work` reads an error, never an end.
pub async fn consume<T: Send + 'static>(
    mut content: Content,
    work: impl FnOnce(&mut Incoming) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let consumer = tokio::task::spawn_blocking(move || {
        work(&mut Incoming {
            receiver,
            piece: Bytes::new(),
            ended: false,
        })
    });
    let feed = async move {
        while let Some(piece) = content.next().await {
            let broken = piece.is_err();
            if sender.send(Piece::Data(piece)).await.is_err() || broken {
                return;
            }
        }
        drop(sender.send(Piece::End).await);
    };
    let (done, ()) = tokio::join!(consumer, feed);
    done.map_err(|error| Error::new(Class::Internal, format!("the work broke off: {error}")))?
}

enum Piece {
    Data(io::Result<Bytes>),
    End,
}

/// Data as it comes, for who blocks.
#[derive(Debug)]
pub struct Incoming {
    receiver: mpsc::Receiver<Piece>,
    piece: Bytes,
    ended: bool,
}

impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a piece")
    }
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Piece::Data(piece)) => self.piece = piece?,
                Some(Piece::End) => self.ended = true,
                None => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "whoever sent the data has gone away before its end",
                    ));
                }
            }
        }
        let count = self.piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}

struct Outgoing {
    sender: mpsc::Sender<io::Result<Bytes>>,
}

impl Write for Outgoing {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let sent = self.sender.blocking_send(Ok(Bytes::copy_from_slice(data)));
        sent.map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads any more"))?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt as _;

    fn read_all(incoming: &mut Incoming) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        match incoming.read_to_end(&mut all) {
            Ok(_) => Ok(all),
            Err(error) => Err(Error::new(Class::Internal, error.to_string())),
        }
    }

    #[tokio::test]
    async fn what_is_produced_is_consumed() {
        let data: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let sent = data.clone();
        let content = produce(move |out| out.write_all(&sent));
        assert_eq!(consume(content, read_all).await, Ok(data));
    }

    #[tokio::test]
    async fn an_error_is_no_end() {
        let content = produce(|out| {
            out.write_all(b"half")?;
            Err(io::Error::other("the disk is on fire"))
        });
        let error = consume(content, read_all).await.unwrap_err();
        assert_eq!(error.message, "the disk is on fire");
        let broken = produce(|_| panic!("broken"));
        assert!(broken.try_collect::<Vec<_>>().await.is_err());
    }

    #[tokio::test]
    async fn a_reader_that_was_left_sees_no_end() {
        let (tell, told) = tokio::sync::oneshot::channel();
        let pending = whole("half").chain(stream::pending()).boxed();
        let work = consume(pending, move |incoming| {
            let outcome = read_all(incoming);
            drop(tell.send(outcome.clone()));
            outcome
        });
        let left = tokio::time::timeout(std::time::Duration::from_millis(20), work).await;
        assert!(left.is_err());
        let error = told.await.unwrap().unwrap_err();
        assert!(error.message.contains("has gone away"), "{error}");
    }
}
