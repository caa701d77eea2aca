//! Command lines of the socket's peers, performed where the store is held.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::principal::Principal;

use super::answer::blocking;
use super::{App, COMMANDS_MAX};
use crate::cli::{Forward, Forwarded, Said};
use crate::problem::{Kind, Problem};

/// How often it is looked whether everybody has let go of the store.
const LET_GO_EVERY: Duration = Duration::from_millis(5);

/// Performs one. It goes on when whoever asked has gone: a seal or a rotation is not cut off by a
/// closed terminal.
///
/// # Errors
/// A [`Problem`]: the command's own, or too many at one time.
pub async fn perform(app: Arc<App>, who: Principal, forward: Forward) -> Result<Said, Problem> {
    let forwarded = Forwarded::read(&forward)?;
    let commands = Arc::clone(&app.commands);
    let performed = match forwarded.turns() {
        true => tokio::spawn(async move {
            // All of the room: other commands end first, and requests wait for none of them.
            let _alone = commands.acquire_many_owned(COMMANDS_MAX).await;
            turn(&app, who, forwarded).await
        }),
        false => {
            let Ok(room) = commands.try_acquire_owned() else {
                let detail = "as many commands are at work as the server performs at one time";
                let remedy = "wait until one of them ends";
                return Err(Problem::new(Kind::Unavailable, detail, remedy));
            };
            tokio::spawn(async move {
                let _room = room;
                let (vault, folders) = (app.vault().await?, app.folders.clone());
                blocking(move || forwarded.perform(vault, who, folders)).await
            })
        }
    };
    performed.await.unwrap_or_else(|_| Err(Problem::internal("a command failed")))
}

/// Turns the epoch: requests wait, those under way end, and the store is opened anew.
async fn turn(app: &App, who: Principal, forwarded: Forwarded) -> Result<Said, Problem> {
    let mut place = app.vault.write().await;
    let vault = place.take().ok_or_else(App::is_closed)?;
    while Arc::strong_count(&vault) > 1 {
        tokio::time::sleep(LET_GO_EVERY).await;
    }
    let (folders, seen) = (app.folders.clone(), vault.seen());
    let turned = blocking(move || forwarded.perform(vault, who, folders)).await;
    let open = Arc::clone(&app.open);
    match blocking(move || open()).await {
        Ok(vault) => *place = Some(Arc::new(vault.after(seen))),
        Err(problem) => {
            app.ended.send_replace(Some(problem));
        }
    }
    turned
}
