//! Where a person is in the log: what they reached, what they see, and where the log opens.

use super::scroll::{self, Anchor};
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::chat::Edge;
use crate::view::panel::Panels;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;
use leptos::{ev, html};
use protocol::{ConversationId, Seq};

/// How far back the log looks for the message it is to open at. Beyond that it opens at the newest.
const FAR: u64 = 1000;
/// The same of a message that somebody asked for.
const FAR_NAMED: u64 = 3000;

/// Where a person is in the log.
#[derive(Clone, Copy)]
pub struct Place {
    id: ConversationId,
    edge: RwSignal<Edge>,
    /// Moves when a person goes to a message, which the address names then.
    jumps: RwSignal<u64>,
    /// Moves when a person goes to the newest message, or sends one.
    went: RwSignal<u64>,
    log: NodeRef<html::Div>,
    backend: Backend,
    panels: Panels,
    /// Messages lie below the screen.
    pub below: RwSignal<bool>,
    /// The newest message that was on screen.
    reached: RwSignal<Seq>,
    state: StoredValue<State, LocalStorage>,
}

#[derive(Clone, Default)]
struct State {
    /// A frame was asked for, in which the log will be looked at.
    awaited: bool,
    /// On the way to the first unread message, through pages that are not loaded yet.
    seeking: bool,
    anchor: Option<Anchor>,
    /// The newest message told as seen.
    told: Seq,
    /// How the upper end stood when more was asked for: the oldest message, and whether older ones were held.
    asked: Option<(Option<Seq>, bool)>,
    /// The gap whose messages were asked for last, by the message that follows it.
    filled: Option<Seq>,
}

impl Place {
    pub fn new(model: Model, id: ConversationId, edge: RwSignal<Edge>, log: NodeRef<html::Div>) -> Self {
        Self {
            id,
            edge,
            jumps: model.jumps,
            went: model.went,
            log,
            backend: Backend::here(),
            panels: Panels::here(),
            below: RwSignal::new(false),
            reached: RwSignal::new(Seq::ZERO),
            state: StoredValue::new_local(State { seeking: true, ..State::default() }),
        }
    }

    /// Follows every change of the rows, and of who looks at them. Effects run in the browser only.
    pub fn watch(self) {
        Effect::new(move |before: Option<Edge>| {
            let edge = self.edge.get();
            // The rows are there once all effects have run: before the browser paints, or anybody measures.
            queue_microtask(move || self.settle());
            if before != Some(edge) {
                self.await_frame();
            }
            edge
        });
        Effect::new(move |before: Option<u64>| {
            let jumps = self.jumps.get();
            if before.is_some_and(|before| before != jumps) {
                self.state.update_value(|state| {
                    state.seeking = true;
                    (state.asked, state.filled, state.anchor) = (None, None, None);
                });
                self.await_frame();
            }
            jumps
        });
        Effect::new(move |before: Option<u64>| {
            let went = self.went.get();
            if before.is_some_and(|before| before != went) {
                self.to_newest();
            }
            went
        });
        Effect::new(move |_| {
            self.panels.any();
            self.watch_end();
            self.await_frame();
        });
        Effect::new(move |_| {
            let listeners = [
                window_event_listener(ev::focus, move |_| self.await_frame()),
                window_event_listener(ev::blur, move |_| self.watch_end()),
                window_event_listener(ev::resize, move |_| {
                    self.settle();
                    self.await_frame();
                }),
                window_event_listener_untyped("visibilitychange", move |_| {
                    self.watch_end();
                    self.await_frame();
                }),
            ];
            on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));
        });
    }

    /// How many messages came below what was on screen.
    pub fn missed(self) -> u64 {
        let newest = self.edge.with(|edge| edge.newest).unwrap_or_default();
        newest.get().saturating_sub(self.reached.get().get())
    }

    fn to_newest(self) {
        self.state.update_value(|state| (state.seeking, state.anchor) = (false, None));
        if let Some(log) = self.log.get_untracked() {
            scroll::to_bottom(&log);
        }
        self.await_frame();
    }

    pub fn scrolled(self) {
        self.state.update_value(|state| {
            // A person moved; where they were going is no longer ours to say.
            state.seeking = false;
            (state.asked, state.filled) = (None, None);
            state.anchor = None;
        });
        self.await_frame();
    }

    /// Holds the rows on screen where they are while others come and go around them.
    fn settle(self) {
        let anchor = self.state.try_with_value(|state| state.anchor.clone()).flatten();
        if let (Some(anchor), Some(log)) = (anchor, self.log.try_get_untracked().flatten()) {
            scroll::restore(&log, &anchor);
        }
    }

    /// Whether a person can see the log: no dialog lies over it.
    fn watched(self) -> bool {
        scroll::watched() && !untrack(move || self.panels.any())
    }

    /// Tells whether a person looks at the end of the conversation now.
    fn watch_end(self) {
        let seeking = self.state.try_with_value(|state| state.seeking).unwrap_or(true);
        let rows = self.edge.with_untracked(|edge| edge.count > 0);
        let watching = rows && !seeking && !self.below.get_untracked() && self.watched();
        self.backend.tell(Intent::Watching(watching));
    }

    /// Looks at the log once the rows stand as they will be painted.
    fn await_frame(self) {
        let awaited = self.state.try_update_value(|state| std::mem::replace(&mut state.awaited, true));
        if awaited == Some(false) {
            request_animation_frame(move || {
                let Some(mut state) = self.state.try_get_value() else { return };
                state.awaited = false;
                if let Some(log) = self.log.try_get_untracked().flatten() {
                    self.look(&log, &mut state);
                }
                self.state.try_update_value(|kept| *kept = state);
                self.watch_end();
            });
        }
    }

    fn look(self, log: &HtmlElement, state: &mut State) {
        let edge = self.edge.get_untracked();
        if edge.count == 0 {
            return;
        }
        if state.seeking {
            state.seeking = self.seek(log, state, edge);
            if state.seeking {
                return;
            }
        }
        let below = edge.newer || !scroll::at_bottom(log);
        self.below.set(below);
        state.anchor = if below { scroll::anchor(log) } else { None };
        if self.reached.get_untracked() == Seq::ZERO {
            // Nothing came yet: what lies below was there, and read.
            self.reached.set(edge.first_unread.or(edge.newest.map(Seq::next)).unwrap_or_default().prev());
        }
        if let Some(seq) = scroll::newest_on_screen(log) {
            if seq > self.reached.get_untracked() {
                self.reached.set(seq);
            }
            if seq > state.told && self.watched() {
                state.told = seq;
                self.backend.tell(Intent::Seen { conversation: self.id, seq });
            }
        }
        if scroll::hidden_above(log) < log.client_height() {
            self.load_older(state, edge);
        }
        if let Some(before) = scroll::gap_near(log) {
            self.fill(state, edge, before);
        }
        if edge.newer && scroll::hidden_below(log) < log.client_height() {
            self.backend.tell(Intent::ShowNewer(self.id));
        }
    }

    /// Goes to the message that the address names, or the first unread one. Tells whether it is still on the way.
    fn seek(self, log: &HtmlElement, state: &mut State, edge: Edge) -> bool {
        let hash = location_hash().filter(|hash| !hash.is_empty());
        let target = match (hash.and_then(|hash| hash.parse::<Seq>().ok()), edge.first_unread) {
            (Some(seq), _) => Some((seq, seq.to_string(), FAR_NAMED)),
            (None, Some(seq)) => Some((seq, "unread".to_owned(), FAR)),
            (None, None) => None,
        };
        let newest = edge.newest.unwrap_or_default();
        let near = |(seq, _, far): &(Seq, String, u64)| newest.get().saturating_sub(seq.get()) <= *far;
        let Some((seq, id, _)) = target.filter(near) else { return false };
        if edge.can_load_older && edge.oldest.is_some_and(|oldest| oldest > seq) {
            self.load_older(state, edge);
            return true;
        }
        if let Some(before) = scroll::gap_over(log, seq) {
            self.fill(state, edge, before);
            return true;
        }
        let element = document().get_element_by_id(&id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
        if let Some(element) = element {
            scroll::reveal(log, &element);
            if element.class_list().contains("message") {
                super::keys::focus(Some(element));
            }
        }
        false
    }

    /// Asks for what is missing before a message.
    fn fill(self, state: &mut State, edge: Edge, before: Seq) {
        if !edge.loading && state.filled != Some(before) {
            state.filled = Some(before);
            self.backend.tell(Intent::LoadGap { conversation: self.id, before });
        }
    }

    fn load_older(self, state: &mut State, edge: Edge) {
        let end = Some((edge.oldest, edge.held));
        if edge.can_load_older && !edge.loading && state.asked != end {
            state.asked = end;
            self.backend.tell(Intent::LoadOlder(self.id));
        }
    }
}
