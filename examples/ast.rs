//! A front end for a small language: text to a borrowed tree in an arena, phase by phase.
//!
//! ```text
//! cargo run --release --example ast [-- FILE ...]
//! ```
//! Every file is a program of lines `name = expression`. Its tree lies in one
//! arena and its checked form in another; both are reset between files, so that
//! a batch of files takes no more memory than the largest. Nothing is dropped
//! node by node: nodes are plain references, and go with their arena.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::process::ExitCode;

use arraypool::Arena;

/// A node of the tree, borrowed from the arena of its phase.
#[derive(Debug, Clone, Copy)]
enum Node<'a> {
    Number(f64),
    Name(&'a str),
    /// An operator and its operands, of which there are two or more for `+` and `*`.
    Call(char, &'a [Node<'a>]),
}

/// A line of a program.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    name: &'a str,
    value: Node<'a>,
}

/// The first phase: text to tree.
struct Parser<'t, 'a> {
    text: &'t str,
    arena: &'a Arena<'a>,
    depth: u32,
}

/// The most brackets around one another.
const DEPTH_MAX: u32 = 200;

impl<'a> Parser<'_, 'a> {
    fn peek(&mut self) -> Option<char> {
        self.text = self.text.trim_start();
        self.text.chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.text = &self.text[wanted.len_utf8()..];
        }
        found
    }

    /// `term + term - term`: all terms of a sum are children of one node.
    fn sum(&mut self) -> Result<Node<'a>, String> {
        let mut terms = vec![self.product()?];
        loop {
            if self.eat('+') {
                terms.push(self.product()?);
            } else if self.eat('-') {
                let term = self.product()?;
                terms.push(self.call('-', &[term]));
            } else {
                return Ok(self.one_or_call('+', &terms));
            }
        }
    }

    fn product(&mut self) -> Result<Node<'a>, String> {
        let mut factors = vec![self.factor()?];
        loop {
            if self.eat('*') {
                factors.push(self.factor()?);
            } else if self.eat('/') {
                let factor = self.factor()?;
                factors.push(self.call('/', &[factor]));
            } else {
                return Ok(self.one_or_call('*', &factors));
            }
        }
    }

    fn factor(&mut self) -> Result<Node<'a>, String> {
        if self.depth >= DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} brackets"));
        }
        if self.eat('-') {
            self.depth += 1;
            let operand = self.factor()?;
            self.depth -= 1;
            return Ok(self.call('-', &[operand]));
        }
        if self.eat('(') {
            self.depth += 1;
            let inner = self.sum()?;
            self.depth -= 1;
            return if self.eat(')') { Ok(inner) } else { Err("expected `)`".into()) };
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        self.peek();
        let end = self.text.find(|c| !is_word(c)).unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        self.text = rest;
        match word.chars().next() {
            Some(first) if first.is_ascii_digit() => {
                word.parse().map(Node::Number).map_err(|_| format!("`{word}` is no number"))
            }
            Some(_) => Ok(Node::Name(self.arena.alloc_str(word))),
            None => Err("expected a number, a name or `(`".into()),
        }
    }

    fn call(&self, operator: char, operands: &[Node<'a>]) -> Node<'a> {
        Node::Call(operator, self.arena.alloc_slice_copy(operands))
    }

    fn one_or_call(&self, operator: char, operands: &[Node<'a>]) -> Node<'a> {
        if let [one] = operands { *one } else { self.call(operator, operands) }
    }
}

fn parse<'a>(text: &str, arena: &'a Arena<'a>) -> Result<&'a [Line<'a>], String> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let at = |message: String| format!("line {number}: {message}");
        let (name, value) = line.split_once('=').ok_or_else(|| at("expected `=`".into()))?;
        let mut parser = Parser { text: value, arena, depth: 0 };
        let value = parser.sum().map_err(at)?;
        if parser.peek().is_some() {
            return Err(at(format!("did not expect `{}`", parser.text)));
        }
        lines.push(Line { name: arena.alloc_str(name.trim()), value });
    }
    Ok(arena.alloc_slice_copy(&lines))
}

/// The second phase: names are checked, and what is constant is folded, into the
/// arena of another phase; the tree of the first is not needed any more then.
fn fold<'b>(
    node: &Node<'_>,
    known: &HashMap<&str, Node<'b>>,
    arena: &'b Arena<'b>,
) -> Result<Node<'b>, String> {
    match *node {
        Node::Number(number) => Ok(Node::Number(number)),
        Node::Name(name) => match known.get(name) {
            Some(value @ Node::Number(_)) => Ok(*value),
            Some(_) => Ok(Node::Name(arena.alloc_str(name))),
            None if name.starts_with("input") => Ok(Node::Name(arena.alloc_str(name))),
            None => Err(format!("`{name}` is not defined above")),
        },
        Node::Call(operator, operands) => {
            let folded: Result<Vec<_>, _> =
                operands.iter().map(|operand| fold(operand, known, arena)).collect();
            let folded = folded?;
            let numbers: Option<Vec<f64>> = folded.iter().map(as_number).collect();
            let call = || Node::Call(operator, arena.alloc_slice_copy(&folded));
            Ok(numbers.map_or_else(call, |numbers| Node::Number(apply(operator, &numbers))))
        }
    }
}

fn as_number(node: &Node<'_>) -> Option<f64> {
    if let Node::Number(number) = node { Some(*number) } else { None }
}

fn apply(operator: char, numbers: &[f64]) -> f64 {
    match operator {
        '+' => numbers.iter().sum(),
        '*' => numbers.iter().product(),
        '-' => -numbers[0],
        _ => 1.0 / numbers[0],
    }
}

fn count(node: &Node<'_>) -> usize {
    match node {
        Node::Call(_, operands) => 1 + operands.iter().map(count).sum::<usize>(),
        Node::Number(_) | Node::Name(_) => 1,
    }
}

/// One file through both phases; prints what each took.
fn compile(name: &str, text: &str, tree: &Arena<'_>, checked: &Arena<'_>) -> Result<(), String> {
    let lines = parse(text, tree)?;
    let mut known = HashMap::new();
    let mut folded = Vec::with_capacity(lines.len());
    for line in lines {
        let value = fold(&line.value, &known, checked)?;
        let name = &*checked.alloc_str(line.name);
        known.insert(name, value);
        folded.push(Line { name, value });
    }
    let nodes = |lines: &[Line<'_>]| lines.iter().map(|line| count(&line.value)).sum::<usize>();
    println!(
        "{name:<16} {:>6} lines  parse {:>7} nodes {:>9} bytes  check {:>7} nodes {:>9} bytes",
        lines.len(),
        nodes(lines),
        tree.used_bytes(),
        nodes(&folded),
        checked.used_bytes(),
    );
    if let Some(Line { name, value }) = folded.last() {
        println!("{:<16} {name} = {value:?}", "");
    }
    Ok(())
}

/// A program of so many lines.
fn sample(lines: usize) -> String {
    let mut text = String::from("rate = 3 * (1 + 0.5) / 2\nx0 = input_a * rate\n");
    for line in 1..lines {
        text +=
            &format!("x{line} = x{} * {line} + (input_b - 2 * 3) / (rate + {line})\n", line - 1);
    }
    text
}

fn main() -> ExitCode {
    let mut files = Vec::new();
    for path in std::env::args().skip(1) {
        match std::fs::read_to_string(&path) {
            Ok(text) => files.push((path, text)),
            Err(error) => {
                eprintln!("ast: {path}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    if files.is_empty() {
        let sizes = [10, 1000, 100, 5000, 1000];
        files.extend(sizes.map(|lines| (format!("sample of {lines}"), sample(lines))));
    }
    let (mut tree, mut checked) = (Arena::new(), Arena::new());
    for (name, text) in &files {
        if let Err(error) = compile(name, text, &tree, &checked) {
            eprintln!("ast: {name}: {error}");
            return ExitCode::FAILURE;
        }
        // The chunks stay for the next file.
        tree.reset();
        checked.reset();
    }
    let kept = |arena: &Arena<'_>| (arena.chunk_count(), arena.allocated_bytes());
    println!("kept: parse {:?}, check {:?} (chunks, bytes)", kept(&tree), kept(&checked));
    ExitCode::SUCCESS
}
