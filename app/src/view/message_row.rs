//! One message: its text in a bubble, when it was sent, and how far one's own has come; or the tip that a recalled one
//! leaves.

use super::avatar::Avatar;
use super::file_card::FileCard;
use super::icon::Icon;
use super::insert::insert;
use super::keys;
use super::panel::{Panel, Panels};
use super::photo::Photo;
use super::picked::{Pick, Picked};
use super::read_mark::ReadMarkIcon;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::chat::MessageRow;
use crate::live::tip::Tip as Said;
use crate::view::boxed::{hear, tracked};
use crate::words::time::iso;
use leptos::either::{Either, EitherOf3};
use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlTextAreaElement;
use protocol::{ClientId, ConversationId, ErrorCode, path};
use sync::{Action, ReadMark};

#[component]
pub fn Message(model: Model, conversation: ConversationId, row: RwSignal<MessageRow>) -> impl IntoView {
    let (own, key) = row.with_untracked(|row| (row.own, row.key));
    let picked = Picked::here();
    let seq = Memo::new(move |_| row.with(|row| row.seq));
    let tip = Memo::new(move |_| row.with(|row| row.tip.clone()));
    let pick = move |_| {
        if let Some(seq) = seq.get_untracked().filter(|_| picked.picking_now()) {
            picked.toggle(seq);
        }
    };
    let content = move || match tip.get() {
        Some(said) => Either::Left(view! { <Tip model row said /> }),
        None => Either::Right(view! { <Standing model conversation row /> }),
    };
    view! {
        <article
            class="message"
            class:is-own=own
            class:is-tip=tracked(move || tip.with(Option::is_some))
            class:is-naming=tracked(move || row.with(|row| row.naming))
            class:is-first=tracked(move || row.with(|row| row.first))
            class:is-last=tracked(move || row.with(|row| row.last))
            class:is-picked=tracked(move || seq.get().is_some_and(|seq| picked.has(seq)))
            id=tracked(move || seq.get().map(|seq| seq.to_string()))
            data-seq=tracked(move || seq.get().map(|seq| seq.to_string()))
            data-key=key.to_string()
            tabindex="-1"
            on:click=hear(pick)
        >
            <Pick model seq />
            {tracked(content)}
        </article>
    }
}

/// What the server says: what stands in a recalled message's place, or how the group changed. The sender of a recalled
/// message may write it again for a while.
#[component]
fn Tip(model: Model, row: RwSignal<MessageRow>, said: Said) -> impl IntoView {
    let words = model.words;
    let former = Memo::new(move |_| row.with(|row| row.former.clone()));
    let again = move || {
        former.get().map(|text| {
            let write = move |_| {
                let field = document().get_element_by_id("text").and_then(|field| field.dyn_into().ok());
                if let Some(field) = field {
                    let field: HtmlTextAreaElement = field;
                    insert(&field, &text);
                    keys::focus(Some(field));
                }
            };
            view! {
                <button type="button" class="tip-again" on:click=hear(write)>
                    {words.edit_again}
                </button>
            }
        })
    };
    view! { <p class="tip">{(words.tip)(&said)} {tracked(again)}</p> }
}

#[component]
fn Standing(model: Model, conversation: ConversationId, row: RwSignal<MessageRow>) -> impl IntoView {
    let (own, key) = row.with_untracked(|row| (row.own, row.key));
    let picture = Memo::new(move |_| row.with(|row| row.picture));
    let file = Memo::new(move |_| row.with(|row| row.file.clone()));
    let failed = Memo::new(move |_| row.with(|row| (row.mark == Some(ReadMark::Failed), row.expired, row.refused)));
    view! {
        {(!own).then(|| view! { <Sender row /> })}
        <div class="bubble" class:is-photo=tracked(move || picture.with(Option::is_some))>
            <Author model row />
            {tracked(move || match (picture.get(), file.get()) {
                (Some(picture), _) => EitherOf3::A(view! { <Photo model row picture /> }),
                (None, Some(file)) => EitherOf3::B(view! { <FileCard model row file /> }),
                (None, None) => EitherOf3::C(view! { <Text row /> }),
            })}
            <Meta model conversation row />
            <button
                type="button"
                class="icon-button message-more only-live"
                tabindex="-1"
                title=model.words.message_menu
                aria-label=model.words.message_menu
                aria-haspopup="menu"
            >
                <Icon name="more" />
            </button>
        </div>
        {tracked(move || {
            let (failed, expired, refused) = failed.get();
            (failed || expired).then(|| view! { <Failed model client_id=key.client_id expired refused /> })
        })}
    }
}

#[component]
fn Text(row: RwSignal<MessageRow>) -> impl IntoView {
    view! {
        <span class="text" dir="auto">
            {tracked(move || row.with(|row| row.text.clone()))}
        </span>
    }
}

/// The sender's picture, at the last message of a group: the way to what they tell of themselves, unless messages are being
/// picked. It is no stop of the keyboard, which would have as many as there are messages; the members' page has the same.
#[component]
fn Sender(row: RwSignal<MessageRow>) -> impl IntoView {
    let picked = Picked::here();
    let stay = move |event: ev::MouseEvent| {
        if picked.picking_now() {
            event.prevent_default();
        }
    };
    let shown = Memo::new(move |_| row.with(|row| row.last.then(|| (row.author.clone(), row.avatar.clone()))));
    tracked(move || {
        let sender = row.with_untracked(|row| row.sender);
        shown.get().map(|(name, picture)| {
            let label = name.clone();
            view! {
                <a class="sender" href=path::card(sender) tabindex="-1" aria-label=label on:click=hear(stay)>
                    <Avatar name tint=sender.get() picture small=true />
                </a>
            }
        })
    })
}

/// The sender's name: seen in groups, and always there for a screen reader where a group of messages begins.
#[component]
fn Author(model: Model, row: RwSignal<MessageRow>) -> impl IntoView {
    let named = Memo::new(move |_| row.with(|row| row.first.then(|| (row.author.clone(), row.own, row.named))));
    tracked(move || {
        named.get().map(|(author, own, seen)| {
            let name = if own { model.words.me.to_owned() } else { author };
            let class = if seen { "author" } else { "author unseen" };
            view! {
                <strong class=class dir="auto">
                    {name}
                </strong>
            }
        })
    })
}

#[component]
fn Meta(model: Model, conversation: ConversationId, row: RwSignal<MessageRow>) -> impl IntoView {
    let at = Memo::new(move |_| row.with(|row| row.at));
    let time = move || model.clock.get().time(at.get());
    let full = move || model.clock.get().full(model.words, at.get());
    let mark = Memo::new(move |_| row.with(|row| row.mark));
    let client_id = row.with_untracked(|row| row.key.client_id);
    view! {
        <span class="meta">
            <ReadersCount model conversation row />
            <time datetime=tracked(move || iso(at.get())) title=tracked(full)>
                {tracked(time)}
            </time>
            {tracked(move || mark.get().map(|mark| view! { <ReadMarkIcon words=model.words mark /> }))}
            {tracked(move || (mark.get() == Some(ReadMark::Waiting)).then(|| view! { <Again model client_id /> }))}
        </span>
    }
}

/// Tries what waits for the network at once (R004-A1).
#[component]
fn Again(model: Model, client_id: ClientId) -> impl IntoView {
    let backend = Backend::here();
    // The button goes with what it is about.
    let retry = move |_| {
        keys::stay_in_log();
        backend.tell(Intent::Retry(client_id));
    };
    view! {
        <button type="button" class="again" tabindex="-1" on:click=hear(retry)>
            {model.words.retry}
        </button>
    }
}

/// How many have read one's own message in a group; opens the list of them (R000-20).
#[component]
fn ReadersCount(model: Model, conversation: ConversationId, row: RwSignal<MessageRow>) -> impl IntoView {
    let backend = Backend::here();
    let panels = Panels::here();
    let count = Memo::new(move |_| row.with(|row| row.seq.zip(row.readers.filter(|&count| count > 0))));
    tracked(move || {
        count.get().map(|(seq, count)| {
            let open = move |_| {
                backend.tell(Intent::Readers { conversation, seq });
                panels.open(Panel::Readers);
            };
            view! {
                <button type="button" class="readers" tabindex="-1" aria-haspopup="dialog" on:click=hear(open)>
                    {(model.words.read_by)(count)}
                </button>
            }
        })
    })
}

/// What a person can do about a message that was not sent.
#[component]
fn Failed(model: Model, client_id: ClientId, expired: bool, refused: Option<ErrorCode>) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let (retry, discard) = if expired { (words.send_anyway, words.give_up) } else { (words.retry, words.discard) };
    // The buttons go with what they are about.
    let act = move |intent: Intent| {
        keys::stay_in_log();
        backend.tell(intent);
    };
    view! {
        <div class="failed">
            {expired.then_some(view! { <p class="failed-why">{words.expired}</p> })}
            {refused.map(|code| view! { <Refused model client_id code /> })}
            <button type="button" class="failed-retry" on:click=hear(move |_| act(Intent::Retry(client_id)))>
                <Icon name="failed" />
                {retry}
            </button>
            <button
                type="button"
                class="icon-button"
                title=discard
                aria-label=discard
                on:click=hear(move |_| act(Intent::Discard(client_id)))
            >
                <Icon name="close" />
            </button>
        </div>
    }
}

/// Why the receiver did not let a message in, and what one can do about it (R004-I1, R004-I2).
#[component]
fn Refused(model: Model, client_id: ClientId, code: ErrorCode) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let peer = move || model.open.with_untracked(|chat| chat.as_ref()?.session.with_untracked(|row| row.peer));
    let follow = move |_| {
        if let Some(user) = peer() {
            keys::stay_in_log();
            backend.tell(Intent::Act(Action::Follow { user, follow: true, retry: Some(client_id) }));
        }
    };
    let button = (code == ErrorCode::FollowersOnly).then(|| {
        view! {
            <button type="button" class="failed-follow only-live" on:click=hear(follow)>
                {words.follow_them}
            </button>
        }
    });
    // Whoever is followed may write, and a friend is followed.
    let befriend = peer().filter(|_| code == ErrorCode::NotFollowed).map(|user| {
        view! {
            <a class="failed-follow" href=path::card(user)>
                {words.befriend_them}
            </a>
        }
    });
    (words.refused)(code).map(|why| view! { <p class="failed-why" role="note">{why} {button}</p> {befriend} })
}
