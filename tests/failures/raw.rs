//! A server that says whatever bytes it is given, for what no HTTP library would say.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Gives every connection the same bytes, and closes it. Lives as long as its runtime.
pub(crate) struct RawServer {
    port: u16,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    answer: Vec<u8>,
    /// The requests, in small letters.
    heads: Vec<String>,
}

impl RawServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let book: Arc<Mutex<Book>> = Arc::default();
        let shared = Arc::clone(&book);
        tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let book = Arc::clone(&shared);
                tokio::spawn(async move {
                    let mut request = [0; 4_096];
                    let length = socket.read(&mut request).await.unwrap_or_default();
                    let head = String::from_utf8_lossy(&request[..length]).to_lowercase();
                    let answer = {
                        let mut book = book.lock().unwrap();
                        book.heads.push(head);
                        book.answer.clone()
                    };
                    let _ = socket.write_all(&answer).await;
                });
            }
        });
        Self { port, book }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/jwks", self.port)
    }

    /// Answers so from now on.
    pub(crate) fn answers(&self, bytes: Vec<u8>) {
        self.book.lock().unwrap().answer = bytes;
    }

    /// What was asked so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.book.lock().unwrap().heads.clone()
    }
}

/// An answer with this status and these fields.
pub(crate) fn response(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A set of no keys with blanks behind it, packed into this many bytes, 158 times what it says (RFC 1951, section 3.2.6).
///
/// The sum at its end is not right: who unpacks it notices when it is too late.
pub(crate) fn gzip_bomb(bytes: usize) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let (mut held, mut count) = (0_u32, 0);
    let mut put = |packed: &mut Vec<u8>, value: u32, bits: u32| {
        held |= value << count;
        count += bits;
        while count >= 8 {
            packed.push(held.to_le_bytes()[0]);
            (held, count) = (held >> 8, count - 8);
        }
    };
    // Huffman codes go in from their highest bit on.
    let code = |value: u32, bits: u32| (value.reverse_bits() >> (32 - bits), bits);
    put(&mut packed, 0b011, 3);
    for byte in br#"{"keys":[]} "# {
        let (value, bits) = code(0x30 + u32::from(*byte), 8);
        put(&mut packed, value, bits);
    }
    // Length 258 is symbol 285, and the distance 1 symbol 0.
    while packed.len() < bytes {
        let (value, bits) = code(0b1100_0101, 8);
        put(&mut packed, value, bits);
        put(&mut packed, 0, 5);
    }
    // The end of the block, and the sum and length that gzip has behind it.
    put(&mut packed, 0, 7 + 7);
    packed.extend([0; 8]);
    packed
}
