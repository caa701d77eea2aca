//! `strongroom quickstart`
use super::Global;
use super::output::Answer;
use crate::problem::Problem;
/// Options of `quickstart`.
#[derive(clap::Args)]
pub struct Args {}
/// x
pub fn run(_: &Global, _: &Args) -> Result<Answer, Problem> {
    Err(Problem::internal("x"))
}
