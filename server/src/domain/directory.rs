//! Keeping the directory current, at the word of another program.

use super::profiles;
use crate::error::Refusal;
use crate::import::person;
use crate::state::AppState;
use crate::store::Event;
use crate::store::directory::NewPerson;
use protocol::directory::{
    BATCH, ConflictsPage, DepartmentsPage, ExternalId, Listed, PeoplePage, PutDepartments, PutPeople,
    RemoveDepartments, Results,
};

/// The most Unicode scalars of a search among people.
const QUERY: usize = 64;

pub async fn put_departments(state: &AppState, request: PutDepartments) -> Result<Results, Refusal> {
    at_most("departments", request.departments.len())?;
    Ok(Results { results: state.store.put_departments(request.departments).await? })
}

/// Removes departments. A source that reorganises tells its changes in any order: so what stands below one that goes moves
/// up, rather than out of sight, and one that is not there is no error.
pub async fn remove_departments(state: &AppState, request: RemoveDepartments) -> Result<Results, Refusal> {
    at_most("departments", request.departments.len())?;
    Ok(Results { results: state.store.remove_departments(request.departments).await? })
}

pub async fn departments(state: &AppState, after: &str) -> Result<DepartmentsPage, Refusal> {
    Ok(state.store.departments(after).await?)
}

/// Keeps people. Whoever is not active any more is logged out everywhere at once.
pub async fn put_people(state: &AppState, request: PutPeople) -> Result<Results, Refusal> {
    at_most("people", request.people.len())?;
    let new = |it: protocol::directory::Person| NewPerson { newcomer: person(it.external_id.as_str()), person: it };
    let people = request.people.into_iter().map(new).collect();
    let (store, logins, hub) = (state.store.clone(), state.logins.clone(), state.hub.clone());
    // A task of its own: a caller who hangs up must not leave an old account among the logins.
    let kept = tokio::spawn(async move {
        let kept = store.put_people(people).await?;
        logins.forget(&kept.changed);
        // Who connected after the commit had told the hub may have found their login in memory until now.
        for (account, device) in kept.ended {
            hub.publish(Event::LoginEnded { account, device });
        }
        Ok::<_, Refusal>(kept.results)
    });
    Ok(Results { results: kept.await.map_err(|_| Refusal::internal())?? })
}

/// The people after one, by external id; with a query those whom it means.
pub async fn people(state: &AppState, after: &str, query: &str) -> Result<PeoplePage, Refusal> {
    let query = query.trim();
    if query.chars().count() > QUERY {
        return Err(Refusal::field("query", &format!("must have at most {QUERY} characters")));
    }
    Ok(state.store.people(after, Some(query).filter(|query| !query.is_empty())).await?)
}

pub async fn get(state: &AppState, id: &ExternalId) -> Result<Listed, Refusal> {
    Ok(state.store.listed(id).await?)
}

/// Gives a person a picture.
pub async fn give_avatar(state: &AppState, id: &ExternalId, file: Vec<u8>) -> Result<(), Refusal> {
    let account = state.store.account_of(id).await?;
    let picture = state.pictures.make(file, None).await?;
    let store = state.store.clone();
    state.logins.change(account, async move { store.give_avatar(account, picture).await }).await
}

/// The large picture of a person.
pub async fn avatar(state: &AppState, id: &ExternalId) -> Result<Vec<u8>, Refusal> {
    let account = state.store.account_of(id).await?;
    let hash = state.store.shown_avatar(account).await?.ok_or_else(Refusal::not_found)?;
    profiles::avatar(state, &hash, crate::pictures::LARGE).await
}

/// What gave way when both sides changed a person at once.
pub async fn conflicts(state: &AppState, after: u64) -> Result<ConflictsPage, Refusal> {
    Ok(state.store.conflicts(after).await?)
}

fn at_most(field: &'static str, len: usize) -> Result<(), Refusal> {
    if len > BATCH { Err(Refusal::field(field, &format!("at most {BATCH} at once, has {len}"))) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::tests::quiet;
    use protocol::frame::close;
    use protocol::{Account, DeviceName};

    fn put(active: bool) -> PutPeople {
        let person = serde_json::json!({"external_id": "e1", "version": if active { 1 } else { 2 }, "display_name": "张三",
            "active": active});
        serde_json::from_value(serde_json::json!({ "people": [person] })).unwrap()
    }

    async fn account(state: &AppState) -> Account {
        state.store.account_by_handle(&"e1".try_into().unwrap()).await.unwrap().unwrap().0
    }

    /// R002-01: a connection that began in the instant of a deactivation, after the commit had been told, ends with it.
    #[tokio::test]
    async fn no_connection_outlives_a_deactivation() {
        let folder = tempfile::tempdir().unwrap();
        // Nothing carries commits to the hub: what they tell came before the connection.
        let state = quiet(folder.path()).await;
        put_people(&state, put(true)).await.unwrap();
        let name: DeviceName = "x".try_into().unwrap();
        let (_, token) = state.logins.begin(&account(&state).await, name.clone()).await.unwrap().unwrap();
        let login = state.logins.find(&token.text).await.unwrap().unwrap();
        let mut connected = state.hub.connect(login.account.id, login.device);
        assert!(state.logins.is_current(&login).await.unwrap());

        let late = account(&state).await;
        put_people(&state, put(false)).await.unwrap();
        assert_eq!(connected.cut.try_recv(), Ok(close::REVOKED));
        assert!(!state.logins.is_current(&login).await.unwrap(), "who connects from now on asks the database");
        assert!(state.logins.begin(&late, name).await.unwrap().is_none(), "who was about to log in does not");
    }
}
