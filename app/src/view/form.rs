//! The parts of the plain forms.

use super::icon::Icon;
use crate::backend::Form;
use crate::words::Words;
use leptos::prelude::*;
use protocol::{Handle, Password};

/// Why a field was refused, if it is to blame.
pub fn wrong(words: &Words, form: &Form, field: &str) -> Option<&'static str> {
    let error = form.error.as_ref().filter(|error| error.field.as_deref() == Some(field))?;
    Some((words.error)(error.code, Some(field)))
}

/// One labelled field, with its hint or its error below.
#[component]
pub fn Field(
    form: Form,
    words: &'static Words,
    name: &'static str,
    label: &'static str,
    #[prop(optional)] hint: &'static str,
    #[prop(default = "text")] kind: &'static str,
    autocomplete: &'static str,
    #[prop(optional)] min: Option<usize>,
    #[prop(optional)] max: Option<usize>,
) -> impl IntoView {
    let error = wrong(words, &form, name);
    let (id, note) = (format!("field-{name}"), format!("note-{name}"));
    let plain = kind == "password" || name == "handle";
    view! {
        <div class="field" class:is-wrong=error.is_some()>
            <label for=id.clone()>{label}</label>
            <input
                id=id
                name=name
                type=kind
                value=form.value(name).to_owned()
                required
                minlength=min.map(|min| min.to_string())
                maxlength=max.map(|max| max.to_string())
                autocomplete=autocomplete
                autocapitalize=plain.then_some("none")
                spellcheck=plain.then_some("false")
                aria-invalid=error.is_some().then_some("true")
                aria-describedby=note.clone()
            />
            <p id=note class="field-note">
                {error.unwrap_or(hint)}
            </p>
        </div>
    }
}

/// The handle of a new account.
#[component]
pub fn NewHandle(form: Form, words: &'static Words) -> impl IntoView {
    let (label, hint) = (words.page.handle, words.page.handle_hint);
    view! { <Field form words name="handle" label hint autocomplete="username" min=Handle::MIN max=Handle::MAX /> }
}

/// A password that is chosen.
#[component]
pub fn NewPassword(form: Form, words: &'static Words) -> impl IntoView {
    let (label, hint) = (words.page.password, words.page.password_hint);
    view! { <Field form words name="password" label hint kind="password" autocomplete="new-password" min=Password::MIN /> }
}

/// A box to search with, and its button: what a form that asks by `query` consists of.
#[component]
pub fn SearchBox(
    words: &'static Words,
    query: String,
    label: &'static str,
    #[prop(optional)] required: bool,
    #[prop(default = "plain")] button: &'static str,
    #[prop(optional)] max: Option<usize>,
) -> impl IntoView {
    view! {
        <label class="search">
            <Icon name="search" />
            <input
                type="search"
                name="query"
                value=query
                required=required
                maxlength=max.map(|max| max.to_string())
                aria-label=label
                placeholder=label
                autocomplete="off"
            />
        </label>
        <button class=button>{words.page.search}</button>
    }
}

/// Why the form was refused, when no field is to blame.
#[component]
pub fn Refusal(form: Form, words: &'static Words) -> impl IntoView {
    let error = form.error.filter(|error| error.field.is_none());
    error.map(|error| {
        view! {
            <p class="refusal" role="alert">
                {(words.error)(error.code, None)}
            </p>
        }
    })
}
