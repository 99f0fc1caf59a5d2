//! Making an account.

use super::Outer;
use crate::backend::Form;
use crate::view::form::{Field, NewHandle, NewPassword, Refusal};
use crate::words::Words;
use leptos::prelude::*;
use protocol::DisplayName;

#[component]
pub fn Register(words: &'static Words, form: Form) -> impl IntoView {
    view! {
        <Outer words title=words.page.register>
            <form class="form" method="post" action="/register">
                <Refusal form=form.clone() words />
                <NewHandle form=form.clone() words />
                <Field
                    form=form.clone()
                    words
                    name="display_name"
                    label=words.page.display_name
                    hint=words.page.display_name_hint
                    autocomplete="nickname"
                    max=2 * DisplayName::MAX
                />
                <NewPassword form words />
                <button class="primary">{words.page.register}</button>
            </form>
            <p class="aside">{words.page.have_account} " " <a href="/login">{words.page.log_in}</a></p>
        </Outer>
    }
}
