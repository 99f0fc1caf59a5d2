//! Writes a message. A plain form that posts without scripts.

use super::emoji_panel::EmojiPanel;
use super::escape::escape;
use super::icon::Icon;
use super::keys;
use super::mention::{self, MentionList, Mentioning};
use super::picked::Picked;
use crate::backend::{Backend, Form, Intent};
use crate::live::chat::Chat;
use crate::live::{Model, continued};
use crate::preferences::SendKey;
use crate::view::boxed::{hear, tracked};
use crate::words::Words;
use leptos::prelude::*;
use leptos::{ev, html};
use protocol::group::Silence;
use protocol::{ConversationId, ErrorCode, MessageBody, MessageText, path};

/// From this many characters before the limit on, what is left is shown.
const NEAR: usize = 200;

/// The files that can be sent as pictures.
const ACCEPTED: &str = "image/png,image/jpeg,image/webp";

#[component]
pub fn Composer(model: Model, chat: Chat, picked: Picked) -> impl IntoView {
    let words = model.words;
    let writing = Writing::new(model, &chat);
    writing.follow(RwSignal::from(chat.draft), chat.entered);
    let offered = Memo::new(move |_| writing.mentioning.offered());
    let emoji = writing.emoji;
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        writing.send();
    };
    // Leptos escapes nothing within a text area.
    let form = if chat.entered { Form::default() } else { model.form.get_untracked() };
    let kept = escape(form.value("text"));
    let refused = form.error.map(|error| (error.code, error.field));
    let ended = RwSignal::from(chat.ended);
    let session = RwSignal::from(chat.session.clone());
    // What is written meanwhile waits in the field.
    let barred = Memo::new(move |_| {
        let silence = || session.with(|row| row.silence).map(|why| silent(model, why));
        ended.get().map(|why| (words.parted)(why).to_owned()).or_else(silence)
    });
    writing.resume(barred);
    let why = move || barred.get().map(|why| view! { <p class="composer-barred" role="note">{why}</p> });
    view! {
        <div class="composer-place" role="status">
            {tracked(why)}
        </div>
        <div class="composer-forms">
            <form
                class="composer"
                method="post"
                action=path::page(chat.id)
                hidden=tracked(move || picked.picking() || barred.with(Option::is_some))
                on:submit=hear(submit)
            >
                <input type="hidden" name="client_id" value=model.client_id.to_string() />
                <div class="composer-box" data-hint=words.compose>
                    <MentionList mentioning=writing.mentioning />
                    <textarea
                        name="text"
                        id="text"
                        rows="1"
                        required
                        enterkeyhint=match model.send_key { SendKey::Enter => "send", SendKey::CtrlEnter => "enter" }
                        autocomplete="off"
                        dir="auto"
                        aria-label=words.compose
                        aria-describedby="composer-note"
                        aria-autocomplete="list"
                        aria-controls=tracked(move || offered.with(Option::is_some).then_some(mention::LIST))
                        aria-activedescendant=tracked(move || offered.get())
                        placeholder=(words.compose_hint)(model.send_key)
                        node_ref=writing.field
                        on:input=hear(move |_| writing.changed())
                        inner_html=kept
                        on:keydown=hear(move |event| writing.key(&event))
                    />
                    <ChooseButton id="pictures" icon="picture" label=words.choose_pictures accept=ACCEPTED />
                    <ChooseButton id="files" icon="file" label=words.choose_files />
                    <EmojiButton words emoji />
                </div>
                <button class="send" title=words.send aria-label=words.send>
                    <Icon name="send" />
                </button>
                <Note model writing refused />
                {tracked(move || emoji.get().then(|| view! { <EmojiPanel model open=emoji field=writing.field /> }))}
            </form>
            <PlainPictures model conversation=chat.id picked barred />
        </div>
    }
}

/// Why the reader may not write in the group.
fn silent(model: Model, silence: Silence) -> String {
    let words = model.words;
    match silence {
        Silence::Everybody => words.silent_everybody.to_owned(),
        Silence::Reader { until } => (words.silent_until)(&model.clock.get().full(words, until)),
    }
}

/// Chooses what is sent in messages of its own, one or several; the driver hears of it, as of what is pasted and dropped.
#[component]
fn ChooseButton(
    id: &'static str,
    icon: &'static str,
    label: &'static str,
    #[prop(optional)] accept: Option<&'static str>,
) -> impl IntoView {
    view! {
        <label class="icon-button only-live chooses" title=label>
            <Icon name=icon />
            <input type="file" id=id class="unseen" accept=accept multiple aria-label=label />
        </label>
    }
}

/// Sends one picture without scripts.
#[component]
fn PlainPictures(
    model: Model,
    conversation: ConversationId,
    picked: Picked,
    /// Why nobody can write here now.
    barred: Memo<Option<String>>,
) -> impl IntoView {
    let words = model.words;
    view! {
        <form
            class="composer-pictures only-plain"
            method="post"
            enctype="multipart/form-data"
            action=path::page_picture(conversation)
            hidden=tracked(move || picked.picking() || barred.with(Option::is_some))
        >
            <input type="hidden" name="client_id" value=model.client_id.to_string() />
            <input type="file" name="picture" accept=ACCEPTED required aria-label=words.picture />
            <button>{words.upload_picture}</button>
        </form>
    }
}

#[component]
fn EmojiButton(words: &'static Words, emoji: RwSignal<bool>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button only-live"
            id="emoji-button"
            title=words.emoji
            aria-label=words.emoji
            aria-expanded=tracked(move || emoji.get().to_string())
            on:click=hear(move |_| emoji.update(|open| *open = !*open))
        >
            <Icon name="emoji" />
        </button>
    }
}

/// What is left of the limit, what is being prepared, and why the message was refused.
#[component]
fn Note(model: Model, writing: Writing, refused: Option<(ErrorCode, Option<String>)>) -> impl IntoView {
    let words = model.words;
    let left = Memo::new(move |_| MessageText::MAX as i64 - writing.length.get() as i64);
    let note = move || {
        let (left, preparing) = (left.get(), model.preparing.get());
        if left < NEAR as i64 {
            Some((words.characters_left)(left))
        } else if preparing > 0 {
            Some((words.preparing)(preparing))
        } else {
            let why = refused.as_ref().filter(|_| writing.length.get() == 0);
            why.map(|(code, field)| (words.error)(*code, Some(field.as_deref().unwrap_or("text"))).to_owned())
        }
    };
    view! {
        <p class="composer-note" id="composer-note" class:is-over=tracked(move || left.get() < 0) role="status">
            {tracked(note)}
        </p>
    }
}

/// The text being written.
#[derive(Clone, Copy)]
struct Writing {
    id: ConversationId,
    send_key: SendKey,
    backend: Backend,
    field: NodeRef<html::Textarea>,
    mentioning: Mentioning,
    /// In Unicode scalars.
    length: RwSignal<usize>,
    /// The emoji panel is open.
    emoji: RwSignal<bool>,
}

impl Writing {
    fn new(model: Model, chat: &Chat) -> Self {
        let (send_key, backend, field) = (model.send_key, Backend::here(), NodeRef::new());
        let mentioning = Mentioning::new(model, RwSignal::from(chat.session.clone()), field);
        let (length, emoji) = (RwSignal::new(0), RwSignal::new(false));
        Self { id: chat.id, send_key, backend, field, mentioning, length, emoji }
    }

    /// Shows the draft when it is brought back, and what other devices make of it. What is typed here stays while one
    /// types, and so does what was typed before the page was live.
    fn follow(self, draft: RwSignal<String>, entered: bool) {
        let (brought, early) = (StoredValue::new(String::new()), StoredValue::new(String::new()));
        Effect::new(move |shown: Option<()>| {
            let (draft, Some(field)) = (draft.get(), self.field.get()) else { return };
            let mut text = field.value();
            if shown.is_none() && !text.is_empty() && text != draft {
                // Nobody heard it being typed.
                if !draft.is_empty() {
                    text = continued(&draft, &text);
                    field.set_value(&text);
                }
                early.set_value(text.clone());
                self.backend.tell(Intent::Early { conversation: self.id, text: text.clone() });
            }
            // More had been kept than the page knew of then.
            let more = !text.is_empty() && early.with_value(|early| *early == text) && draft.ends_with(&text);
            let untouched = text.is_empty() || brought.with_value(|brought| *brought == text);
            let left = shown.is_some() && !field.matches(":focus").unwrap_or_default();
            if text != draft && (untouched || left || more) {
                field.set_value(&draft);
                brought.set_value(draft);
            }
            self.length.set(field.value().chars().count());
            // On a narrow screen the keyboard would cover what one came to read.
            if entered && shown.is_none() && keys::wide() {
                keys::focus(Some(field));
            }
        });
    }

    /// Who may write again goes on where they were, unless they went somewhere else meanwhile.
    fn resume(self, barred: Memo<Option<String>>) {
        Effect::new(move |before: Option<bool>| {
            let barred = barred.with(Option::is_some);
            let nowhere = || document().active_element().is_none_or(|element| element.tag_name() == "BODY");
            if before == Some(true) && !barred && keys::wide() && nowhere() {
                // The field is shown once this is over.
                request_animation_frame(move || keys::focus(self.field.get_untracked()));
            }
            barred
        });
    }

    fn changed(self) {
        let Some(field) = self.field.get_untracked() else { return };
        let text = field.value();
        self.length.set(text.chars().count());
        self.mentioning.changed();
        self.backend.tell(Intent::Draft { conversation: self.id, text });
    }

    fn key(self, event: &ev::KeyboardEvent) {
        if self.mentioning.key(event) {
            return;
        }
        match keys::key(event).as_deref() {
            Some("Enter") => {}
            Some("Escape") if self.emoji.get_untracked() => return self.emoji.set(false),
            Some("Escape") => return self.backend.tell(Intent::ShowNewest),
            _ => return,
        }
        let sends = match self.send_key {
            SendKey::Enter => keys::plain(event),
            SendKey::CtrlEnter => event.ctrl_key() || event.meta_key(),
        };
        if sends {
            event.prevent_default();
            self.send();
        }
    }

    /// Sends what is written, unless it is blank or too long. The focus stays.
    fn send(self) {
        let Some(field) = self.field.get_untracked() else { return };
        let text = field.value();
        if text.trim().is_empty() {
            return;
        }
        if let Ok(text) = MessageText::try_from(text) {
            field.set_value("");
            self.length.set(0);
            let mentions = self.mentioning.take(text.as_str());
            self.backend.tell(Intent::Send { conversation: self.id, body: MessageBody::Text { text, mentions } });
        }
        keys::focus(Some(field));
    }
}
