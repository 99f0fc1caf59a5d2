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
        <Outer words title=words.page.register>
            <form class="form" method="post" action="/register">
                <Refusal form=form.clone() words />
                <Field
                    form=form.clone()
                    words
                    name="handle"
                    label=words.page.handle
                    hint=words.page.handle_hint
                    autocomplete="username"
                    min=Handle::MIN
                    max=Handle::MAX
                />
                <Field
                    form=form.clone()
                    words
                    name="display_name"
                    label=words.page.display_name
                    hint=words.page.display_name_hint
                    autocomplete="nickname"
                    max=2 * DisplayName::MAX
                />
                <Field
                    form
                    words
                    name="password"
                    label=words.page.password
                    hint=words.page.password_hint
                    kind="password"
                    autocomplete="new-password"
                    min=Password::MIN
                />
                <button class="primary">{words.page.register}</button>
            </form>
            <p class="aside">{words.page.have_account} " " <a href="/login">{words.page.log_in}</a></p>
        </Outer>
    }
}
