//! The state of the install and of the epoch.

use serde_json::Value;
use strongroom_api as api;

use super::{Asked, Perform, time};
use crate::custody::DESTROY;
use crate::problem::Problem;

impl Perform for api::Status {
    fn perform(self, asked: &Asked<'_>) -> Result<api::StatusAnswer, Problem> {
        match asked.vault.status(asked.who)? {
            Value::Object(state) => Ok(api::StatusAnswer(state)),
            _ => Err(Problem::internal("the state is no object")),
        }
    }
}

impl Perform for api::EpochStatus {
    fn perform(self, asked: &Asked<'_>) -> Result<api::Epoch, Problem> {
        let state = asked.vault.epoch(asked.who)?;
        let counted = state.count.turned_us.is_some().then_some(state.count);
        Ok(api::Epoch {
            epoch: state.number,
            destroyed: (state.number > 1).then(|| state.number - 1),
            destroy: DESTROY.to_owned(),
            turned: state.count.turned_us.map(time),
            live: counted.map(|c| c.live),
            erased: counted.map(|c| c.erased),
            shredded: state.count.shredded,
            pending: state.pending,
            due: time(state.due_us),
            overdue: state.due_us <= asked.now_us,
        })
    }
}
