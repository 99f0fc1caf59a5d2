//! Logging in.

use super::Outer;
use crate::backend::{Form, LoginWays};
use crate::view::form::{Field, Refusal};
use crate::words::Words;
use crate::words::identity::IdentityWords;
use leptos::prelude::*;

#[component]
pub fn Login(words: &'static Words, ways: LoginWays, form: Form) -> impl IntoView {
    let said = IdentityWords::of(words.language);
    let LoginWays { own, provider, to } = ways;
    let between = own && provider.is_some();
    let class = if own { "plain is-wide" } else { "primary" };
    let provider = provider.map(|(name, path)| {
        view! {
            <a class=class href=path>
                {(said.log_in_with)(&name)}
            </a>
        }
    });
    let password = if own {
        view! { <WithPassword words form to /> }.into_any()
    } else {
        view! { <Refusal form words /> }.into_any()
    };
    view! {
        <Outer words title=words.page.log_in>
            {password}
            {between.then(|| view! { <p class="or">{said.or}</p> })}
            {provider}
            {own
                .then(|| {
                    view! { <p class="aside">{words.page.no_account_yet} " " <a href="/register">{words.page.register}</a></p> }
                })}
        </Outer>
    }
}

#[component]
fn WithPassword(words: &'static Words, form: Form, to: Option<String>) -> impl IntoView {
    view! {
        <form class="form" method="post" action="/login">
            <Refusal form=form.clone() words />
            {to.map(|to| view! { <input type="hidden" name="to" value=to /> })}
            <Field form=form.clone() words name="handle" label=words.page.handle autocomplete="username" />
            <Field
                form
                words
                name="password"
                label=words.page.password
                kind="password"
                autocomplete="current-password"
            />
            <button class="primary">{words.page.log_in}</button>
        </form>
    }
}
