//! Import: reads the files a client hands over, row by row, and writes them back with cells
//! replaced.
//!
//! CSV with any delimiter, JSON and SQL dumps, from any `Read`, in constant memory. What is
//! packed or not UTF-8 is unpacked and decoded as it is read, and places stay those of the file
//! where that can be told. A row is either read whole or reported as a [`BadRow`] with its place
//! and reason; nothing is skipped in silence: header, rows, bad rows and blank lines together
//! cover every byte of the text. A row that is written back without replacements is the same text,
//! quirks of quoting and line ends included. How a file is to be read is told from its bytes,
//! unless somebody says it ([`Asked`], [`Told`]).
//!
//! This module must never put a cell's content into an error. It parses CSV with `csv-core` and
//! JSON with `serde_json`; of dumps it knows words, strings and comments ([`sql`] says why), and no
//! other grammar is its own.
//!
//! ```text
//! let mut reader = Reader::open(input, format, &columns)?;
//! writer.header(reader.header_raw())?;
//! loop {
//!     let more = reader.read_batch(4096, &mut batch)?;
//!     for row in batch.iter() { writer.write_row(&row, |column| ...)?; }
//!     if !more { break; }
//! }
//! writer.finish(batch.tail())?;
//! ```

mod batch;
mod check;
mod decode;
mod delimited;
mod encoding;
mod error;
mod feed;
mod fixed;
mod format;
mod header;
mod json;
mod json_items;
mod json_names;
mod json_visit;
mod layout;
mod limits;
mod names;
mod packing;
mod reader;
mod row_text;
mod sniff;
mod sql;
mod told;
mod window;
mod writer;

#[cfg(test)]
mod tests;

pub use batch::{Batch, Cell, RowView};
#[doc(hidden)]
pub use check::{Chunked, check_told, check_total};
pub use encoding::{Encoding, Survey};
pub use error::{BadRow, ReadError, Reason};
pub use format::{Asked, Family, Format, detect};
pub use json_names::json_columns;
pub use layout::Layout;
pub use limits::Limits;
pub use packing::Packing;
pub use reader::Reader;
pub use sniff::Head;
pub use told::{Told, unpacked_name};
pub use writer::{Restored, Writer};
