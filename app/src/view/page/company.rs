//! The company: its departments as a tree that opens level by level, and the people of the open one. Plain links and forms,
//! without scripts.

use crate::backend::{Branch, Colleague, Company as Content};
use crate::view::avatar::Avatar;
use crate::view::form::{Refusal, SearchBox};
use crate::view::icon::Icon;
use crate::words::Words;
use crate::words::company::CompanyWords;
use leptos::either::Either;
use leptos::prelude::*;
use protocol::{UserId, path};

#[component]
pub fn Company(words: &'static Words, company: &'static CompanyWords, page: Content) -> impl IntoView {
    let Content { tree, department, people, next, paged, query, found, form } = page;
    let content = match found {
        Some(found) => Either::Left(view! { <Found company found /> }),
        None => {
            let name = department.and_then(|id| name_of(&tree, id)).unwrap_or_else(|| company.without.to_owned());
            // At the top stand only those who are in no department, if there are any.
            let shown = department.is_some() || !people.is_empty();
            let inside = shown.then(|| view! { <Inside company department name people next paged /> });
            Either::Right(view! {
                <nav class="tree" aria-label=company.departments>
                    {branches(company, tree, department)}
                </nav>
                {inside}
            })
        }
    };
    view! {
        <main class="page">
            <div class="card">
                <header class="page-head">
                    <a class="icon-button" href="/contacts" title=company.back aria-label=company.back>
                        <Icon name="back" />
                    </a>
                    <h1>{company.company}</h1>
                </header>
                <Refusal form words />
                <form class="find" method="get" action="/company" role="search">
                    <SearchBox words query label=company.search button="primary" max=64 />
                </form>
                {content}
            </div>
        </main>
    }
}

fn name_of(tree: &[Branch], id: i64) -> Option<String> {
    tree.iter().find_map(|branch| match branch.id == id {
        true => Some(branch.name.clone()),
        false => name_of(branch.below.as_deref().unwrap_or_default(), id),
    })
}

/// One level of the tree, and what is opened of those below it.
fn branches(company: &'static CompanyWords, branches: Vec<Branch>, open: Option<i64>) -> Option<AnyView> {
    (!branches.is_empty()).then(|| {
        let items = branches.into_iter().map(|branch| item(company, branch, open)).collect_view();
        view! { <ul role="list">{items}</ul> }.into_any()
    })
}

fn item(company: &'static CompanyWords, branch: Branch, open: Option<i64>) -> impl IntoView {
    let Branch { id, name, people, below } = branch;
    let current = (open == Some(id)).then_some("page");
    view! {
        <li>
            <a
                class="branch"
                href=format!("/company?department={id}")
                aria-current=current
                aria-expanded=if below.is_some() { "true" } else { "false" }
            >
                <Icon name="back" />
                <strong dir="auto">{name}</strong>
                <span>{(company.people)(people)}</span>
            </a>
            {below.and_then(|below| branches(company, below, open))}
        </li>
    }
}

/// The people of the open department.
#[component]
fn Inside(
    company: &'static CompanyWords,
    department: Option<i64>,
    name: String,
    people: Vec<Colleague>,
    next: Option<UserId>,
    paged: bool,
) -> impl IntoView {
    let here = format!("/company?department={}", department.map(|id| id.to_string()).unwrap_or_default());
    let none = people.is_empty();
    let people = people.into_iter().map(|one| person(company, one, false)).collect_view();
    view! {
        <section class="contacts" aria-labelledby="people">
            <h2 id="people" dir="auto">
                {name}
            </h2>
            <ul role="list">{people}</ul>
            {none.then(|| view! { <p class="people-none">{company.nobody}</p> })}
            <nav class="pages">
                {paged.then(|| view! { <a href=here.clone()>{company.from_the_first}</a> })}
                {next.map(|next| view! { <a href=format!("{here}&after={next}")>{company.more}</a> })}
            </nav>
        </section>
    }
}

#[component]
fn Found(company: &'static CompanyWords, found: Vec<Colleague>) -> impl IntoView {
    let none = found.is_empty();
    let people = found.into_iter().map(|one| person(company, one, true)).collect_view();
    view! {
        <section class="contacts" aria-labelledby="people">
            <h2 id="people">{company.found}</h2>
            <ul role="list">{people}</ul>
            {none.then(|| view! { <p class="people-none" role="status">{company.nobody_found}</p> })}
            <p>
                <a href="/company">{company.departments}</a>
            </p>
        </section>
    }
}

/// Somebody, who leads to their card, and can be written to.
fn person(company: &'static CompanyWords, colleague: Colleague, where_from: bool) -> impl IntoView {
    let Colleague { user, title, internal, departments } = colleague;
    let name = user.display_name.to_string();
    let mut line: Vec<String> = title.into_iter().collect();
    if where_from && !departments.is_empty() {
        line.push(departments);
    }
    if !internal {
        line.push(company.external.to_owned());
    }
    let line = if line.is_empty() { format!("@{}", user.handle) } else { line.join(" · ") };
    view! {
        <li class="contact">
            <a class="person" href=path::card(user.id)>
                <Avatar name=name.clone() tint=user.id.get() picture=user.avatar.clone() />
                <span class="person-name">
                    <strong dir="auto">{name.clone()}</strong>
                    <span dir="auto">{line}</span>
                </span>
            </a>
            <form class="contact-acts" method="post" action="/new">
                <button class="plain" name="peer" value=user.id.to_string() aria-label=(company.write_to)(&name)>
                    {company.write}
                </button>
            </form>
        </li>
    }
}
