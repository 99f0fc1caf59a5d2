//! What a person wants, turned into steps of the engine and errands of the driver.

use super::emoji::EmojiData;
use super::{Live, People};
use crate::backend::{Errand, Intent};
use leptos::prelude::{GetUntracked, Set};
use protocol::{ClientId, Millis, path};
use sync::{Effect, Input, Window};

impl Live {
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
            Intent::Back => {
                errand = Some(Errand::Visit("/".to_owned()));
                Some(Input::Close)
            }
            Intent::Send { conversation, body } => {
                self.drafts.remove(&conversation);
                self.window = Window::default();
                errand = Some(Errand::KeepDraft { conversation, text: String::new() });
                Some(Input::Send { conversation, client_id: fresh, body })
            }
            Intent::Retry(client_id) => {
                self.told.remove(&client_id);
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
                None
            }
            Intent::LoadGap { conversation, before } => Some(Input::LoadGap { conversation, before }),
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
            Intent::Draft { conversation, text } => {
                self.set_draft(conversation, text.clone());
                errand = Some(Errand::KeepDraft { conversation, text });
                None
            }
            Intent::Search(query) => {
                errand = self.search(query);
                None
            }
            Intent::Start(user) => {
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

    fn want_emoji(&mut self) -> Option<Errand> {
        match self.model.emoji.get_untracked() {
            EmojiData::Absent | EmojiData::Failed => {
                self.model.emoji.set(EmojiData::Loading);
                Some(Errand::FetchEmoji)
            }
            EmojiData::Loading | EmojiData::Loaded(_) => None,
        }
    }

    fn keep_emoji(&self) -> Errand {
        Errand::KeepEmoji { recent: self.recents.list(), skin_tone: self.model.skin_tone.get_untracked() }
    }

    fn search(&mut self, query: String) -> Option<Errand> {
        let query = query.trim().to_owned();
        self.model.people.set(People { query: query.clone(), found: None });
        (!query.is_empty()).then_some(Errand::Search(query))
    }
}
