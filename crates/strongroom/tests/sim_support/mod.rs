//! Simulated histories of a whole vault on the model, and the oracle they are held against.

pub mod acts;
pub mod compare;
pub mod desk;
pub mod oracle;
pub mod seal;
pub mod settle;
pub mod story;
