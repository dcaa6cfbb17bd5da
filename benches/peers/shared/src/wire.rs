//! The line to a contender in another process: one JSON text a line, an answer for each order.
//!
//! The other process measures with its own clock; nothing that passes here is part of a figure.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Contender, Sweep, Task};

#[derive(Debug, Deserialize, Serialize)]
enum Order {
    /// Makes a contender ready; it gets the next free number.
    Prepare {
        peer: String,
        task: Task,
    },
    Accepts {
        contender: usize,
        token: String,
    },
    Batch {
        contender: usize,
        token: String,
        calls: u32,
    },
    Swept {
        contender: usize,
        token: String,
    },
    Allocations {
        contender: usize,
        token: String,
    },
}

#[derive(Debug, Deserialize, Serialize)]
enum Answer {
    Ready(usize),
    Unable(String),
    Accepted(bool),
    Took(Duration),
    Allocated(u64),
}

/// Obeys the orders on standard input until it ends.
pub fn serve(prepare: impl Fn(&str, &Task) -> Result<Box<dyn Contender>, String>) {
    let mut contenders: Vec<Box<dyn Contender>> = Vec::new();
    let mut sweep = Sweep::default();
    for line in io::stdin().lock().lines() {
        let line = line.expect("the other process writes whole lines");
        let order = serde_json::from_str(&line).expect("the other process is of the same build");
        let answer = match order {
            Order::Prepare { peer, task } => match prepare(&peer, &task) {
                Ok(contender) => {
                    contenders.push(contender);
                    Answer::Ready(contenders.len() - 1)
                }
                Err(reason) => Answer::Unable(reason),
            },
            Order::Accepts { contender, token } => Answer::Accepted(contenders[contender].accepts(&token)),
            Order::Batch { contender, token, calls } => {
                Answer::Took(contenders[contender].batch(&token, calls))
            }
            Order::Swept { contender, token } => {
                Answer::Took(contenders[contender].swept(&token, &mut sweep))
            }
            Order::Allocations { contender, token } => {
                Answer::Allocated(contenders[contender].allocations(&token))
            }
        };
        println!("{}", serde_json::to_string(&answer).expect("an answer is plain data"));
    }
}

/// The near end of the line.
pub struct Line {
    // Never waited for: it ends with its standard input.
    _process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Line {
    fn ask(&mut self, order: &Order) -> Answer {
        writeln!(self.orders, "{}", serde_json::to_string(order).expect("an order is plain data"))
            .expect("the other process lives");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the other process lives");
        serde_json::from_str(&line).expect("the other process is of the same build")
    }
}

/// A contender of another process.
pub struct Remote {
    line: Rc<RefCell<Line>>,
    contender: usize,
}

impl Remote {
    /// Starts the other process.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(mut program: Command) -> io::Result<Rc<RefCell<Line>>> {
        let mut process = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let orders = process.stdin.take().expect("piped above");
        let answers = BufReader::new(process.stdout.take().expect("piped above"));
        Ok(Rc::new(RefCell::new(Line { _process: process, orders, answers })))
    }

    /// A contender that the other process knows by this name.
    ///
    /// # Errors
    /// What the other process says against it.
    pub fn prepare(line: &Rc<RefCell<Line>>, peer: &str, task: &Task) -> Result<Self, String> {
        let order = Order::Prepare { peer: peer.into(), task: task.clone() };
        let answer = line.borrow_mut().ask(&order);
        match answer {
            Answer::Ready(contender) => Ok(Self { line: Rc::clone(line), contender }),
            Answer::Unable(reason) => Err(reason),
            other => unreachable!("{other:?} to an order to prepare"),
        }
    }

    fn took(&self, order: &Order) -> Duration {
        match self.line.borrow_mut().ask(order) {
            Answer::Took(time) => time,
            other => unreachable!("{other:?} to an order to measure"),
        }
    }
}

impl Contender for Remote {
    fn accepts(&mut self, token: &str) -> bool {
        let order = Order::Accepts { contender: self.contender, token: token.into() };
        matches!(self.line.borrow_mut().ask(&order), Answer::Accepted(true))
    }

    fn batch(&mut self, token: &str, calls: u32) -> Duration {
        self.took(&Order::Batch { contender: self.contender, token: token.into(), calls })
    }

    fn swept(&mut self, token: &str, _: &mut Sweep) -> Duration {
        self.took(&Order::Swept { contender: self.contender, token: token.into() })
    }

    fn allocations(&mut self, token: &str) -> u64 {
        let order = Order::Allocations { contender: self.contender, token: token.into() };
        match self.line.borrow_mut().ask(&order) {
            Answer::Allocated(count) => count,
            other => unreachable!("{other:?} to an order to count"),
        }
    }
}
