//! A store of JSON documents behind a line protocol: parsed, edited and dropped, in flat memory.
//!
//! ```text
//! cargo run --release --example server                                # a client of its own
//! cargo run --release --example server -- --listen 127.0.0.1:7878     # real ones
//! ```
//! A request is a line of JSON, and so is its answer:
//!
//! ```text
//! {"op": "put", "key": "a", "value": {"n": 1}}                       {"ok":null}
//! {"op": "merge", "key": "a", "value": {"m": [2]}}                   {"ok":{"n":1,"m":[2]}}
//! {"op": "patch", "key": "a", "value": [{"op": "remove", "path": "/n"}]}
//! {"op": "get", "key": "a"}     {"op": "delete", "key": "a"}     {"op": "stats"}
//! ```
//! All documents lie in one pool under one budget; their keys, in a map beside it, have
//! limits of their own. What a request no longer needs
//! is free for the next one, so a server that runs for a year holds what its
//! documents need; a request that does not fit is refused, and the next one is served.

#![forbid(unsafe_code)]

mod client;
mod store;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

use arraypool::json::Pool;
use arraypool::{Arena, Budget};

use store::Store;

/// Bytes that all documents and the pool's books may take together.
const BUDGET: usize = 64 << 20;

/// The longest request. A longer one ends its connection.
const REQUEST_MAX: u64 = 1 << 20;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let budget = Budget::new(BUDGET);
    let arena = Arena::builder().budget(&budget).build();
    let pool = <Pool>::new_in(&arena);
    let mut store = Store::new(&pool);
    let result = match words[..] {
        [] => client::run(&mut store, &arena),
        ["--listen", address] => listen(&mut store, address).map_err(|error| error.to_string()),
        _ => Err("usage: server [--listen ADDRESS]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves one connection after the other: a pool belongs to one thread.
fn listen(store: &mut Store<'_>, address: &str) -> std::io::Result<()> {
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    for connection in listener.incoming() {
        if let Err(error) = connection.and_then(|stream| serve(store, &stream)) {
            eprintln!("server: a connection ended: {error}");
        }
    }
    Ok(())
}

fn serve(store: &mut Store<'_>, stream: &TcpStream) -> std::io::Result<()> {
    let (mut lines, mut answers) = (BufReader::new(stream), stream);
    let (mut line, mut answer) = (String::new(), String::new());
    loop {
        line.clear();
        lines.by_ref().take(REQUEST_MAX).read_line(&mut line)?;
        if !line.ends_with('\n') {
            return Ok(());
        }
        answer.clear();
        store.answer(&line, &mut answer);
        answer.push('\n');
        answers.write_all(answer.as_bytes())?;
    }
}
