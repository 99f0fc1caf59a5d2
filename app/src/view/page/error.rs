//! What a path shows that failed.

use super::Outer;
use crate::words::Words;
use leptos::prelude::*;
use protocol::ErrorCode;

#[component]
pub fn Error(words: &'static Words, code: ErrorCode) -> impl IntoView {
    view! {
        <Outer words title=(words.page.error_title)(code)>
            <p class="aside">{(words.error)(code, None)}</p>
            <p>
                <a class="primary" href="/">
                    {words.page.go_home}
                </a>
            </p>
        </Outer>
    }
}
