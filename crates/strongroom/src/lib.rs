//! Strongroom, the product: the use cases, the store, custody, import and the command line.

pub mod import;
