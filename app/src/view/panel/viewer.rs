//! A picture as large as the window allows.

use super::head::PanelHead;
use crate::live::Model;
use leptos::prelude::*;

#[component]
pub fn Viewer(model: Model, source: String, title: String, close: Callback<()>) -> impl IntoView {
    let words = model.words;
    view! {
        <PanelHead words title close />
        <div class="viewer">
            <img src=source alt=words.picture />
        </div>
    }
}
