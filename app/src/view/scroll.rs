//! Where the log stands, and keeping it there.
//!
//! The log is laid out from its end (`flex-direction: column-reverse`): `scroll_top` is 0 at the newest message and
//! negative above it. So it opens at the bottom without scripts, stays there by itself, and loading older messages
//! moves nothing. What remains is to hold still when a message comes while a person reads further up.

use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement};
use protocol::Seq;

/// How far from the end still counts as the end, in CSS pixels.
const SLACK: i32 = 8;

/// A row and how far it stood below the log's upper edge.
#[derive(Clone)]
pub struct Anchor {
    row: HtmlElement,
    top: i32,
}

pub fn at_bottom(log: &HtmlElement) -> bool {
    log.scroll_top() >= -SLACK
}

pub fn to_bottom(log: &HtmlElement) {
    log.set_scroll_top(0);
}

/// How much of the log is hidden above.
pub fn hidden_above(log: &HtmlElement) -> i32 {
    log.scroll_height() - log.client_height() + log.scroll_top()
}

/// How much of the log is hidden below.
pub fn hidden_below(log: &HtmlElement) -> i32 {
    -log.scroll_top()
}

/// Whether a person can see the page.
pub fn watched() -> bool {
    let document = leptos::prelude::document();
    !document.hidden() && document.has_focus().unwrap_or(false)
}

/// The newest message whose end is on screen.
pub fn newest_on_screen(log: &HtmlElement) -> Option<Seq> {
    let fits = |row: &HtmlElement| {
        let bottom = top(log, row) + row.offset_height();
        bottom > 0 && bottom <= log.client_height() + SLACK
    };
    rows(log).find(|row| seq(row).is_some() && fits(row)).as_ref().and_then(seq)
}

/// The message that follows a gap on screen or within a screen of it.
pub fn gap_near(log: &HtmlElement) -> Option<Seq> {
    let height = log.client_height();
    let near = |gap: &HtmlElement| (-height..2 * height).contains(&top(log, gap));
    gaps(log).filter(near).find_map(|gap| number(&gap, "data-before"))
}

/// The message that follows the gap in which another lies.
pub fn gap_over(log: &HtmlElement, missing: Seq) -> Option<Seq> {
    let covers =
        |gap: &HtmlElement| number(gap, "data-after") < Some(missing) && Some(missing) < number(gap, "data-before");
    gaps(log).find(covers).and_then(|gap| number(&gap, "data-before"))
}

/// The uppermost row on screen, to hold on to.
pub fn anchor(log: &HtmlElement) -> Option<Anchor> {
    let on_screen = rows(log).take_while(|row| top(log, row) + row.offset_height() > 0);
    on_screen.last().map(|row| Anchor { top: top(log, &row), row })
}

/// Puts the anchor back to where it was. A row that is gone holds nothing.
pub fn restore(log: &HtmlElement, anchor: &Anchor) {
    let moved = top(log, &anchor.row) - anchor.top;
    if anchor.row.is_connected() && moved != 0 {
        log.set_scroll_top(log.scroll_top() + moved);
    }
}

/// Shows an element a quarter down the log, unless it is on screen.
pub fn reveal(log: &HtmlElement, element: &HtmlElement) {
    let top = top(log, element);
    if top < 0 || top > log.client_height() {
        log.set_scroll_top(log.scroll_top() + top - log.client_height() / 4);
    }
}

/// The message above or below the one that has, or holds, the focus; the newest on screen when none does.
pub fn neighbour(log: &HtmlElement, focused: Option<&Element>, up: bool) -> Option<HtmlElement> {
    let row = focused.and_then(|focused| focused.closest(".message").ok().flatten());
    let Some(row) = row.filter(|row| log.contains(Some(row))) else {
        let shown = |row: &HtmlElement| top(log, row) < log.client_height();
        return if up { rows(log).find(shown) } else { None };
    };
    let mut newer = None;
    let mut rows = rows(log);
    while let Some(this) = rows.next() {
        if *this == row {
            return if up { rows.next() } else { newer };
        }
        newer = Some(this);
    }
    None
}

fn top(log: &HtmlElement, row: &HtmlElement) -> i32 {
    row.offset_top() - log.scroll_top()
}

fn seq(row: &HtmlElement) -> Option<Seq> {
    number(row, "data-seq")
}

fn number(element: &HtmlElement, attribute: &str) -> Option<Seq> {
    element.get_attribute(attribute)?.parse().ok()
}

/// The gaps, the one furthest down first. Mostly there is none.
fn gaps(log: &HtmlElement) -> impl Iterator<Item = HtmlElement> {
    let any = log.query_selector(".gap").is_ok_and(|gap| gap.is_some());
    any.then(|| entries(log)).into_iter().flatten().filter(|entry| entry.class_list().contains("gap"))
}

/// Every row of a message, newest first.
fn rows(log: &HtmlElement) -> impl Iterator<Item = HtmlElement> {
    entries(log).filter(|entry| entry.class_list().contains("message"))
}

/// Every row, newest first: the log holds one element, that the days, and those the rows.
fn entries(log: &HtmlElement) -> impl Iterator<Item = HtmlElement> + use<> {
    let days = log.first_element_child().and_then(|content| content.last_element_child());
    let before = |element: &Element| element.previous_element_sibling();
    let entries = |day: Element| std::iter::successors(day.last_element_child(), Element::previous_element_sibling);
    std::iter::successors(days, before).flat_map(entries).filter_map(|entry| entry.dyn_into().ok())
}
