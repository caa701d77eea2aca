//! An office: a few tenants with keys and principals, all of it in memory, that asks for acts
//! through the stages of `core` and hands their batches to a store.

use std::sync::Arc;

use strongroom_core::access::admin::{AddTenant, SetSchema};
use strongroom_core::access::reveal::Reveal;
use strongroom_core::access::seal::{FieldPlan, JobRows, Means, Seal, SealCell};
use strongroom_core::access::{Context, KeyRing, Stop, authorize, refuse_credential, system};
use strongroom_core::control::{
    CollectionRow, FieldRow, Registry, collection_key, principal_key, protect,
};
use strongroom_core::field::FieldType;
use strongroom_core::id::{
    CollectionId, FieldNumber, JobId, Name, PrincipalId, RecordNumber, TenantId,
};
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::entry::Form;
use strongroom_core::limits::Limits;
use strongroom_core::policy::Purpose;
use strongroom_core::principal::{
    Arrival, Credential, Kind, Principal, PrincipalRow, Scope, Unauthenticated, authenticate,
};
use strongroom_core::source::Random;
use strongroom_core::store::{Batch, Changes, Store, Table};
use strongroom_core::vault::keys::{ControlKey, SecretKey, TenantKeys};
use strongroom_core::vault::slot::{EpochKey, Slot, SlotAddress, SlotError};
use strongroom_core::vault::token::{Named, write_token};

use super::{INSTALL, commit, epoch_key};

const TENANTS: u8 = 3;
const COLLECTION: CollectionId = CollectionId(7);
const FIELD: FieldPlan = FieldPlan { number: FieldNumber(1), kind: FieldType::Ssn, index: true };

/// The office.
pub struct Office {
    epoch: EpochKey,
    ring: KeyRing,
    keys: Vec<Arc<TenantKeys>>,
    registry: Registry,
    control: ControlKey,
    operator: Principal,
    services: Vec<Principal>,
    random: Arc<dyn Random>,
}

/// A record sealed in the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub record: RecordNumber,
    pub token: String,
    pub value: String,
}

impl Office {
    pub fn new(random: Arc<dyn Random>) -> Self {
        let key = || SecretKey::generate(&*random).unwrap();
        let control = ControlKey::new(&key());
        let (mut ring, mut registry) = (KeyRing::default(), Registry::default());
        let mut keys = Vec::new();
        for n in 0..TENANTS {
            let tenant = tenant(n);
            let of = TenantKeys::new(tenant, &[(1, key())], &[(1, key())], &key(), &key(), &key());
            keys.push(Arc::new(of));
            ring.insert(Arc::clone(keys.last().unwrap()));
            let (key, row) = (collection_key(tenant, COLLECTION), collection(tenant));
            load(&mut registry, &control, &key, &row);
        }
        let operator = principal(200, Kind::Operator, Scope::Install, &control, &*random);
        let service =
            |n| principal(n, Kind::Service, Scope::Tenants(vec![tenant(n)]), &control, &*random);
        let services = (0..TENANTS).map(service).collect();
        Self { epoch: epoch_key(), ring, keys, registry, control, operator, services, random }
    }

    fn context(&self) -> Context<'_> {
        Context { install: INSTALL, epoch: &self.epoch, ring: &self.ring, registry: &self.registry }
    }

    /// An entry in the system log that changes nothing.
    pub fn stranger(&self) -> Batch {
        refuse_credential(Unauthenticated::Unknown, None)
    }

    /// An entry in a tenant's log that changes nothing.
    pub fn refusal(&self, n: u8) -> Batch {
        let request = SetSchema {
            tenant: Some(tenant(n)),
            collection: CollectionId(1),
            digest: strongroom_core::ledger::Hash([7; 32]),
        };
        let Err(denied) = authorize(&self.services[usize::from(n)], request) else {
            panic!("a service may not set a schema")
        };
        *denied.batch
    }

    /// An entry that cannot be encoded: its integer is past what the format holds.
    pub fn unreadable(&self) -> Batch {
        system::heads(&[(log(0), 1 << 60, strongroom_core::ledger::Hash([9; 32]))])
    }

    /// `count` entries of one batch in the system log that change nothing.
    pub fn heads(&self, count: u64) -> Batch {
        let head = |n| (log(0), n, strongroom_core::ledger::Hash([9; 32]));
        system::heads(&(1..=count).map(head).collect::<Vec<_>>())
    }

    /// An act in a tenant's log with any changes at all.
    pub fn change(&self, n: u8, changes: Changes) -> Batch {
        self.seal_stage(n).begin(changes)
    }

    /// An act in the system log with any changes at all.
    pub fn add(&self, changes: Changes) -> Batch {
        let Ok(authorized) = authorize(&self.operator, AddTenant(Some(TenantId([77; 16])))) else {
            panic!("an operator may add tenants")
        };
        authorized.record(changes)
    }

    /// Seals values as records of a tenant.
    pub fn seal(&self, store: &dyn Store, n: u8, values: &[String]) -> (Batch, Vec<Sealed>) {
        self.seal_at(store.reserve(values.len() as u64).unwrap(), n, values)
    }

    /// Seals values as records of a tenant, from a number on that was given out.
    pub fn seal_at(&self, first: RecordNumber, n: u8, values: &[String]) -> (Batch, Vec<Sealed>) {
        let (stage, context) = (self.seal_stage(n), self.context());
        let of = self.registry.collections().find(|c| c.tenant == tenant(n)).unwrap();
        let means = Means {
            install: context.install,
            epoch: context.epoch,
            keys: Arc::clone(stage.keys(context.ring).unwrap()),
            random: &*self.random,
            strength: None,
        };
        let batch = stage.batch(means, of, first, values.len());
        let mut batch = batch.unwrap_or_else(|_| panic!("the keys are loaded"));
        let mut sealed = Vec::new();
        for value in values {
            let cell = SealCell { plan: FIELD, value, literal: false, spelling: None };
            let record = batch.row([cell].into_iter()).unwrap();
            let mut token = String::new();
            let named = Named { record, field: FIELD.number };
            write_token(&self.keys[usize::from(n)], named, &mut token).unwrap();
            sealed.push(Sealed { record, token, value: value.clone() });
        }
        let key = [tenant(n).0.as_slice(), &first.0.to_be_bytes()].concat();
        let job = JobRows { control: &self.control, put: Some((&key, b"{}")), over: &[] };
        (batch.finish(&job).0, sealed)
    }

    /// Seals values and waits for them.
    pub fn seal_now(&self, store: &dyn Store, n: u8, values: &[String]) -> Vec<Sealed> {
        let (batch, sealed) = self.seal(store, n, values);
        commit(store, batch).unwrap();
        sealed
    }

    /// Reveals, or says why not.
    pub fn reveal(
        &self,
        store: &dyn Store,
        n: u8,
        tokens: Vec<String>,
    ) -> Result<Vec<String>, String> {
        let request = Reveal::new(Some(tenant(n)), tokens, Purpose::Payout, Form::Full).unwrap();
        let Ok(authorized) = authorize(&self.services[usize::from(n)], request) else {
            panic!("a service may reveal")
        };
        let stopped = |stop| self.stopped(store, stop);
        let planned = authorized.plan(&self.context(), &mut |record| store.slot(record));
        let (pending, batch) = planned.map_err(stopped)?;
        let committed = commit(store, batch).map_err(|e| e.to_string())?;
        let receipt = pending.receipt(&committed).map_err(stopped)?;
        let opened = receipt.open(&self.context(), &mut |at| store.get(Table::Record, &at.key()));
        let values = opened.map_err(stopped)?.disclose();
        Ok(values.into_iter().map(|d| d.value.to_string()).collect())
    }

    fn stopped(&self, store: &dyn Store, stop: Stop) -> String {
        match stop {
            Stop::Denied(denied) => {
                commit(store, *denied.batch).unwrap();
                denied.refusal.to_string()
            }
            Stop::Tampered { what, batch } => {
                commit(store, *batch).unwrap();
                format!("tampered: {what}")
            }
            Stop::Read(error) => error.to_string(),
            _ => "stopped".to_owned(),
        }
    }

    fn seal_stage(&self, n: u8) -> strongroom_core::access::Authorized<Seal> {
        let request = Seal { tenant: Some(tenant(n)), job: JobId([n; 16]) };
        let authorized = authorize(&self.services[usize::from(n)], request);
        authorized.unwrap_or_else(|_| panic!("a service may seal"))
    }
}

pub fn tenant(n: u8) -> TenantId {
    TenantId([0xa0 + n; 16])
}

pub fn log(n: u8) -> LogId {
    LogId::Tenant(tenant(n).0)
}

/// Values that look like what they are said to be.
pub fn values(from: u64, count: u64) -> Vec<String> {
    (from..from + count)
        .map(|n| format!("{:03}-{:02}-{:04}", 100 + n % 500, 1 + n % 90, 1 + n))
        .collect()
}

/// What the slot of a tenant's record is.
pub fn slot(store: &dyn Store, tenant: TenantId, record: u64) -> Result<Slot, SlotError> {
    slot_in(&epoch_key(), store, tenant, record)
}

/// The same in another epoch.
pub fn slot_in(
    epoch: &EpochKey,
    store: &dyn Store,
    tenant: TenantId,
    record: u64,
) -> Result<Slot, SlotError> {
    let at = SlotAddress { install: INSTALL, tenant, record: RecordNumber(record) };
    epoch.open(at, &store.slot(RecordNumber(record)).unwrap())
}

fn collection(tenant: TenantId) -> CollectionRow {
    let kinds = vec![FieldType::Ssn];
    let field = FieldRow { column: "ssn".to_owned(), number: FIELD.number, kinds, index: false };
    CollectionRow {
        tenant,
        id: COLLECTION,
        name: Name::parse("people").unwrap(),
        version: 1,
        schema: String::new(),
        fields: vec![field],
        key: None,
    }
}

fn principal(
    n: u8,
    kind: Kind,
    scope: Scope,
    control: &ControlKey,
    random: &dyn Random,
) -> Principal {
    let id = PrincipalId([n; 16]);
    let credential = Credential::generate(id, random).unwrap();
    let row = PrincipalRow {
        id,
        name: Name::parse("somebody").unwrap(),
        kind,
        scope,
        epoch: 0,
        revoked: false,
        credential: credential.hash(control),
        former: None,
        limits: Limits::default(),
    };
    let mut registry = Registry::default();
    load(&mut registry, control, &principal_key(id), &row);
    authenticate(&credential, &registry, control, Arrival::local(0, false)).unwrap()
}

/// Puts a row where rows come from: a registry takes authentic ones alone.
fn load(registry: &mut Registry, control: &ControlKey, key: &[u8], row: &impl serde::Serialize) {
    let body = serde_json::to_vec(row).unwrap();
    registry.load(control, key, &protect(control, "control", key, &body)).unwrap();
}
