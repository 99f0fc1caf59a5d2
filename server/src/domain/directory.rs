//! Keeping the directory current, at the word of another program.

use crate::error::Refusal;
use crate::import::person;
use crate::state::AppState;
use crate::store::directory::NewPerson;
use protocol::directory::{BATCH, PeoplePage, PutDepartments, PutPeople, Results};

/// People on a page at most.
pub const LIMIT: u32 = 500;

pub async fn put_departments(state: &AppState, request: PutDepartments) -> Result<Results, Refusal> {
    at_most("departments", request.departments.len())?;
    Ok(Results { results: state.store.put_departments(request.departments).await? })
}

/// Keeps people. Whoever is not active any more is logged out everywhere at once.
pub async fn put_people(state: &AppState, request: PutPeople) -> Result<Results, Refusal> {
    at_most("people", request.people.len())?;
    let new = |it: protocol::directory::Person| NewPerson { newcomer: person(it.external_id.as_str()), person: it };
    let people = request.people.into_iter().map(new).collect();
    let (store, logins) = (state.store.clone(), state.logins.clone());
    // A task of its own: a caller who hangs up must not leave an old account among the logins.
    let kept = tokio::spawn(async move {
        let (results, changed) = store.put_people(people).await?;
        logins.forget(&changed);
        Ok::<_, Refusal>(results)
    });
    Ok(Results { results: kept.await.map_err(|_| Refusal::internal())?? })
}

pub async fn people(state: &AppState, after: &str, limit: u32) -> Result<PeoplePage, Refusal> {
    Ok(state.store.people(after, limit).await?)
}

fn at_most(field: &'static str, len: usize) -> Result<(), Refusal> {
    if len > BATCH { Err(Refusal::field(field, &format!("at most {BATCH} at once, has {len}"))) } else { Ok(()) }
}
