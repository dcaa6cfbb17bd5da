//! The load: connections that are kept alive, on one thread, each with one request under way.
//!
//! Requests are written as they stand in memory, and an answer is over when as many bytes have come as the first one had:
//! what the generator spends on a request is little beside what the service spends.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// Requests to one service, and the connections to it.
pub(crate) struct Requests {
    runtime: Runtime,
    connections: Vec<TcpStream>,
    queue: Rc<RefCell<Queue>>,
    answer: usize,
}

struct Queue {
    requests: Vec<Rc<[u8]>>,
    next: usize,
    repeat: bool,
}

/// What one slice of the load brought.
#[derive(Default)]
pub(crate) struct Slice {
    latencies: Vec<u32>,
    elapsed: Duration,
    short: bool,
}

impl Requests {
    pub(crate) fn new(address: SocketAddr, tokens: &[&str], repeat: bool) -> Self {
        let request = |token: &&str| {
            let text = format!(
                "GET /orders HTTP/1.1\r\nhost: api.example.com\r\nuser-agent: load\r\naccept: */*\r\n\
                 authorization: Bearer {token}\r\n\r\n"
            );
            Rc::from(text.into_bytes())
        };
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let connections = runtime.block_on(async {
            let mut connections = Vec::new();
            for _ in 0..CONNECTIONS {
                let connection = TcpStream::connect(address).await.unwrap();
                connection.set_nodelay(true).unwrap();
                connections.push(connection);
            }
            connections
        });
        let queue = Queue { requests: tokens.iter().map(request).collect(), next: 0, repeat };
        let mut requests = Self { runtime, connections, queue: Rc::new(RefCell::new(queue)), answer: 0 };
        requests.answer = requests.learn();
        requests
    }

    /// How long an answer is. The token that asks is used up.
    fn learn(&mut self) -> usize {
        let request = self.queue.borrow_mut().pop().unwrap();
        let connection = &mut self.connections[0];
        self.runtime.block_on(async {
            connection.write_all(&request).await.unwrap();
            let mut answer = Vec::new();
            loop {
                let text = String::from_utf8_lossy(&answer).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                    if body.len() == length.parse::<usize>().unwrap() {
                        return answer.len();
                    }
                }
                assert!(connection.read_buf(&mut answer).await.unwrap() > 0);
            }
        })
    }

    /// Keeps every connection busy for this long, or until there are no requests any more.
    pub(crate) fn send_for(&mut self, duration: Duration) -> Slice {
        let local = LocalSet::new();
        let start = Instant::now();
        let end = start + duration;
        let tasks: Vec<_> = self
            .connections
            .drain(..)
            .map(|connection| local.spawn_local(busy(connection, Rc::clone(&self.queue), self.answer, end)))
            .collect();
        let (connections, queue) = (&mut self.connections, &self.queue);
        local.block_on(&self.runtime, async {
            let mut slice = Slice::default();
            for task in tasks {
                let (connection, latencies) = task.await.unwrap();
                connections.push(connection);
                slice.latencies.extend(latencies);
            }
            let short = queue.borrow().is_empty();
            Slice { elapsed: start.elapsed(), short, ..slice }
        })
    }
}

async fn busy(
    mut connection: TcpStream,
    queue: Rc<RefCell<Queue>>,
    length: usize,
    end: Instant,
) -> (TcpStream, Vec<u32>) {
    let mut latencies = Vec::new();
    let mut answer = vec![0; length];
    let mut start = Instant::now();
    while start < end {
        let Some(request) = queue.borrow_mut().pop() else { break };
        connection.write_all(&request).await.unwrap();
        connection.read_exact(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        let now = Instant::now();
        latencies.push(u32::try_from((now - start).as_nanos()).unwrap_or(u32::MAX));
        start = now;
    }
    (connection, latencies)
}

impl Queue {
    fn pop(&mut self) -> Option<Rc<[u8]>> {
        if self.next == self.requests.len() && self.repeat {
            self.next = 0;
        }
        let request = self.requests.get(self.next)?;
        self.next += 1;
        Some(Rc::clone(request))
    }

    fn is_empty(&self) -> bool {
        self.next == self.requests.len() && !self.repeat
    }
}

impl Slice {
    /// Whether the requests ended before the time did.
    pub(crate) const fn is_short(&self) -> bool {
        self.short
    }

    /// Requests a second.
    pub(crate) fn throughput(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.elapsed += other.elapsed;
    }

    pub(crate) fn sorted(&mut self) -> &[u32] {
        self.latencies.sort_unstable();
        &self.latencies
    }
}

/// In microseconds.
pub(crate) fn percentile(sorted: &[u32], thousandths: usize) -> f64 {
    f64::from(sorted[sorted.len() * thousandths / 1_000]) / 1e3
}

pub(crate) const CONNECTIONS: usize = 16;
