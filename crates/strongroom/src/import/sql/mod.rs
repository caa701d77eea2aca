//! SQL dumps of PostgreSQL and MySQL: the rows of one table, from `COPY` and from `INSERT`.
//!
//! Each row becomes one of CSV: null is an empty cell, an empty string an empty one in quotes, as
//! PostgreSQL writes CSV itself; a value that is no plain string stays as it is spelled. This
//! module must never run SQL, and never guess what an expression comes to.

mod lex;
mod rows;
mod statement;
mod tables;
mod text;
mod within;

pub(super) use lex::Dialect;
pub(super) use rows::SqlRows;
pub(super) use tables::{Table, find};
