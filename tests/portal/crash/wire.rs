//! The wire between two programs, which a test may cut and make slow.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};

/// The most bytes that travel in one piece.
const PIECE: usize = 16 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    /// Each piece takes so long.
    Slow(Duration),
    /// Every connection is broken, new ones too.
    Cut,
}

struct Shared {
    to: Mutex<SocketAddr>,
    state: watch::Sender<State>,
    /// Connections broken by a cut.
    cut: AtomicU64,
    /// Pieces held up.
    slowed: AtomicU64,
}

/// Listens at an address of its own and carries what comes to another. Gone when it is dropped.
pub struct Wire {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Wire {
    pub fn to(address: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let (own, state) = (listener.local_addr().unwrap(), watch::Sender::new(State::Whole));
        let shared = Arc::new(Shared { to: Mutex::new(address), state, cut: AtomicU64::new(0), slowed: AtomicU64::new(0) });
        let (end, ended) = oneshot::channel();
        let carried = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! { () = listen(&carried, listener) => {}, _ = ended => {} }
            });
        });
        Self { address: own, shared, end: Some(end), thread: Some(thread) }
    }

    /// From now on new connections lead there.
    pub fn lead_to(&self, address: SocketAddr) {
        *self.shared.to.lock().unwrap() = address;
    }

    /// Breaks every connection, and each new one at once.
    pub fn cut(&self) {
        self.shared.state.send_replace(State::Cut);
    }

    pub fn slow_down(&self, piece: Duration) {
        self.shared.state.send_replace(State::Slow(piece));
    }

    pub fn mend(&self) {
        self.shared.state.send_replace(State::Whole);
    }

    pub fn connections_cut(&self) -> u64 {
        self.shared.cut.load(Ordering::SeqCst)
    }

    pub fn pieces_slowed(&self) -> u64 {
        self.shared.slowed.load(Ordering::SeqCst)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Both are gone already where the thread broke.
        let _ = self.end.take().map(|end| end.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn listen(shared: &Arc<Shared>, listener: TcpListener) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let Ok((from, _)) = listener.accept().await else { continue };
        tokio::spawn(carry(Arc::clone(shared), from));
    }
}

/// One connection, until either side ends it or the wire is cut.
async fn carry(shared: Arc<Shared>, from: TcpStream) {
    let mut state = shared.state.subscribe();
    if *state.borrow() == State::Cut {
        shared.cut.fetch_add(1, Ordering::SeqCst);
        return;
    }
    let address = *shared.to.lock().unwrap();
    let Ok(to) = TcpStream::connect(address).await else { return };
    drop((from.set_nodelay(true), to.set_nodelay(true)));
    let ((from_read, from_write), (to_read, to_write)) = (from.into_split(), to.into_split());
    tokio::select! {
        () = pump(&shared, from_read, to_write) => {}
        () = pump(&shared, to_read, from_write) => {}
        _ = state.wait_for(|state| *state == State::Cut) => {
            shared.cut.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// One direction, until its source ends.
async fn pump(shared: &Shared, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut piece = vec![0; PIECE];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        let state = *shared.state.borrow();
        if let State::Slow(wait) = state {
            shared.slowed.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(wait).await;
        }
        if to.write_all(&piece[..read]).await.is_err() {
            return;
        }
    }
}
