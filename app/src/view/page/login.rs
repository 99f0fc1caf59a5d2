//! Logging in.

use super::Outer;
use crate::backend::Form;
use crate::view::form::{Field, Refusal};
use crate::words::Words;
use leptos::prelude::*;

#[component]
pub fn Login(words: &'static Words, form: Form) -> impl IntoView {
    view! {
        <Outer words title=words.log_in>
            <form class="form" method="post" action="/login">
                <Refusal form=form.clone() words />
                <Field form=form.clone() words name="handle" label=words.handle autocomplete="username" />
                <Field
                    form
                    words
                    name="password"
                    label=words.password
                    kind="password"
                    autocomplete="current-password"
                />
                <button class="primary">{words.log_in}</button>
            </form>
            <p class="aside">{words.no_account_yet} " " <a href="/register">{words.register}</a></p>
        </Outer>
    }
}
