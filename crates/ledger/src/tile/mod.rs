//! How a log lies in files: C2SP tlog-tiles.
//!
//! A hash tile holds up to 256 consecutive nodes of one level, an entry bundle up to 256
//! consecutive entries. [`TilePath`] names a file, [`Bundle`] and the two `hashes` functions are
//! its bytes, and [`TileWriter`] turns a stream of leaves into the files. Every reader here is
//! total: any bytes are either the one form or refused.

mod bundle;
mod path;
mod writer;

pub use bundle::{Bundle, BundleError, decode_hashes, encode_hashes};
pub use path::{PathError, TileKind, TilePath};
pub use writer::{TileWriter, WriteError};

/// How many hashes a full tile holds, and how many entries a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// The size of a full hash tile.
pub const HASH_TILE_SIZE_MAX: usize = 32 * TILE_WIDTH as usize;

/// The largest bundle of entries that this format allows: each with its length and at its cap.
pub const BUNDLE_SIZE_MAX: usize = (2 + crate::entry::ENTRY_SIZE_MAX) * TILE_WIDTH as usize;
