//! A batch as a text file: one definition or expression a line.

use core::f64::consts::TAU;

use arraypool::ReleaseStrategy;
use arraypool::expr::{Batch, Engine};

/// What is used without a file.
pub(crate) const SAMPLE: &str = include_str!("sample.txt");

/// A batch, and how its parameters move.
pub(crate) struct Plant<'e, 'm, S: ReleaseStrategy> {
    pub(crate) batch: Batch<'e, 'm, f64, S>,
    pub(crate) names: Vec<String>,
    /// Middle and swing of each parameter.
    parameters: Vec<(f64, f64)>,
}

fn number(text: Option<&str>) -> Result<f64, String> {
    let text = text.ok_or("a number is missing")?;
    text.parse().map_err(|_| format!("not a number: {text:?}"))
}

/// Nothing may follow.
fn last(word: Option<&str>) -> Result<(), String> {
    word.map_or(Ok(()), |word| Err(format!("more than is expected, from {word:?} on")))
}

impl<'e, 'm, S: ReleaseStrategy> Plant<'e, 'm, S> {
    /// Reads a file's text; the error says in which line it is wrong.
    pub(crate) fn read(engine: &'e Engine<'m, f64, S>, text: &str) -> Result<Self, String> {
        let batch = engine.batch().build();
        let mut plant = Self { batch, names: Vec::new(), parameters: Vec::new() };
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                let read = plant.line(engine, line);
                read.map_err(|error| format!("line {} of the file: {error}", number + 1))?;
            }
        }
        if plant.names.is_empty() { Err("no expression".to_string()) } else { Ok(plant) }
    }

    fn line(&mut self, engine: &Engine<'m, f64, S>, line: &str) -> Result<(), String> {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        let plain = |error: arraypool::expr::Error| error.to_string();
        match first {
            "param" => {
                let name = words.next().ok_or("a name is missing")?;
                let (middle, swing) = (number(words.next())?, number(words.next())?);
                self.batch.parameter(name, middle).map_err(plain)?;
                self.parameters.push((middle, swing));
                last(words.next())?;
            }
            "set" => {
                let name = words.next().ok_or("a name is missing")?;
                engine.context().set(name, number(words.next())?).map_err(plain)?;
                last(words.next())?;
            }
            "array" => {
                let name = words.next().ok_or("a name is missing")?;
                let elements: Vec<f64> =
                    words.map(|word| number(Some(word))).collect::<Result<_, _>>()?;
                engine.context().set_array(name, &elements).map_err(plain)?;
            }
            "fn" => {
                let (head, body) = line.split_once('=').ok_or("`=` is missing")?;
                let (name, list) = head["fn".len()..].split_once('(').ok_or("`(` is missing")?;
                let list = list.trim().strip_suffix(')').ok_or("`)` is missing")?;
                let names: Vec<&str> =
                    list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
                engine.define(name.trim(), &names, body.trim()).map_err(plain)?;
            }
            _ => {
                let (name, text) = line.split_once('=').ok_or("neither definition nor `name =`")?;
                self.batch.add_named(name.trim(), text.trim()).map_err(plain)?;
                self.names.push(name.trim().to_string());
            }
        }
        Ok(())
    }

    /// Sets the parameters of a tick, and evaluates.
    pub(crate) fn tick(&mut self, tick: u32) {
        let phase = f64::from(tick % 1000) / 1000.0 * TAU;
        for (index, (middle, swing)) in self.parameters.iter().enumerate() {
            self.batch.set(index, middle + swing * (phase * (index + 1) as f64).sin());
        }
        self.batch.eval();
    }
}
