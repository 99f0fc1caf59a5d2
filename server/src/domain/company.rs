//! The company as a tree of departments, for the people who belong to it (R002-01). Nobody else sees anybody of it.

use crate::error::Refusal;
use crate::state::AppState;
use crate::store::company::{Branch, Colleague};
use protocol::UserId;
use std::collections::HashMap;

/// People on a page, and found at most.
pub const LIMIT: u32 = 100;
/// The most Unicode scalars of a search.
const QUERY: usize = 64;

/// What a member of the company looks at.
pub struct Company {
    /// The departments from the top to the open one, each with all its siblings by the id of what is above them.
    pub levels: HashMap<Option<i64>, Vec<Branch>>,
    /// The way from the top to the open one.
    pub way: Vec<i64>,
    /// Of the open department; at the top, those without any.
    pub people: Vec<Colleague>,
    /// There are more people after the last one.
    pub more: bool,
}

/// Opens a department, or the top. Who does not belong to the company is told that there is nothing.
pub async fn open(
    state: &AppState,
    account: UserId,
    department: Option<i64>,
    after: Option<UserId>,
) -> Result<Company, Refusal> {
    belonging(state, account).await?;
    let way = match department {
        Some(department) => state.store.way_to(department).await?,
        None => Vec::new(),
    };
    if department.is_some() && way.is_empty() {
        return Err(Refusal::not_found());
    }
    let mut levels = HashMap::new();
    for above in std::iter::once(None).chain(way.iter().copied().map(Some)) {
        levels.insert(above, state.store.branches(above).await?);
    }
    let mut people = state.store.colleagues(department, after, LIMIT + 1).await?;
    let more = people.len() > LIMIT as usize;
    people.truncate(LIMIT as usize);
    Ok(Company { levels, way, people, more })
}

/// The people of the company whose name, handle, pinyin or initials contain the query.
pub async fn find(state: &AppState, account: UserId, query: &str) -> Result<Vec<Colleague>, Refusal> {
    belonging(state, account).await?;
    let len = query.chars().count();
    if len == 0 || len > QUERY {
        return Err(Refusal::field("query", &format!("must have 1 to {QUERY} characters, has {len}")));
    }
    state.limits.search(account)?;
    Ok(state.store.find_colleagues(query, LIMIT).await?)
}

/// Whether the account may see the company.
pub async fn belongs(state: &AppState, account: UserId) -> Result<bool, Refusal> {
    Ok(state.store.belongs(account).await?)
}

async fn belonging(state: &AppState, account: UserId) -> Result<(), Refusal> {
    if belongs(state, account).await? { Ok(()) } else { Err(Refusal::not_found()) }
}

/// Somebody's title and the names of their departments, as far as the reader may know them.
pub async fn post(state: &AppState, reader: UserId, of: UserId) -> Result<Option<(Option<String>, String)>, Refusal> {
    if !belongs(state, reader).await? {
        return Ok(None);
    }
    let post = state.store.post_of(of).await?;
    Ok(post.map(|(title, departments)| (title.map(String::from), departments)))
}
