//! The documents, and what can be asked of them.

use core::error::Error;
use core::fmt::Write;
use std::collections::HashMap;

use arraypool::json::{Document, Parser, Pool, Value};

/// The longest key, in bytes.
pub(crate) const KEY_MAX: usize = 256;
/// The most documents. Keys lie outside of the pool: both limits bound what they take.
const DOCUMENTS_MAX: usize = 1 << 16;

/// Why a request is refused.
type Refusal = Box<dyn Error>;

/// Documents by their keys, in one pool.
pub(crate) struct Store<'p> {
    pool: &'p Pool<'p>,
    parser: Parser,
    documents: HashMap<String, Document<'p, 'static>>,
}

impl<'p> Store<'p> {
    pub(crate) fn new(pool: &'p Pool<'p>) -> Self {
        Self { pool, parser: Parser::new(), documents: HashMap::new() }
    }

    pub(crate) fn pool(&self) -> &'p Pool<'p> {
        self.pool
    }

    /// How many documents there are.
    pub(crate) fn len(&self) -> usize {
        self.documents.len()
    }

    /// Carries out one request and writes its answer: `{"ok":VALUE}`, or `{"error":TEXT}`.
    /// A refused one changes nothing, but for a merge that runs out of memory.
    pub(crate) fn answer(&mut self, request: &str, answer: &mut String) {
        let start = answer.len();
        if let Err(refusal) = self.carry_out(request, answer) {
            answer.truncate(start);
            // A document of one string: its text is escaped as JSON wants it.
            let told = match Document::of(refusal.to_string().as_str(), self.pool) {
                Ok(text) => write!(answer, r#"{{"error":{text}}}"#),
                Err(error) => write!(answer, r#"{{"error":"{error}"}}"#),
            };
            told.expect("a string refuses nothing");
        }
    }

    fn carry_out(&mut self, request: &str, answer: &mut String) -> Result<(), Refusal> {
        let mut request = self.parser.parse(request, self.pool)?;
        let value = request.root_mut().get_mut("value").map(|mut value| value.take());
        let text = |name| request.get(name).and_then(Value::as_str);
        let operation = text("op").ok_or("no `op`")?;
        if operation == "stats" {
            let stats = self.pool.stats();
            let (documents, arrays, bytes) = (self.len(), stats.live, stats.run_bytes);
            write!(answer, r#"{{"ok":{{"documents":{documents},"#)?;
            return Ok(write!(answer, r#""arrays":{arrays},"bytes":{bytes}}}}}"#)?);
        }
        let key = text("key").ok_or("no `key`")?;
        let value = || value.ok_or("no `value`");
        match operation {
            // The text of the request ends with it, and the document stays.
            "put" => self.put(key, value()?.into_owned()?)?,
            "get" => {}
            "merge" => self.find(key)?.root_mut().merge(value()?.root())?,
            "patch" => self.find(key)?.root_mut().patch(value()?.root())?,
            // Its arrays serve the next request.
            "delete" => drop(self.documents.remove(key).ok_or("no such document")?),
            _ => return Err(format!("no operation `{operation}`").into()),
        }
        match operation {
            "put" | "delete" => answer.push_str(r#"{"ok":null}"#),
            _ => write!(answer, r#"{{"ok":{}}}"#, self.find(key)?)?,
        }
        Ok(())
    }

    fn put(&mut self, key: &str, value: Document<'p, 'static>) -> Result<(), Refusal> {
        if let Some(document) = self.documents.get_mut(key) {
            *document = value;
            return Ok(());
        }
        if key.len() > KEY_MAX {
            return Err("the key is too long".into());
        }
        if self.len() >= DOCUMENTS_MAX {
            return Err("too many documents".into());
        }
        self.documents.insert(key.to_owned(), value);
        Ok(())
    }

    fn find(&mut self, key: &str) -> Result<&mut Document<'p, 'static>, Refusal> {
        Ok(self.documents.get_mut(key).ok_or("no such document")?)
    }
}
