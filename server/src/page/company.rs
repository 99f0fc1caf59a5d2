//! The company as a tree of departments, opened level by level; plain links, which need no script.

use super::Browser;
use crate::api::extract::Query;
use crate::auth::CurrentUser;
use crate::domain::company::{self, Company};
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::company::{Branch, Colleague};
use app::backend::{self, Page};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use protocol::UserId;
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize)]
pub struct Place {
    #[serde(default)]
    department: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    query: String,
}

/// `GET /company?department=&after=&query=`
pub async fn show(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Query(place): Query<Place>,
) -> Result<Response, Refusal> {
    let account = user.account.id;
    let department = match place.department.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| Refusal::not_found())?),
    };
    let after: Option<UserId> = place.after.parse().ok();
    let Company { mut levels, way, people, more } = company::open(&state, account, department, after).await?;
    let query = place.query.trim().to_owned();
    let mut page = backend::Company {
        tree: tree(&mut levels, &way, None),
        department,
        next: people.last().filter(|_| more).map(|last| last.user.id),
        paged: after.is_some(),
        people: people.into_iter().map(colleague).collect(),
        query,
        found: None,
        form: backend::Form::default(),
    };
    if page.query.is_empty() {
        return Ok(browser.show(StatusCode::OK, Page::Company(Box::new(page))));
    }
    match company::find(&state, account, &page.query).await {
        Ok(found) => {
            page.found = Some(found.into_iter().map(colleague).collect());
            Ok(browser.show(StatusCode::OK, Page::Company(Box::new(page))))
        }
        Err(refusal) => Ok(browser.show_again(&refusal.without_field(), vec![], |form| {
            page.form = form;
            Page::Company(Box::new(page))
        })),
    }
}

/// The departments below one; of those on the way, what is below them too.
fn tree(levels: &mut HashMap<Option<i64>, Vec<Branch>>, way: &[i64], above: Option<i64>) -> Vec<backend::Branch> {
    let branches = levels.remove(&above).unwrap_or_default();
    let branch = |Branch { id, name, people }| {
        let below = way.contains(&id).then(|| tree(levels, way, Some(id)));
        backend::Branch { id, name, people, below }
    };
    branches.into_iter().map(branch).collect()
}

fn colleague(Colleague { user, title, internal, departments }: Colleague) -> backend::Colleague {
    backend::Colleague { user, title: title.map(String::from), internal, departments }
}
