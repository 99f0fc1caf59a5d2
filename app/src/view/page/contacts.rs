//! Everybody whom one has to do with, and what one can do about each: plain forms, without scripts.

use super::Inner;
use super::acts::{Acts, Answers};
use crate::backend::{Contacts as Content, Form};
use crate::live::picture::Digest;
use crate::view::avatar::Avatar;
use crate::view::form::{Refusal, SearchBox};
use crate::view::icon::Icon;
use crate::words::Words;
use crate::words::company::CompanyWords;
use crate::words::people::PeopleWords;
use leptos::prelude::*;
use protocol::{Contact, Conversation, FriendRequest, Relation, Upd, User, path};

/// The words of a page, in both parts.
#[derive(Clone, Copy)]
struct Both {
    words: &'static Words,
    people: &'static PeopleWords,
}

#[component]
pub fn Contacts(words: &'static Words, content: Content, form: Form) -> impl IntoView {
    let both = Both { words, people: PeopleWords::of(words.language) };
    let people = both.people;
    let Content { query, company, incoming, outgoing, recent, strangers, book, fans, blocked, others } = content;
    let empty = [recent.len(), strangers.len(), book.len(), fans.len(), blocked.len(), others.len()] == [0; 6];
    let letters = book.into_iter().map(|(letter, contacts)| {
        view! {
            <h3 class="letter">{letter.to_string()}</h3>
            <ul role="list">{contacts.into_iter().map(|contact| person(both, contact)).collect_view()}</ul>
        }
    });
    let letters = letters.collect::<Vec<_>>();
    view! {
        <Inner words title=words.contacts>
            <Refusal form words />
            <form class="find" method="get" action="/contacts" role="search">
                <SearchBox words query label=people.search button="primary" max=64 />
            </form>
            {company.then(|| view! { <Ways said=CompanyWords::of(words.language) /> })}
            {section("requests", people.requests, requests(both, incoming, outgoing))}
            {section("strangers", words.strangers, conversations(both, strangers))}
            {section("recent", people.recent, conversations(both, recent))}
            {section("book", people.book, letters)}
            {section("fans", people.fans, contacts(both, fans))}
            {section("others", people.others, contacts(both, others.into_iter().map(unknown).collect()))}
            {section("blocked", people.blocked, contacts(both, blocked))}
            {empty.then(|| view! { <p class="people-none" role="status">{people.nobody}</p> })}
        </Inner>
    }
}

/// The way to the company's departments.
#[component]
fn Ways(said: &'static CompanyWords) -> impl IntoView {
    view! {
        <p>
            <a class="company-way" href="/company">
                <Icon name="people" />
                {said.company}
            </a>
        </p>
    }
}

/// One with whom nothing has been.
fn unknown(user: User) -> Contact {
    Contact { user, relation: Relation::NONE, upd: Upd::ZERO }
}

/// A part of the page; none when nothing is in it.
fn section(id: &'static str, title: &'static str, parts: Vec<impl IntoView + 'static>) -> Option<impl IntoView> {
    (!parts.is_empty()).then(|| {
        view! {
            <section class="contacts" id=id aria-label=title>
                <h2>{title}</h2>
                {parts}
            </section>
        }
    })
}

fn contacts(both: Both, contacts: Vec<Contact>) -> Vec<impl IntoView> {
    let list = (!contacts.is_empty()).then(|| {
        view! { <ul role="list">{contacts.into_iter().map(|contact| person(both, contact)).collect_view()}</ul> }
    });
    list.into_iter().collect()
}

fn requests(both: Both, incoming: Vec<FriendRequest>, outgoing: Vec<FriendRequest>) -> Vec<impl IntoView> {
    let all: Vec<FriendRequest> = incoming.into_iter().chain(outgoing).collect();
    let list = (!all.is_empty())
        .then(|| view! { <ul role="list">{all.into_iter().map(|one| request(both, one)).collect_view()}</ul> });
    list.into_iter().collect()
}

fn request(both: Both, request: FriendRequest) -> impl IntoView {
    let people = both.people;
    let about = if request.incoming { people.asks } else { people.asked };
    let greeting = request.greeting.clone().map(|greeting| view! { <q dir="auto">{greeting.as_str().to_owned()}</q> });
    view! {
        <li class="contact">
            {face(&request.user, Some(about), greeting)}
            <Answers people request />
        </li>
    }
}

fn conversations(both: Both, conversations: Vec<Conversation>) -> Vec<impl IntoView> {
    let list = (!conversations.is_empty()).then(|| {
        let row = |conversation: Conversation| row(both, conversation);
        view! { <ul role="list">{conversations.into_iter().map(row).collect_view()}</ul> }
    });
    list.into_iter().collect()
}

/// A conversation, which leads to its messages.
fn row(both: Both, conversation: Conversation) -> impl IntoView {
    let words = both.words;
    let peer = conversation.peer;
    let name = conversation.title.or_else(|| peer.as_ref().map(|peer| peer.display_name.to_string()));
    let name = name.unwrap_or_else(|| words.myself.to_owned());
    let picture = match &conversation.group {
        Some(group) => group.avatar.clone(),
        None => peer.as_ref().and_then(|peer| peer.avatar.clone()),
    };
    let tint = peer.as_ref().map_or(conversation.id.get(), |peer| peer.id.get());
    // Between two people what is not the other's is one's own.
    let own = |sender| conversation.group.is_none() && peer.as_ref().is_none_or(|peer| peer.id != sender);
    let digest = conversation.last.as_ref().map(|last| Digest::of(&last.body, own(last.sender)));
    let digest = digest.map(|digest| digest.said(words).into_owned()).unwrap_or_default();
    view! {
        <li class="contact">
            <a class="person" href=path::page(conversation.id)>
                <Avatar name=name.clone() tint picture />
                <span class="person-name">
                    <strong dir="auto">{name}</strong>
                    <span dir="auto">{digest}</span>
                </span>
            </a>
        </li>
    }
}

fn person(both: Both, contact: Contact) -> impl IntoView {
    let Both { words, people } = both;
    let Contact { user, relation, .. } = contact;
    let id = user.id.to_string();
    let label = (people.more)(user.display_name.as_str());
    view! {
        <li class="contact">
            {face(&user, (words.relation)(relation), None::<()>)}
            <form class="contact-acts" method="post" action="/new">
                <button class="plain" name="peer" value=id>
                    {people.write}
                </button>
            </form>
            <details class="contact-more">
                <summary class="icon-button" title=label.clone() aria-label=label>
                    <Icon name="more" />
                </summary>
                <Acts words user relation request=None />
            </details>
        </li>
    }
}

/// Somebody, and the way to what they tell of themselves.
fn face<M: IntoView>(user: &User, about: Option<&'static str>, more: M) -> impl IntoView + use<M> {
    let name = user.display_name.to_string();
    let handle = format!("@{}", user.handle);
    let line = about.map_or_else(|| handle.clone(), |about| format!("{handle} · {about}"));
    view! {
        <a class="person" href=path::card(user.id)>
            <Avatar name=name.clone() tint=user.id.get() picture=user.avatar.clone() />
            <span class="person-name">
                <strong dir="auto">{name}</strong>
                <span>{line}</span>
                {more}
            </span>
        </a>
    }
}
