use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;
use crate::audit::event::{AuditKind, AuditOutcome, SCHEMA_VERSION};
use crate::time::UnixTime;

fn event(sequence: u64) -> AuditEvent<'static> {
    AuditEvent {
        schema_version: SCHEMA_VERSION,
        sequence,
        time: UnixTime::EPOCH,
        kind: AuditKind::Authentication,
        outcome: AuditOutcome::Refused,
        reason: Some("token_malformed"),
        verifier: None,
        issuer: None,
        subject: None,
        subject_hash: None,
        client: None,
        token_id: None,
        credential: None,
        scheme: Some("bearer"),
        token_fingerprint: None,
        algorithm: None,
        key_id: None,
        key_age: None,
        cache: None,
        method: None,
        route: None,
        requirement: None,
        request_id: None,
        peer: None,
        peer_port: None,
    }
}

/// What a write comes to.
enum Answer {
    /// It takes so many bytes, or all.
    Takes(usize),
    Fails(io::ErrorKind),
    Panics,
}

const ALL: Answer = Answer::Takes(usize::MAX);

/// A writer that says what it is asked to write, and waits for what it is to answer.
struct Held {
    asked: Sender<String>,
    answers: Receiver<Answer>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl io::Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.asked.send(String::from_utf8(bytes.to_vec()).unwrap()).unwrap();
        // A test that has seen enough lets everything pass.
        match self.answers.recv().unwrap_or(ALL) {
            Answer::Takes(most) => {
                let taken = bytes.len().min(most);
                self.written.lock().unwrap().extend(&bytes[..taken]);
                Ok(taken)
            }
            Answer::Fails(kind) => Err(kind.into()),
            Answer::Panics => panic!("the writer panics, as the test wants it to"),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The other end of a [`Held`].
struct Hand {
    asked: Receiver<String>,
    answers: Sender<Answer>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Hand {
    /// The sequence numbers that the writer is asked to write, and `-n` where `n` are missing.
    fn asked(&self) -> Vec<i64> {
        told(&self.asked.recv().unwrap())
    }

    fn answer(&self, answer: Answer) {
        self.answers.send(answer).unwrap();
    }

    fn written(&self) -> Vec<i64> {
        told(str::from_utf8(&self.written.lock().unwrap()).unwrap())
    }
}

fn told(lines: &str) -> Vec<i64> {
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let told = |line: serde_json::Value| match line["event"].as_str() {
        Some("audit_lost") => -line["lost"].as_i64().unwrap(),
        _ => line["sequence"].as_i64().unwrap(),
    };
    lines.map(told).collect()
}

fn held() -> (JsonLines, Hand) {
    let ((asking, asked), (answers, answered)) = (channel(), channel());
    let written = Arc::new(Mutex::new(Vec::new()));
    let writer = Held { asked: asking, answers: answered, written: Arc::clone(&written) };
    (JsonLines::new(writer).unwrap(), Hand { asked, answers, written })
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn what_came_while_the_writer_was_busy_is_written_at_once_and_in_order() {
    let (lines, hand) = held();
    lines.record(&event(1));
    assert_eq!(hand.asked(), [1]);
    (2..=100).for_each(|sequence| lines.record(&event(sequence)));
    hand.answer(ALL);
    assert_eq!(hand.asked(), (2..=100).collect::<Vec<_>>());
    hand.answer(ALL);
    assert_eq!(lines.flush(LONG), Ok(()));
    assert_eq!(hand.written(), (1..=100).collect::<Vec<_>>());
    assert_eq!(lines.lost(), 0);
}

#[test]
fn without_room_a_request_waits_and_nothing_is_lost() {
    let (lines, hand) = held();
    let lines = Arc::new(lines.capacity(2).unwrap());
    lines.record(&event(1));
    assert_eq!(hand.asked(), [1]);
    lines.record(&event(2));
    lines.record(&event(3));
    let waiting = Arc::clone(&lines);
    let request = thread::spawn(move || waiting.record(&event(4)));
    while !format!("{lines:?}").contains("waiting: 1") {
        thread::yield_now();
    }
    assert!(!request.is_finished());
    hand.answer(ALL);
    request.join().unwrap();
    assert_eq!(hand.asked(), [2, 3]);
    hand.answer(ALL);
    assert_eq!(hand.asked(), [4]);
    hand.answer(ALL);
    assert_eq!((lines.flush(LONG), lines.lost()), (Ok(()), 0));
}

#[test]
fn what_is_lost_for_want_of_room_is_counted_and_told_where_it_is_missing() {
    let (lines, hand) = held();
    let lines = lines.capacity(2).unwrap().when_full(WhenFull::Drop);
    (1..=1).for_each(|sequence| lines.record(&event(sequence)));
    assert_eq!(hand.asked(), [1]);
    (2..=6).for_each(|sequence| lines.record(&event(sequence)));
    assert_eq!(lines.lost(), 3);
    hand.answer(ALL);
    assert_eq!(hand.asked(), [2, 3]);
    lines.record(&event(7));
    hand.answer(ALL);
    assert_eq!(hand.asked(), [-3], "before what came later");
    hand.answer(ALL);
    assert_eq!(hand.asked(), [7]);
    hand.answer(ALL);
    assert_eq!(lines.flush(LONG), Ok(()));
    assert_eq!((hand.written(), lines.lost()), (vec![1, 2, 3, -3, 7], 3));
}

#[test]
fn long_lines_fill_the_queue_sooner_and_none_is_too_long() {
    let (lines, hand) = held();
    let lines = lines.capacity(4).unwrap().when_full(WhenFull::Drop);
    let long = "r".repeat(5_000);
    let long = AuditEvent { requirement: Some(&long), ..event(2) };
    lines.record(&event(1));
    assert_eq!(hand.asked(), [1]);
    lines.record(&long);
    lines.record(&event(3));
    assert_eq!(lines.lost(), 1);
    drop(hand.answers);
    assert_eq!(lines.flush(LONG), Ok(()));
    assert_eq!(told(str::from_utf8(&hand.written.lock().unwrap()).unwrap()), [1, 2, -1]);
}

#[test]
fn what_the_writer_refuses_is_lost_told_of_later_and_tears_no_line() {
    for failure in [Answer::Fails(io::ErrorKind::StorageFull), Answer::Takes(0), Answer::Panics] {
        let (lines, hand) = held();
        lines.record(&event(1));
        assert_eq!(hand.asked(), [1]);
        (2..=4).for_each(|sequence| lines.record(&event(sequence)));
        hand.answer(ALL);
        assert_eq!(hand.asked(), [2, 3, 4]);
        // The second line and a bit of the third.
        let line = event(2).to_json().len() + 1;
        hand.answer(Answer::Takes(line + 10));
        assert_eq!(hand.asked(), [4], "the rest of a line and a line");
        hand.answer(failure);
        while lines.lost() == 0 {
            thread::yield_now();
        }
        assert_eq!(lines.lost(), 2);
        lines.record(&event(5));
        assert_eq!(hand.asked(), [0; 0], "the end of the torn line");
        hand.answer(Answer::Fails(io::ErrorKind::Interrupted));
        assert_eq!(hand.asked(), [0; 0], "asked again when it was only interrupted");
        hand.answer(ALL);
        assert_eq!(hand.asked(), [-2]);
        hand.answer(ALL);
        assert_eq!(hand.asked(), [5]);
        hand.answer(ALL);
        assert_eq!(lines.flush(LONG), Ok(()), "it works again");
        assert_eq!((hand.written(), lines.lost()), (vec![1, 2, -2, 5], 2));
    }
}

#[test]
fn a_flush_tells_of_failures_and_of_time() {
    let (lines, hand) = held();
    assert_eq!(lines.flush(LONG), Ok(()), "nothing to write");
    lines.record(&event(1));
    assert_eq!(hand.asked(), [1]);
    assert_eq!(lines.flush(Duration::ZERO), Err(FlushError::TimedOut));
    hand.answer(Answer::Fails(io::ErrorKind::StorageFull));
    // Either the flush came in time to be told of the first failure, or the loss is written down for it and fails too.
    hand.answer(Answer::Fails(io::ErrorKind::StorageFull));
    hand.answer(Answer::Fails(io::ErrorKind::StorageFull));
    assert_eq!(lines.flush(LONG), Err(FlushError::Failed));
    drop(hand.answers);
    let mut flushed = lines.flush(LONG);
    while flushed.is_err() {
        flushed = lines.flush(LONG);
    }
    assert_eq!((told(str::from_utf8(&hand.written.lock().unwrap()).unwrap()), lines.lost()), (vec![-1], 1));
}

#[test]
fn dropping_it_writes_what_there_is() {
    let (lines, hand) = held();
    (1..=50).for_each(|sequence| lines.record(&event(sequence)));
    let written = Arc::clone(&hand.written);
    drop(hand.answers);
    drop(lines);
    assert_eq!(told(str::from_utf8(&written.lock().unwrap()).unwrap()), (1..=50).collect::<Vec<_>>());
}

#[test]
fn dropping_it_does_not_wait_for_ever() {
    let (lines, hand) = held();
    let lines = lines.close_within(Duration::from_millis(1));
    lines.record(&event(1));
    assert_eq!(hand.asked(), [1]);
    drop(lines);
    assert_eq!(hand.written(), [0; 0]);
    // The thread that was left to itself ends once its writer does.
    hand.answer(ALL);
}

/// A writer whose own end takes until the other end of the channel is gone.
struct SlowToGo(Receiver<()>);

impl io::Write for SlowToGo {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for SlowToGo {
    fn drop(&mut self) {
        let _ = self.0.recv();
    }
}

#[test]
fn dropping_it_does_not_wait_for_a_writer_that_is_slow_to_go() {
    let (hold, held) = channel();
    let lines = JsonLines::new(SlowToGo(held)).unwrap().close_within(Duration::from_millis(1));
    lines.record(&event(1));
    let (done, dropped) = channel();
    let dropping = thread::spawn(move || {
        drop(lines);
        done.send(()).unwrap();
    });
    assert_eq!(dropped.recv_timeout(LONG), Ok(()));
    drop(hold);
    dropping.join().unwrap();
}

/// A panic that panics once more when it is thrown away.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the panic panics, as the test wants it to");
    }
}

/// A writer that takes the thread with it.
struct Deadly;

impl io::Write for Deadly {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        std::panic::panic_any(Bomb)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn without_its_thread_all_is_lost_and_counted_and_nobody_waits() {
    let lines = Arc::new(JsonLines::new(Deadly).unwrap().capacity(2).unwrap());
    let (done, all) = channel();
    let requests = Arc::clone(&lines);
    let request = thread::spawn(move || {
        (1..=10).for_each(|sequence| requests.record(&event(sequence)));
        done.send(requests.flush(LONG)).unwrap();
    });
    assert_eq!(all.recv_timeout(LONG), Ok(Err(FlushError::Failed)));
    request.join().unwrap();
    assert_eq!(lines.lost(), 10);
}

#[test]
fn a_capacity_is_bounded() {
    for (events, good) in [(0, false), (1, true), (1_048_576, true), (1_048_577, false)] {
        let made = JsonLines::new(io::sink()).unwrap().capacity(events);
        assert_eq!(made.is_ok(), good, "{events}");
    }
}

#[test]
fn many_threads_write_whole_lines_and_each_once() {
    let written = Arc::new(Mutex::new(Vec::new()));
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let few = bytes.len().min(1_000);
            self.0.lock().unwrap().extend(&bytes[..few]);
            Ok(few)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let lines = JsonLines::new(Shared(Arc::clone(&written))).unwrap().capacity(7).unwrap();
    thread::scope(|scope| {
        for thread in 0..4 {
            let lines = &lines;
            scope.spawn(move || (0..500).for_each(|n| lines.record(&event(thread * 500 + n))));
        }
    });
    drop(lines);
    let mut found = told(str::from_utf8(&written.lock().unwrap()).unwrap());
    found.sort_unstable();
    assert_eq!(found, (0..2_000).collect::<Vec<_>>());
}
