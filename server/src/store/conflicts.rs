//! What becomes of a person whom both the source and they themselves changed (R002-02).
//!
//! The last writer of the name by the source's version wins. A change made here is one version further than the last one
//! known; at the same version the source is right, so that both sides end with the same. What gave way is kept for those who
//! run the directory. A picture contradicts nothing that the source tells: it counts the version on, and decides nothing.

use super::directory::PAGE;
use super::positions::{from_json, json};
use super::writer::Tx;
use super::{Store, StoreError, parse};
use protocol::DisplayName;
use protocol::directory::{Author, Claim, Conflict, ConflictsPage, Person};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

const PUT: &str = "insert into conflict (external_id, at, kept, lost) values ($1, $2, $3, $4) returning id";
// The newest are kept.
const TRIM: &str = "delete from conflict where id <= $1 - 10000";
const LIST: &str = "select id, external_id, at, kept, lost from conflict where id > $1 order by id limit $2";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[PUT, TRIM, LIST];

/// What is known of a person when the source tells of them.
pub(super) struct Known {
    /// The latest version that the source told.
    pub told: u64,
    /// The version at which the name was changed here last, if the source has told no later one.
    pub own: Option<u64>,
    pub display_name: DisplayName,
    /// The source has not heard of a name that was chosen here.
    pub untold: bool,
}

/// Whose word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The source has told this, or something later, before.
    Told,
    Source {
        conflict: bool,
    },
    /// What was changed here stays; what only the source knows is taken.
    Own {
        conflict: bool,
    },
}

impl Known {
    pub fn weigh(&self, person: &Person) -> Verdict {
        let differs = self.own.is_some() && self.display_name != person.display_name;
        match person.version {
            version if version <= self.told => Verdict::Told,
            version if self.own.is_some_and(|own| version < own) => Verdict::Own { conflict: differs },
            version if self.own == Some(version) => Verdict::Source { conflict: differs },
            // Whoever was told of the change and then tells another name has changed their mind.
            _ => Verdict::Source { conflict: differs && self.untold },
        }
    }
}

/// Keeps a conflict, in which the source's word stays or gives way.
pub(super) async fn keep(tx: &mut Tx<'_>, known: Known, person: &Person, source: bool) -> Result<(), StoreError> {
    let theirs = Claim { by: Author::Source, version: person.version, display_name: person.display_name.clone() };
    let own = Claim { by: Author::Person, version: known.own.unwrap_or_default(), display_name: known.display_name };
    let (kept, lost) = if source { (theirs, own) } else { (own, theirs) };
    let id: i64 = sqlx::query_scalar(PUT)
        .bind(person.external_id.as_str())
        .bind(super::now().cast_signed())
        .bind(json(&kept)?)
        .bind(json(&lost)?)
        .fetch_one(&mut *tx.conn)
        .await?;
    sqlx::query(TRIM).bind(id).execute(&mut *tx.conn).await?;
    Ok(())
}

impl Store {
    /// A page of the conflicts, the oldest first.
    pub async fn conflicts(&self, after: u64) -> Result<ConflictsPage, StoreError> {
        let rows = sqlx::query(LIST).bind(after.cast_signed()).bind(PAGE).fetch_all(&self.reader).await?;
        let conflicts: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(ConflictsPage { more: conflicts.len() as u64 == u64::from(PAGE), conflicts })
    }
}

fn read(row: &SqliteRow) -> Result<Conflict, StoreError> {
    Ok(Conflict {
        id: row.try_get::<i64, _>(0)?.unsigned_abs(),
        external_id: parse(row.try_get::<String, _>(1)?)?,
        at: row.try_get::<i64, _>(2)?.unsigned_abs(),
        kept: from_json(row.try_get(3)?)?,
        lost: from_json(row.try_get(4)?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R002-02: the last writer by the source's version wins, and what neither knew of the other is a conflict.
    #[test]
    fn the_later_version_wins() {
        use Verdict::{Own, Source, Told};
        let weigh = |own: bool, untold, version, name: &str| {
            let own = own.then_some(7);
            let known = Known { told: 5, own, display_name: "小张".try_into().unwrap(), untold };
            let person = serde_json::json!({"external_id": "e", "version": version, "display_name": name});
            known.weigh(&serde_json::from_value(person).unwrap())
        };
        assert_eq!(weigh(false, false, 5, "张三"), Told);
        assert_eq!(weigh(false, false, 6, "张三"), Source { conflict: false });
        for untold in [false, true] {
            assert_eq!(weigh(true, untold, 5, "张三"), Told);
            assert_eq!(weigh(true, untold, 6, "张三"), Own { conflict: true });
            assert_eq!(weigh(true, untold, 6, "小张"), Own { conflict: false });
            assert_eq!(weigh(true, untold, 7, "张三"), Source { conflict: true });
            assert_eq!(weigh(true, untold, 7, "小张"), Source { conflict: false });
            assert_eq!(weigh(true, untold, 8, "张三"), Source { conflict: untold });
        }
    }
}
