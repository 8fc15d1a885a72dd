//! A server on a thread of its own, so that a test's own work never holds up an answer.

use std::net::SocketAddr;
use std::pin::Pin;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;

/// What listens, and what has to be awaited for it to answer.
pub struct Started {
    pub address: SocketAddr,
    pub handle: ServerHandle,
    pub answering: Pin<Box<dyn Future<Output = ()>>>,
}

/// Stopped at once when it is dropped: calls in flight get no answer.
pub struct Server {
    pub address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `start` runs on the new thread, inside its Tokio runtime.
    pub fn run(start: impl FnOnce() -> Started + Send + 'static) -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let started = start();
                tell.send((started.address, started.handle)).unwrap();
                started.answering.await;
            });
        });
        let (address, handle) = told.recv().expect("the server did not start");
        Self { address, handle, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        drop(self.thread.take().map(JoinHandle::join));
    }
}
