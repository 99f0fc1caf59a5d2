//! The menu of a message or a conversation: beside the pointer, or at the foot of a narrow screen.

use super::icon::Icon;
use super::keys;
use crate::view::boxed::{hear, tracked};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlDialogElement, HtmlElement};
use leptos::{ev, html};

/// How far a menu stays from the edges of the screen, in CSS pixels.
const MARGIN: i32 = 8;

/// What a menu offers, and where it opens.
#[derive(Clone)]
pub struct Menu {
    pub label: String,
    /// In CSS pixels from the upper left corner of the screen.
    pub at: (i32, i32),
    pub choices: Vec<Choice>,
}

#[derive(Clone)]
pub struct Choice {
    pub icon: &'static str,
    pub text: String,
    pub danger: bool,
    pub act: Callback<()>,
}

impl Choice {
    pub fn new(icon: &'static str, text: impl Into<String>, act: impl Fn() + Send + Sync + 'static) -> Self {
        Self { icon, text: text.into(), danger: false, act: Callback::new(move |()| act()) }
    }

    /// One that takes something away.
    pub fn dangerous(self) -> Self {
        Self { danger: true, ..self }
    }
}

/// The one menu of the page.
#[derive(Clone, Copy)]
pub struct Menus(RwSignal<Option<Menu>>);

impl Menus {
    /// Makes the menu of this page known to everything under the current owner.
    pub fn provide() -> Self {
        let menus = Self(RwSignal::new(None));
        provide_context(menus);
        menus
    }

    pub fn here() -> Self {
        expect_context()
    }

    pub fn open(self, menu: Menu) {
        if !menu.choices.is_empty() {
            self.0.set(Some(menu));
        }
    }
}

#[component]
pub fn MenuPlace(menus: Menus) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let touched = RwSignal::new(false);
    let label = move || menus.0.with(|menu| menu.as_ref().map(|menu| menu.label.clone()));
    let down = move |event: ev::PointerEvent| {
        touched.set(true);
        if event.target() == event.current_target() {
            close(dialog);
        }
    };
    view! {
        <dialog
            class="menu"
            aria-label=tracked(label)
            node_ref=dialog
            on:pointerdown=hear(down)
            on:contextmenu=hear(|event: ev::MouseEvent| event.prevent_default())
            on:close=hear(move |_| {
                menus.0.set(None);
                touched.set(false);
            })
        >
            {tracked(move || menus.0.get().map(|menu| view! { <Choices menu dialog touched /> }))}
        </dialog>
    }
}

#[component]
fn Choices(
    menu: Menu,
    dialog: NodeRef<html::Dialog>,
    /// A pointer came down since the menu opened.
    touched: RwSignal<bool>,
) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let at = menu.at;
    Effect::new(move || {
        if let (Some(_), Some(dialog)) = (list.get(), dialog.get()) {
            show(&dialog, at);
        }
    });
    let choice = move |choice: Choice| {
        let act = move |event: ev::MouseEvent| {
            // Lifting the finger that opened the menu is no choice. A key's click has no count.
            if event.detail() > 0 && !touched.get_untracked() {
                return;
            }
            // First, so that the focus is back where it was before anything else takes it.
            close(dialog);
            choice.act.run(());
        };
        view! {
            <button type="button" role="menuitem" tabindex="-1" class="choice-item" class:is-danger=choice.danger on:click=hear(act)>
                <Icon name=choice.icon />
                <span>{choice.text}</span>
            </button>
        }
    };
    view! {
        <div role="menu" aria-label=menu.label class="choice-list" node_ref=list on:keydown=hear(move |event| walk(&event, dialog))>
            {menu.choices.into_iter().map(choice).collect_view()}
        </div>
    }
}

fn close(dialog: NodeRef<html::Dialog>) {
    if let Some(dialog) = dialog.get_untracked() {
        dialog.close();
    }
}

/// Opens a dialog beside a point, within the screen; the style sheet decides whether it stands there.
fn show(dialog: &HtmlDialogElement, (x, y): (i32, i32)) {
    if !dialog.open() {
        // It fails only where the dialog is not in the document.
        let _ = dialog.show_modal();
    }
    let size = |length: Result<leptos::wasm_bindgen::JsValue, _>| {
        length.ok().and_then(|length| length.as_f64()).unwrap_or_default() as i32
    };
    let fit = |at: i32, own: i32, all: i32| at.min(all - own - MARGIN).max(MARGIN);
    let x = fit(x, dialog.offset_width(), size(window().inner_width()));
    let y = fit(y, dialog.offset_height(), size(window().inner_height()));
    for (name, value) in [("--x", x), ("--y", y)] {
        // The names are well-formed.
        let _ = HtmlElement::style(dialog).set_property(name, &format!("{value}px"));
    }
}

/// Arrow keys move within the menu, Tab leaves it; Escape is the dialog's own.
fn walk(event: &ev::KeyboardEvent, dialog: NodeRef<html::Dialog>) {
    let Some(item) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    let list = item.parent_element();
    let first = || list.as_ref().and_then(Element::first_element_child);
    let last = || list.as_ref().and_then(Element::last_element_child);
    let to = match keys::key(event).as_deref() {
        Some("ArrowDown") => item.next_element_sibling().or_else(first),
        Some("ArrowUp") => item.previous_element_sibling().or_else(last),
        Some("Home") => first(),
        Some("End") => last(),
        Some("Tab") => {
            close(dialog);
            None
        }
        _ => return,
    };
    event.prevent_default();
    keys::focus(to);
}

/// Where a menu stands that no pointer asked for: within the beginning of an element. What scrolls around it must be
/// positioned.
pub fn within(element: &Element) -> (i32, i32) {
    let (mut x, mut y) = (24, 24);
    let mut next = Some(element.clone());
    while let Some(Ok(element)) = next.take().map(JsCast::dyn_into::<HtmlElement>) {
        x += element.offset_left();
        y += element.offset_top();
        next = element.offset_parent();
        if let Some(parent) = &next {
            x -= parent.scroll_left();
            y -= parent.scroll_top();
        }
    }
    (x, y)
}
