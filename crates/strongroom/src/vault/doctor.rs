//! What only an open install tells the doctor: whether its keys are locked, its clock is behind its
//! ledger, its password verifiers are overdue, and that it is for development.

use strongroom_core::access::admin::ReadDoctor;
use strongroom_core::id::TenantId;
use strongroom_core::principal::Principal;

use super::Vault;
use super::ledger::day;
use crate::custody::KeyFolder;
use crate::doctor::{Finding, Severity};
use crate::problem::Problem;

/// How far the clock may stand before the newest entry: time synchronisation slews.
const BEHIND_US_MAX: u64 = 2_000_000;

impl Vault {
    /// Looks at what protects the install from within. Nothing of a record is read.
    ///
    /// # Errors
    /// A [`Problem`] when refused.
    pub fn doctor(&self, who: &Principal, now_us: u64) -> Result<Vec<Finding>, Problem> {
        self.authorize(who, ReadDoctor)?;
        let mut out = Vec::new();
        if self.development {
            let what =
                "this is a development install: its operator's credential lies with the keys";
            let remedy = "make another with plain `strongroom init` for real people's data";
            out.push(Finding::new(Severity::Medium, what, remedy));
        }
        out.extend(self.open_root()?);
        out.extend(self.unlocked()?);
        out.extend(self.behind(now_us));
        out.extend(self.overdue(now_us)?);
        Ok(out)
    }

    /// A root key in clear.
    fn open_root(&self) -> Result<Option<Finding>, Problem> {
        let Some(folders) = &self.folders else { return Ok(None) };
        if KeyFolder::open(&folders.keys)?.is_under_passphrase()? {
            return Ok(None);
        }
        let what = format!("the root key lies in clear in {}", folders.keys.display());
        let remedy = "whoever copies the folder has the key: `strongroom custody passphrase` puts \
                      it under one, which every start then needs";
        Ok(Some(Finding::new(Severity::Low, what, remedy)))
    }

    /// Keys that can be swapped out.
    fn unlocked(&self) -> Result<Option<Finding>, Problem> {
        let tenants: Vec<TenantId> = self.read().registry.tenants().map(|t| t.id).collect();
        for tenant in tenants {
            self.load_keys(Some(tenant))?;
        }
        let state = self.read();
        let open = state.locked.iter().filter(|(_, lock)| !lock.held()).count();
        let what = format!("the keys of {open} tenants could not be locked in memory");
        let remedy = "raise the limit of locked memory (LimitMEMLOCK, `ulimit -l`)";
        Ok((open > 0).then(|| Finding::new(Severity::Medium, what, remedy)))
    }

    /// A clock that stands before what the ledger says was.
    fn behind(&self, now_us: u64) -> Option<Finding> {
        let newest_us = self.store.extent().newest_us;
        let behind_us = newest_us.saturating_sub(now_us);
        let (now, newest) = (day(now_us), day(newest_us));
        let what = format!("the clock says {now}, and the newest entry of the ledger {newest}");
        let remedy = "set the clock right, or, if it is right now, wait: until it has passed that \
                      time, entries bear the time of the newest one";
        (behind_us > BEHIND_US_MAX).then(|| Finding::new(Severity::High, what, remedy))
    }

    /// Password verifiers in their cheap form.
    fn overdue(&self, now_us: u64) -> Result<Option<Finding>, Problem> {
        let (cheap, until_us) = self.cheap_passwords()?;
        let Some(until_us) = until_us.filter(|_| cheap > 0) else { return Ok(None) };
        let until = day(until_us);
        let (severity, what) = if until_us < now_us {
            (Severity::High, format!("{cheap} passwords are kept in the cheap form since {until}"))
        } else {
            (Severity::Low, format!("{cheap} passwords are kept in the cheap form until {until}"))
        };
        let remedy = "run `strongroom strengthen`, and from cron";
        Ok(Some(Finding::new(severity, what, remedy)))
    }
}
