//! What an invitation leads to: choosing how one logs in.

use super::Outer;
use crate::backend::Form;
use crate::view::form::{NewHandle, NewPassword, Refusal};
use crate::words::Words;
use crate::words::company::CompanyWords;
use leptos::either::Either;
use leptos::prelude::*;

#[component]
pub fn Welcome(
    words: &'static Words,
    company: &'static CompanyWords,
    name: Option<String>,
    form: Form,
) -> impl IntoView {
    let inside = match name {
        Some(name) => Either::Left(view! { <Choose words company name form /> }),
        None => Either::Right(view! { <p role="status">{company.ended}</p> }),
    };
    view! {
        <Outer words title=company.welcome>
            {inside}
            <p class="aside">{words.page.have_account} " " <a href="/login">{words.page.log_in}</a></p>
        </Outer>
    }
}

// The form goes back to the page that it stands on, whose address is the invitation.
#[component]
fn Choose(words: &'static Words, company: &'static CompanyWords, name: String, form: Form) -> impl IntoView {
    view! {
        <p dir="auto">
            <strong>{(company.greeting)(&name)}</strong>
        </p>
        <p class="aside">{company.choose}</p>
        <form class="form" method="post">
            <Refusal form=form.clone() words />
            <NewHandle form=form.clone() words />
            <NewPassword form words />
            <button class="primary">{company.come_in}</button>
        </form>
    }
}
