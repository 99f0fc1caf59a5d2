//! Making an account.

use super::Outer;
use crate::backend::Form;
use crate::view::form::{Field, Refusal};
use crate::words::Words;
use leptos::prelude::*;
use protocol::{DisplayName, Handle, Password};

#[component]
pub fn Register(words: &'static Words, form: Form) -> impl IntoView {
    view! {
        <Outer words title=words.register>
            <form class="form" method="post" action="/register">
                <Refusal form=form.clone() words />
                <Field
                    form=form.clone()
                    words
                    name="handle"
                    label=words.handle
                    hint=words.handle_hint
                    autocomplete="username"
                    min=Handle::MIN
                    max=Handle::MAX
                />
                <Field
                    form=form.clone()
                    words
                    name="display_name"
                    label=words.display_name
                    hint=words.display_name_hint
                    autocomplete="nickname"
                    max=2 * DisplayName::MAX
                />
                <Field
                    form
                    words
                    name="password"
                    label=words.password
                    hint=words.password_hint
                    kind="password"
                    autocomplete="new-password"
                    min=Password::MIN
                />
                <button class="primary">{words.register}</button>
            </form>
            <p class="aside">{words.have_account} " " <a href="/login">{words.log_in}</a></p>
        </Outer>
    }
}
