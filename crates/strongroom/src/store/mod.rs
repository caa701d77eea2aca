//! The store's implementations: one committer and recovery over small ports for files and engine,
//! so that the embedded store and the model with its faults run the very same code.

pub mod disk;
pub mod engine;
pub mod fjall;
pub mod local;
#[doc(hidden)]
pub mod model;
pub mod notes;
pub mod recovery;
pub mod segment;
pub mod slots;
pub mod writer;
