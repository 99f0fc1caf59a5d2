//! The way to an OpenID Connect provider and back, and which of its people lead into an account.

use super::Outer;
use crate::backend::{Form, LinkedIdentity, Linking, NotNamed};
use crate::words::Words;
use crate::words::identity::IdentityWords;
use leptos::prelude::*;

/// The browser goes on by itself; whoever told it not to follows the link.
#[component]
pub fn ToProvider(words: &'static Words, provider: String, url: String) -> impl IntoView {
    let said = IdentityWords::of(words.language);
    view! {
        <Outer words title=words.page.log_in>
            <p class="aside">{(said.leading_to)(&provider)}</p>
            <p>
                <a class="primary" href=url>
                    {(said.go_on)(&provider)}
                </a>
            </p>
        </Outer>
    }
}

#[component]
pub fn Vain(words: &'static Words, provider: String, why: NotNamed, again: &'static str) -> impl IntoView {
    let said = IdentityWords::of(words.language);
    view! {
        <Outer words title=said.in_vain>
            <p class="refusal" role="alert">
                {(said.why)(why, &provider)}
            </p>
            <p>
                <a class="primary" href=again>
                    {said.again}
                </a>
            </p>
        </Outer>
    }
}

/// The part of the settings that links and unlinks.
#[component]
pub fn Identities(words: &'static Words, linking: Linking, form: Form) -> impl IntoView {
    let said = IdentityWords::of(words.language);
    let Linking { provider, linked, removable } = linking;
    let refused = form.error.filter(|error| error.field.as_deref() == Some("identity")).map(|_| {
        view! {
            <p class="refusal" role="alert">
                {said.last_way}
            </p>
        }
    });
    let none = linked.is_empty();
    let hint = if none { (said.linked_hint)(&provider) } else { said.last_way.to_owned() };
    let item = move |it: LinkedIdentity| view! { <Item said it removable /> };
    view! {
        <section class="identities" aria-labelledby="identities">
            <h2 id="identities">{(said.linked)(&provider)}</h2>
            {refused}
            {(none || !removable).then(|| view! { <p class="field-note">{hint}</p> })}
            <form method="post" action="/settings/identities">
                <ul role="list">{linked.into_iter().map(item).collect_view()}</ul>
                {none
                    .then(|| {
                        view! {
                            <button class="plain is-wide" name="act" value="link">
                                {(said.link)(&provider)}
                            </button>
                        }
                    })}
            </form>
        </section>
    }
}

#[component]
fn Item(said: &'static IdentityWords, it: LinkedIdentity, removable: bool) -> impl IntoView {
    let label = (said.unlink_this)(&it.label);
    view! {
        <li>
            <strong dir="auto">{it.label}</strong>
            {removable
                .then(|| {
                    view! {
                        <button class="danger" name="unlink" value=it.subject aria-label=label>
                            {said.unlink}
                        </button>
                    }
                })}
        </li>
    }
}
