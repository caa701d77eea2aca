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
}

/// The plan of every column, in the order of the input.
pub struct Plan {
    /// By column.
    pub columns: Vec<ColumnPlan>,
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
                None => return Err(Problem::internal("a column is not in the schema")),
            })
        };
        Ok(Self { columns: columns.iter().map(plan).collect::<Result<_, Problem>>()? })
    }
}
