//! Changing what one tells of oneself, and one's picture.

use super::Inner;
use super::picture::{Picture, wrong};
use crate::backend::Form;
use crate::view::escape::escape;
use crate::view::form::Refusal;
use crate::words::Words;
use crate::words::profile::ProfileWords;
use leptos::prelude::*;
use protocol::DisplayName;
use protocol::profile::{Audience, Bio, Gender, OwnAccount};

#[component]
pub fn Profile(words: &'static Words, own: OwnAccount, form: Form) -> impl IntoView {
    let said = ProfileWords::of(words.language);
    let name = own.account.display_name.to_string();
    let (tint, picture) = (own.account.id.get(), own.account.avatar.clone());
    view! {
        <Inner words title=said.edit>
            <Picture words said action="/settings/avatar".to_owned() name tint picture form=form.clone() />
            <Facts words said own form />
        </Inner>
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
    // Leptos escapes nothing within a text area.
    let bio = escape(&filled("bio", told.bio.map(String::from)));
    let birthday = filled("birthday", told.birthday.map(String::from));
    let phone = filled("phone", told.phone.map(String::from));
    let seen = |field: &str, kept: Audience| filled(&format!("{field}_for"), Some(kept.name().to_owned()));
    let bio_for = seen("bio", audiences.bio);
    let gender_for = seen("gender", audiences.gender);
    let birthday_for = seen("birthday", audiences.birthday);
    let phone_for = seen("phone", audiences.phone);
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
            <Seen said field="bio" label=said.bio audience=bio_for />
            <div class="field">
                <label for="field-gender">{said.gender}</label>
                <select id="field-gender" name="gender">
                    <option value="">{said.untold}</option>
                    {genders}
                </select>
            </div>
            <Seen said field="gender" label=said.gender audience=gender_for />
            <Line name="birthday" kind="date" label=said.birthday hint=said.birthday_hint value=birthday
                error=error("birthday") autocomplete="bday" />
            <Seen said field="birthday" label=said.birthday audience=birthday_for />
            <Line name="phone" kind="tel" label=said.phone hint=said.phone_hint value=phone
                error=error("phone") max=40 autocomplete="tel" />
            <Seen said field="phone" label=said.phone audience=phone_for />
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
fn Seen(said: &'static ProfileWords, field: &'static str, label: &'static str, audience: String) -> impl IntoView {
    let options = Audience::ALL.map(|one| {
        view! {
            <option value=one.name() selected=one.name() == audience>
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
