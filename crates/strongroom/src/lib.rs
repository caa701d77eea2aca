//! Strongroom, the product: the use cases, the store, custody, import and the command line.

pub mod ambient;
pub mod backup;
pub mod boundary;
pub mod calls;
pub mod cli;
pub mod custody;
pub mod doctor;
pub mod http;
pub mod import;
pub mod memory;
pub mod problem;
pub mod quickstart;
pub mod store;
pub mod vault;
