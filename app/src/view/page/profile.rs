//! Changing what one tells of oneself, and one's picture.

use super::Inner;
use super::card::Portrait;
use crate::backend::Form;
use crate::view::form::{self, Refusal};
use crate::words::Words;
use crate::words::profile::ProfileWords;
use leptos::prelude::*;
use protocol::DisplayName;
use protocol::profile::{Audience, Bio, Gender, OwnAccount};

/// Cuts the picture in the browser; the page works without it.
pub const SCRIPT: &str = include_str!("crop.js");

#[component]
pub fn Profile(words: &'static Words, own: OwnAccount, form: Form) -> impl IntoView {
    let said = ProfileWords::of(words.language);
    view! {
        <Inner words title=said.edit>
            <Picture words said own=own.clone() form=form.clone() />
            <Facts words said own form />
        </Inner>
    }
}

#[component]
fn Picture(words: &'static Words, said: &'static ProfileWords, own: OwnAccount, form: Form) -> impl IntoView {
    let account = own.account;
    let name = account.display_name.to_string();
    let label = (said.picture_of)(&name);
    let shown = account.avatar.is_some();
    let error = wrong(words, said, &form, "avatar");
    view! {
        <form class="form crop" method="post" action="/settings/avatar" enctype="multipart/form-data">
            <div class="crop-head">
                <Portrait name tint=account.id.get() picture=account.avatar label />
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

#[component]
fn Facts(words: &'static Words, said: &'static ProfileWords, own: OwnAccount, form: Form) -> impl IntoView {
    let told = own.profile;
    let audiences = own.audiences;
    let filled = |name: &str, kept: Option<String>| match form.error {
        Some(_) if form.values.iter().any(|(known, _)| known == name) => form.value(name).to_owned(),
        _ => kept.unwrap_or_default(),
    };
    let error = |field: &str| wrong(words, said, &form, field);
    let chosen = filled("gender", told.gender.map(|gender| gender.name().to_owned()));
    let genders = Gender::ALL.map(|gender| {
        view! {
            <option value=gender.name() selected=chosen == gender.name()>
                {(said.genders)(gender)}
            </option>
        }
    });
    let name = filled("display_name", Some(own.account.display_name.to_string()));
    let bio = filled("bio", told.bio.map(String::from));
    let birthday = filled("birthday", told.birthday.map(String::from));
    let phone = filled("phone", told.phone.map(String::from));
    let bio_error = error("bio");
    let max = (2 * Bio::MAX).to_string();
    view! {
        <form class="form profile-form" method="post" action="/settings/profile">
            <Refusal form=form.clone() words />
            <Line name="display_name" label=words.page.display_name hint=words.page.display_name_hint value=name
                error=error("display_name") max=2 * DisplayName::MAX required=true autocomplete="nickname" />
            <div class="field" class:is-wrong=bio_error.is_some()>
                <label for="field-bio">{said.bio}</label>
                <textarea id="field-bio" name="bio" rows="3" maxlength=max dir="auto" aria-describedby="note-bio"
                    aria-invalid=bio_error.is_some().then_some("true")>{bio}</textarea>
                <p id="note-bio" class="field-note">{bio_error.unwrap_or(said.bio_hint)}</p>
            </div>
            <Seen said field="bio" label=said.bio audience=audiences.bio />
            <div class="field">
                <label for="field-gender">{said.gender}</label>
                <select id="field-gender" name="gender">
                    <option value="">{said.untold}</option>
                    {genders}
                </select>
            </div>
            <Seen said field="gender" label=said.gender audience=audiences.gender />
            <Line name="birthday" kind="date" label=said.birthday hint=said.birthday_hint value=birthday
                error=error("birthday") autocomplete="bday" />
            <Seen said field="birthday" label=said.birthday audience=audiences.birthday />
            <Line name="phone" kind="tel" label=said.phone hint=said.phone_hint value=phone
                error=error("phone") max=40 autocomplete="tel" />
            <Seen said field="phone" label=said.phone audience=audiences.phone />
            <button class="primary">{words.save}</button>
        </form>
    }
}

#[component]
fn Line(
    name: &'static str,
    #[prop(default = "text")] kind: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    error: Option<&'static str>,
    #[prop(optional)] max: Option<usize>,
    #[prop(optional)] required: bool,
    autocomplete: &'static str,
) -> impl IntoView {
    let (id, note) = (format!("field-{name}"), format!("note-{name}"));
    view! {
        <div class="field" class:is-wrong=error.is_some()>
            <label for=id.clone()>{label}</label>
            <input
                id=id
                name=name
                type=kind
                value=value
                required=required
                maxlength=max.map(|max| max.to_string())
                autocomplete=autocomplete
                aria-invalid=error.is_some().then_some("true")
                aria-describedby=note.clone()
            />
            <p id=note class="field-note">
                {error.unwrap_or(hint)}
            </p>
        </div>
    }
}

/// Who sees a field.
#[component]
fn Seen(said: &'static ProfileWords, field: &'static str, label: &'static str, audience: Audience) -> impl IntoView {
    let options = Audience::ALL.map(|one| {
        view! {
            <option value=one.name() selected=one == audience>
                {(said.audience)(one)}
            </option>
        }
    });
    view! {
        <select class="audience" name=format!("{field}_for") aria-label=(said.seen_by)(label)>
            {options}
        </select>
    }
}

fn wrong(words: &Words, said: &ProfileWords, form: &Form, field: &str) -> Option<&'static str> {
    form::wrong(words, form, field).map(|error| (said.wrong)(field).unwrap_or(error))
}
