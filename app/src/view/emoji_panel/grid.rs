//! The emoji themselves: one stop for Tab, arrow keys within.

use super::Choice;
use crate::view::boxed::{hear, tracked};
use crate::view::keys;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;
use leptos::{ev, html};

/// How many stand in a row, as in the style sheet.
const COLUMNS: usize = 8;

#[component]
pub fn Grid(choices: Memo<Vec<Choice>>, choose: Callback<String>, label: &'static str) -> impl IntoView {
    let at = RwSignal::new(0);
    let grid = NodeRef::<html::Div>::new();
    let walk = move |event: ev::KeyboardEvent| {
        let Some(to) = step(&event, at.get_untracked(), choices.with_untracked(Vec::len)) else { return };
        event.prevent_default();
        at.set(to);
        keys::focus(cell(grid, to));
    };
    let rows = move || {
        at.set(0);
        let choices = choices.get();
        let row = |(n, row): (usize, &[Choice])| view! { <Row choices=row.to_vec() from=n * COLUMNS at choose /> };
        choices.chunks(COLUMNS).enumerate().map(row).collect_view()
    };
    let empty = move || choices.with(Vec::is_empty);
    view! {
        <div class="emoji-grid" role="grid" aria-label=label hidden=tracked(empty) node_ref=grid on:keydown=hear(walk)>
            {tracked(rows)}
        </div>
    }
}

#[component]
fn Row(choices: Vec<Choice>, from: usize, at: RwSignal<usize>, choose: Callback<String>) -> impl IntoView {
    let cell = |(n, choice): (usize, Choice)| {
        let index = from + n;
        let text = choice.text.clone();
        view! {
            <button
                type="button"
                role="gridcell"
                title=choice.name.clone()
                aria-label=choice.name
                tabindex=tracked(move || if at.get() == index { "0" } else { "-1" })
                on:focus=hear(move |_| at.set(index))
                on:click=hear(move |_| choose.run(text.clone()))
            >
                {choice.text}
            </button>
        }
    };
    view! { <div role="row">{choices.into_iter().enumerate().map(cell).collect_view()}</div> }
}

/// The cell that a key leads to.
fn step(event: &ev::KeyboardEvent, at: usize, count: usize) -> Option<usize> {
    let key = keys::key(event)?;
    let last = count.checked_sub(1)?;
    let to = match key.as_str() {
        "ArrowRight" => at + 1,
        "ArrowLeft" => at.checked_sub(1)?,
        "ArrowDown" => at + COLUMNS,
        "ArrowUp" => at.checked_sub(COLUMNS)?,
        "Home" => 0,
        "End" => last,
        "PageDown" => (at + 5 * COLUMNS).min(last),
        "PageUp" => at.saturating_sub(5 * COLUMNS),
        _ => return None,
    };
    Some(to.min(last))
}

fn cell(grid: NodeRef<html::Div>, index: usize) -> Option<HtmlElement> {
    let row = grid.get_untracked()?.children().item(u32::try_from(index / COLUMNS).ok()?)?;
    row.children().item(u32::try_from(index % COLUMNS).ok()?)?.dyn_into().ok()
}
