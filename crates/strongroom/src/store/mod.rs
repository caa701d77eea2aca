//! The store's implementations: one committer and recovery over small ports for files and engine,
//! so that the embedded store and the model with its faults run the very same code.

mod applier;
mod dangling;
pub mod disk;
pub mod engine;
pub mod epoch;
mod finish;
pub mod fjall;
pub mod journal;
pub mod local;
mod marks;
#[doc(hidden)]
pub mod model;
pub mod notes;
mod reader;
pub mod rebuild;
pub mod recovery;
pub mod room;
pub mod segment;
mod sequencer;
pub mod slots;
mod snapshot;
pub mod swap;
pub mod writer;
