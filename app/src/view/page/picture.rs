//! The form by which a picture of an account or a group is chosen, cut, and taken away.

use super::card::Portrait;
use crate::backend::Form;
use crate::view::form;
use crate::words::Words;
use crate::words::profile::ProfileWords;
use leptos::prelude::*;
use protocol::AvatarHash;

/// Cuts the picture in the browser; the form works without it.
pub const SCRIPT: &str = include_str!("crop.js");

#[component]
pub fn Picture(
    words: &'static Words,
    said: &'static ProfileWords,
    /// Where the form posts to.
    action: String,
    name: String,
    tint: u64,
    picture: Option<AvatarHash>,
    form: Form,
) -> impl IntoView {
    let label = (said.picture_of)(&name);
    let shown = picture.is_some();
    let error = wrong(words, said, &form, "avatar");
    view! {
        <form class="form crop" method="post" action=action enctype="multipart/form-data">
            <div class="crop-head">
                <Portrait name tint picture label />
                <div class="field" class:is-wrong=error.is_some()>
                    <label for="field-picture">{said.picture}</label>
                    <input
                        id="field-picture"
                        type="file"
                        name="picture"
                        accept="image/png,image/jpeg,image/webp"
                        aria-describedby="note-picture"
                    />
                    <p id="note-picture" class="field-note">
                        {error.unwrap_or(said.picture_hint)}
                    </p>
                </div>
            </div>
            <fieldset class="crop-place" hidden>
                <legend>{said.crop}</legend>
                <canvas width="192" height="192" aria-hidden="true"></canvas>
                <Slider name="zoom" label=said.zoom min="1" max="5" step="0.05" value="1" />
                <Slider name="x" label=said.horizontal min="0" max="100" step="1" value="50" />
                <Slider name="y" label=said.vertical min="0" max="100" step="1" value="50" />
            </fieldset>
            <input type="hidden" name="x" />
            <input type="hidden" name="y" />
            <input type="hidden" name="size" />
            <div class="profile-ways">
                <button class="primary" name="act" value="upload">
                    {said.upload}
                </button>
                {shown
                    .then(|| {
                        view! {
                            <button class="danger" name="act" value="remove">
                                {said.remove}
                            </button>
                        }
                    })}
            </div>
        </form>
    }
}

#[component]
fn Slider(
    name: &'static str,
    label: &'static str,
    min: &'static str,
    max: &'static str,
    step: &'static str,
    value: &'static str,
) -> impl IntoView {
    view! {
        <label class="slider">
            <span>{label}</span>
            <input type="range" data-crop=name min=min max=max step=step value=value />
        </label>
    }
}

/// Why a field of a profile or a picture was refused.
pub fn wrong(words: &Words, said: &ProfileWords, form: &Form, field: &str) -> Option<&'static str> {
    form::wrong(words, form, field).map(|error| (said.wrong)(field).unwrap_or(error))
}
