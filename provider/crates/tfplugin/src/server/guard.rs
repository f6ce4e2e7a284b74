//! Keeps a panic within the call it happens in.
//!
//! A panic that left a handler would end the whole connection, and with it every other call
//! under way. Terraform shows the output of a process that writes `panic: ` as a crash of the
//! provider, so only panics that nobody catches are written that way.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::pin::Pin;
use std::task::Poll;

use crate::diagnostic::{Diagnostic, Diagnostics};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a future; a panic in it becomes an error.
pub async fn guard<T>(future: impl Future<Output = T> + Send) -> Result<T, Diagnostics> {
    let mut future: Pin<Box<dyn Future<Output = T> + Send + '_>> = Box::pin(future);
    std::future::poll_fn(
        move |context| match caught(|| future.as_mut().poll(context)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(problem) => Poll::Ready(Err(problem)),
        },
    )
    .await
}

fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Diagnostics> {
    let outer = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(outer);
    result.map_err(|payload| {
        let place = PLACE.take().unwrap_or_else(|| "an unknown place".into());
        Diagnostic::error(
            "The provider has a bug",
            format!(
                "It panicked at {place}: {}. Please report this to the provider's developers.",
                message(payload.as_ref())
            ),
        )
        .into()
    })
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Installs the hook that tells caught panics from fatal ones.
pub fn install_hook() {
    panic::set_hook(Box::new(report));
}

fn report(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string);
    if GUARDED.get() {
        PLACE.set(place);
        return;
    }
    let text = format!(
        "panic: {} at {}\n\n{}\n",
        message(info.payload()),
        place.unwrap_or_default(),
        Backtrace::force_capture()
    );
    // Nobody may be listening any more; that is no reason for another panic.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_of_its_call() {
        let panicking = async {
            tokio::task::yield_now().await;
            assert_eq!(1 + 1, 3, "arithmetic");
        };
        let problem = guard(panicking).await.unwrap_err();
        let detail = &problem.iter().next().unwrap().detail;
        assert!(detail.contains("arithmetic"), "{detail}");
        assert_eq!(guard(async { 7 }).await, Ok(7));
    }
}
