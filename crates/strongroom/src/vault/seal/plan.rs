//! What becomes of each column of the input.

use strongroom_core::access::seal::FieldPlan;
use strongroom_core::control::CollectionRow;
use strongroom_core::field::FieldType;
use strongroom_core::schema::{Schema, Treatment, is_held};

use crate::problem::Problem;

/// What becomes of one column.
#[derive(Debug, Clone, Copy)]
pub enum ColumnPlan {
    /// Its values are sealed.
    Seal(FieldPlan),
    /// Its values are sealed as verifiers; the column stays, empty.
    Verify(FieldPlan),
    /// Its values are dropped; the column stays, empty.
    Drop(FieldType),
    /// It stays open.
    Clear {
        /// Whether every cell was held to the reason before.
        held: bool,
    },
    /// It stays open, and its values are sealed as the keys of the records.
    Key {
        /// How they are sealed.
        field: FieldPlan,
        /// Whether every cell was held to the reason before.
        held: bool,
    },
}

impl ColumnPlan {
    /// The field that its values are sealed as.
    pub fn field(&self) -> Option<FieldPlan> {
        match self {
            Self::Seal(field) | Self::Verify(field) | Self::Key { field, .. } => Some(*field),
            Self::Drop(_) | Self::Clear { .. } => None,
        }
    }

    /// Whether its cells stay as they are.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Clear { .. } | Self::Key { .. })
    }
}

/// The plan of every column, in the order of the input.
pub struct Plan {
    /// By column.
    pub columns: Vec<ColumnPlan>,
    /// The column of the key, where rows are known by one.
    pub key: Option<usize>,
}

impl Plan {
    /// Matches the input's columns with the schema and the collection's field numbers.
    pub fn new(
        columns: &[String],
        schema: &Schema,
        collection: &CollectionRow,
    ) -> Result<Self, Problem> {
        let plan = |name: &String| {
            let treatment = schema.column(name).map(|(_, c)| &c.treatment);
            let of = |kind, index| {
                let field = collection.field(name);
                let field = field.ok_or_else(|| Problem::internal("a column has no field number"));
                Ok::<_, Problem>(FieldPlan { number: field?.number, kind, index })
            };
            Ok(match treatment {
                Some(Treatment::Seal { kind, index }) => ColumnPlan::Seal(of(*kind, *index)?),
                Some(Treatment::Verify) => ColumnPlan::Verify(of(FieldType::Password, false)?),
                Some(Treatment::Drop { kind }) => ColumnPlan::Drop(*kind),
                Some(Treatment::Clear { reason }) => ColumnPlan::Clear { held: is_held(reason) },
                Some(Treatment::Key { reason }) => {
                    let field = of(FieldType::Text, true)?;
                    ColumnPlan::Key { field, held: is_held(reason) }
                }
                None => return Err(Problem::internal("a column is not in the schema")),
            })
        };
        let columns = columns.iter().map(plan).collect::<Result<Vec<_>, Problem>>()?;
        let key = columns.iter().position(|plan| matches!(plan, ColumnPlan::Key { .. }));
        Ok(Self { columns, key })
    }
}
