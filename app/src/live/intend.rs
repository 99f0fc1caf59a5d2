//! What a person wants, turned into steps of the engine and errands of the driver.

use super::emoji::EmojiData;
use super::{Live, Notice};
use crate::backend::{Errand, Intent};
use leptos::prelude::{GetUntracked, Set, Update};
use protocol::{
    ChangePreferences, ClientId, ConversationId, ErrorCode, MessageBody, Millis, Preferences, Seq, UserId, path,
};
use sync::{Action, Effect, Input, Item, Row, RowKey, Window};

impl Live {
    /// A person sends pictures and files together, which this device keeps under these keys (R002-07).
    pub fn send_together(
        &mut self,
        now: Millis,
        random: u64,
        conversation: ConversationId,
        messages: Vec<(ClientId, MessageBody)>,
    ) -> Vec<Effect> {
        if messages.is_empty() {
            return Vec::new();
        }
        self.send_to(now, random, conversation, Input::SendTogether { conversation, messages })
    }

    /// Who sends sees what they sent.
    fn send_to(&mut self, now: Millis, random: u64, conversation: ConversationId, input: Input) -> Vec<Effect> {
        let open = self.client.open() == Some(conversation);
        if open {
            self.window = Window::default();
        }
        let effects = self.step(now, random, input);
        if open {
            self.model.went.update(|went| *went += 1);
        }
        effects
    }

    /// Turns what a person wants into a step of the engine and work for the driver. `fresh` is a new key, used if the
    /// intent is a message.
    pub fn intend(
        &mut self,
        now: Millis,
        random: u64,
        fresh: ClientId,
        intent: Intent,
    ) -> (Vec<Effect>, Option<Errand>) {
        let mut errand = None;
        let input = match intent {
            Intent::Open(id) => {
                errand = Some(Errand::Visit(path::page(id)));
                Some(Input::Open(id))
            }
            // It closes once the address shows the list.
            Intent::Back => return (Vec::new(), Some(Errand::Back)),
            Intent::Send { conversation, body } => {
                let send = Input::Send { conversation, client_id: fresh, body };
                return (self.send_to(now, random, conversation, send), None);
            }
            Intent::Retry(client_id) => {
                // All that waits is tried again.
                self.told.clear();
                if let Some((conversation, body)) = self.unnamed(client_id) {
                    // Sending empties the draft, which is another text here.
                    let draft = self.client.session(conversation).map(|session| session.draft).unwrap_or_default();
                    let send = Input::Send { conversation, client_id: fresh, body };
                    // In this order nothing is lost where the page ends in between.
                    let mut effects = self.send_to(now, random, conversation, send);
                    effects.extend(self.step(now, random, Input::Typed { conversation, text: draft }));
                    effects.extend(self.step(now, random, Input::Discard(client_id)));
                    return (effects, None);
                }
                // What waits is tried where it stands.
                if let Some(conversation) = self.client.open().filter(|_| !self.client.waits(client_id)) {
                    return (self.send_to(now, random, conversation, Input::Retry(client_id)), None);
                }
                Some(Input::Retry(client_id))
            }
            Intent::Discard(client_id) => Some(Input::Discard(client_id)),
            Intent::LoadOlder(conversation) => {
                let window = self.client.older(conversation, self.window);
                (!self.mount(window)).then_some(Input::LoadOlder(conversation))
            }
            Intent::ShowNewer(conversation) => {
                self.mount(self.client.newer(conversation, self.window));
                None
            }
            Intent::ShowNewest => {
                self.mount(Window::default());
                self.model.went.update(|went| *went += 1);
                None
            }
            Intent::LoadGap { conversation, before } => Some(Input::LoadGap { conversation, before }),
            Intent::LoadOlderSessions => Some(Input::LoadOlderSessions),
            Intent::Seen { conversation, seq } => Some(Input::Seen { conversation, seq }),
            Intent::Watching(watching) => {
                self.watching = watching;
                None
            }
            Intent::Reconnect => Some(Input::Woke),
            Intent::Hover(id) => {
                self.hovered = id;
                self.refresh_order();
                None
            }
            Intent::Early { conversation, text } => {
                let kept = self.client.session(conversation).map(|session| session.draft).unwrap_or_default();
                Some(Input::Typed { conversation, text: continued(&kept, &text) })
            }
            Intent::Draft { conversation, text } => Some(Input::Typed { conversation, text }),
            Intent::Act(action) => Some(Input::Act(action)),
            Intent::MarkRead(conversation) => {
                let seen = self.mark_read(conversation);
                let effects = self.unmark(now, random, conversation);
                let seen = seen.map(|seen| self.step(now, random, seen)).unwrap_or_default();
                return (effects.into_iter().chain(seen).collect(), None);
            }
            Intent::Mute { conversation, wait } => {
                let until = wait.map_or(Preferences::ALWAYS, |wait| self.client.server_time(now) + wait);
                let change = ChangePreferences { muted_until: Some(until), ..ChangePreferences::default() };
                Some(Input::Act(Action::Prefer { conversation, change: Box::new(change) }))
            }
            Intent::Show(shelf) => {
                self.model.shelf.set(shelf);
                self.place_anew();
                None
            }
            Intent::DeleteConversation { conversation, everywhere } => {
                let effects = self.delete_conversation(now, random, conversation, everywhere);
                return (effects, Some(Errand::Leave(conversation)));
            }
            Intent::AskAbout { conversation, seq } => {
                let recallable = self.client.can_recall(conversation, seq, now).then_some(seq);
                self.model.recallable.set(recallable);
                None
            }
            Intent::Copy(key) => {
                errand = self.text(key).map(Errand::Copy);
                None
            }
            Intent::Unread { conversation, naming, before } => {
                self.ask_why(conversation, naming, before);
                errand = Some(Errand::Unread { conversation, naming, before });
                None
            }
            Intent::UnreadAnew => {
                errand = self.ask_why_anew();
                None
            }
            Intent::Readers { conversation, seq } => {
                self.ask_readers(conversation, seq);
                errand = Some(Errand::Readers { conversation, seq });
                None
            }
            Intent::Waiting(conversation) => {
                self.ask_waiting(conversation);
                errand = Some(Errand::Waiting(conversation));
                None
            }
            Intent::AnswerWaiting { conversation, user, accept } => {
                errand = Some(Errand::AnswerWaiting { conversation, user, accept });
                None
            }
            Intent::Jump { conversation, seq } => {
                errand = Some(Errand::Visit(format!("{}#{seq}", path::page(conversation))));
                self.mount(Window::default());
                self.model.jumps.update(|jumps| *jumps += 1);
                Some(Input::Open(conversation))
            }
            Intent::Search(query) => {
                errand = self.search(query);
                None
            }
            Intent::Members { conversation, query } => {
                self.look_for(Some(conversation), &query);
                errand = Some(Errand::Members { conversation, query });
                None
            }
            Intent::Start(user) => {
                self.starting = Some((user, self.client.open()));
                errand = Some(Errand::Start(user));
                None
            }
            Intent::Emoji => {
                errand = self.want_emoji();
                None
            }
            Intent::UsedEmoji(emoji) => {
                self.model.recent_emoji.set(self.recents.used(emoji));
                errand = Some(self.keep_emoji());
                None
            }
            Intent::SkinTone(tone) => {
                self.model.skin_tone.set(tone);
                errand = Some(self.keep_emoji());
                None
            }
            Intent::SetTheme(theme) => {
                self.model.theme.set(theme);
                errand = Some(Errand::KeepTheme(theme));
                None
            }
        };
        (input.map(|input| self.step(now, random, input)).unwrap_or_default(), errand)
    }

    /// The conversation with somebody, for which [`Intent::Start`] asked, is there. Tells whether it is to be opened: not if
    /// whoever asked has gone on to another one, or asked for another meanwhile.
    pub fn goes_on_with(&mut self, user: UserId) -> bool {
        let open = self.client.open();
        self.starting.take_if(|(asked, _)| *asked == user).is_some_and(|(_, before)| before == open)
    }

    /// What a message of the conversation that is shown says, while it says so.
    fn text(&self, key: RowKey) -> Option<String> {
        let row = self.model.open.get_untracked()?.row_now(key)?;
        Some(row.text).filter(|text| !text.is_empty())
    }

    /// The answer to [`Errand::Copy`].
    pub fn copied(&mut self, copied: bool) {
        self.notify(if copied { Notice::Copied } else { Notice::NotCopied });
    }

    /// Reads through the newest message.
    fn mark_read(&self, conversation: ConversationId) -> Option<Input> {
        let seq = self.head(conversation)?;
        Some(Input::Seen { conversation, seq })
    }

    /// Takes the conversation's mark off, if it has one.
    fn unmark(&mut self, now: Millis, random: u64, conversation: ConversationId) -> Vec<Effect> {
        if !self.client.session(conversation).is_some_and(|session| session.marked) {
            return Vec::new();
        }
        let change = ChangePreferences { marked_unread: Some(false), ..ChangePreferences::default() };
        self.step(now, random, Input::Act(Action::Prefer { conversation, change: Box::new(change) }))
    }

    /// Deletes through the newest message, and leaves the conversation if it is open.
    fn delete_conversation(
        &mut self,
        now: Millis,
        random: u64,
        conversation: ConversationId,
        everywhere: bool,
    ) -> Vec<Effect> {
        let Some(through) = self.head(conversation) else { return Vec::new() };
        let open = self.client.open() == Some(conversation);
        let mut effects = if open { self.step(now, random, Input::Close) } else { Vec::new() };
        effects.extend(self.step(now, random, Input::Act(Action::Delete { conversation, through, everywhere })));
        effects
    }

    fn head(&self, conversation: ConversationId) -> Option<Seq> {
        self.client.session(conversation).map(|session| session.head_seq)
    }

    fn want_emoji(&mut self) -> Option<Errand> {
        match self.model.emoji.get_untracked() {
            EmojiData::Absent | EmojiData::Failed => {
                self.model.emoji.set(EmojiData::Loading);
                Some(Errand::FetchEmoji)
            }
            EmojiData::Loading | EmojiData::Loaded(_) => None,
        }
    }

    /// A text that was refused for whom it names, who may have left since they were chosen: the same without them, whom
    /// nothing else names any more either (R002-17).
    fn unnamed(&self, client_id: ClientId) -> Option<(ConversationId, MessageBody)> {
        let conversation = self.client.open()?;
        let mounted = self.client.mounted(conversation, &self.window);
        let (text, mentions) = mounted.items.into_iter().find_map(|item| match item {
            Item::Row(Row { key, refused: Some(why), body: MessageBody::Text { text, mentions }, .. })
                if key.client_id == client_id
                    && !mentions.is_empty()
                    && matches!(why, ErrorCode::InvalidField | ErrorCode::NotAllowed) =>
            {
                Some((text, mentions))
            }
            _ => None,
        })?;
        let refused = |user: &Option<UserId>| user.map_or(mentions.all, |user| mentions.users.contains(&user));
        self.model.named.update(|named| named.retain(|(id, user, _)| *id != conversation || !refused(user)));
        Some((conversation, MessageBody::text(text)))
    }

    fn keep_emoji(&self) -> Errand {
        Errand::KeepEmoji { recent: self.recents.list(), skin_tone: self.model.skin_tone.get_untracked() }
    }

    fn search(&mut self, query: String) -> Option<Errand> {
        let query = query.trim().to_owned();
        self.look_for(None, &query);
        (!query.is_empty()).then_some(Errand::Search(query))
    }
}

/// What was kept of a text, and after it what was typed before that was known: neither is lost.
pub(crate) fn continued(kept: &str, typed: &str) -> String {
    match (kept.is_empty() || typed.starts_with(kept), kept.ends_with(typed)) {
        (true, _) => typed.to_owned(),
        (_, true) => kept.to_owned(),
        _ => format!("{kept}\n{typed}"),
    }
}
