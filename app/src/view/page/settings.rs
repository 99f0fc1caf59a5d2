//! Language, appearance and keys of this browser, what the account tells others, and the way out.

use super::Inner;
use super::provider::Identities;
use crate::backend::{Form, Linking};
use crate::preferences::{Language, ListOrder, Preferences, SendKey, Theme};
use crate::view::avatar::Avatar;
use crate::view::form::Refusal;
use crate::words::Words;
use crate::words::people::PeopleWords;
use crate::words::profile::ProfileWords;
use leptos::prelude::*;
use protocol::{Account, MessagesFrom};

#[component]
pub fn Settings(
    words: &'static Words,
    preferences: Preferences,
    account: Account,
    linking: Option<Linking>,
    form: Form,
) -> impl IntoView {
    let languages = Language::ALL.map(|one| (one.tag(), Words::name_of(one), one == preferences.language));
    let themes = Theme::ALL.map(|one| (one.name(), (words.page.theme)(one), one == preferences.theme));
    let send_keys = SendKey::ALL.map(|one| (one.name(), (words.page.send_key)(one), one == preferences.send_key));
    let orders = ListOrder::ALL.map(|one| (one.name(), (words.page.list_order)(one), one == preferences.list_order));
    let receipts =
        [true, false].map(|on| (if on { "on" } else { "off" }, (words.page.receipts)(on), on == account.receipts));
    let people = PeopleWords::of(words.language);
    let messages_from =
        MessagesFrom::ALL.map(|one| (one.word(), (people.messages_from)(one), one == account.messages_from));
    let seen = [true, false]
        .map(|on| (if on { "on" } else { "off" }, (words.page.show_last_seen)(on), on == account.show_last_seen));
    let name = account.display_name.to_string();
    view! {
        <Inner words title=words.settings>
            <section class="me" aria-label=words.page.account>
                <Avatar name=name.clone() tint=account.id.get() picture=account.avatar.clone() />
                <span class="person-name">
                    <strong dir="auto">{name}</strong>
                    <span>{format!("@{}", account.handle)}</span>
                </span>
            </section>
            <Refusal form=form.clone() words />
            <form class="form" method="post" action="/settings">
                <Choice name=Preferences::LANGUAGE label=words.page.language_label options=languages.to_vec() />
                <Choice name=Preferences::THEME label=words.page.theme_label options=themes.to_vec() />
                <Choice name=Preferences::SEND_KEY label=words.page.send_key_label options=send_keys.to_vec() />
                <Choice name=Preferences::LIST_ORDER label=words.page.list_order_label options=orders.to_vec() />
                <Choice
                    name="receipts"
                    label=words.page.receipts_label
                    hint=words.page.receipts_hint
                    options=receipts.to_vec()
                />
                <Choice
                    name="messages_from"
                    label=people.messages_from_label
                    hint=people.messages_from_hint
                    options=messages_from.to_vec()
                />
                <Choice
                    name="show_last_seen"
                    label=words.page.show_last_seen_label
                    hint=words.page.show_last_seen_hint
                    options=seen.to_vec()
                />
                <button class="primary">{words.save}</button>
            </form>
            {linking.map(|linking| view! { <Identities words linking form /> })}
            <nav class="ways" aria-label=words.page.account>
                <a href="/settings/profile">{ProfileWords::of(words.language).edit}</a>
                <a href="/devices">{words.page.devices}</a>
                <form method="post" action="/logout">
                    <button class="danger">{words.page.log_out}</button>
                </form>
            </nav>
        </Inner>
    }
}

/// One of several: value, what it is called, and whether it is chosen.
#[component]
fn Choice(
    name: &'static str,
    label: &'static str,
    #[prop(optional)] hint: &'static str,
    options: Vec<(&'static str, &'static str, bool)>,
) -> impl IntoView {
    let note = (!hint.is_empty()).then(|| format!("note-{name}"));
    let described = note.clone();
    let option = |(value, text, chosen)| {
        view! {
            <label class="choice">
                <input type="radio" name=name value=value checked=chosen />
                <span>{text}</span>
            </label>
        }
    };
    view! {
        <fieldset class="choices" aria-describedby=described>
            <legend>{label}</legend>
            {note.map(|note| view! { <p id=note class="field-note">{hint}</p> })}
            {options.into_iter().map(option).collect_view()}
        </fieldset>
    }
}
