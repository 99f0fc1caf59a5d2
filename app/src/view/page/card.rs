//! What somebody tells of themselves.

use super::Inner;
use super::acts::Acts;
use crate::backend::Bond;
use crate::view::icon::Icon;
use crate::words::Words;
use crate::words::company::CompanyWords;
use crate::words::profile::ProfileWords;
use leptos::prelude::*;
use protocol::profile::{Card as Told, Profile};
use protocol::{AvatarHash, path};

#[component]
pub fn Card(
    words: &'static Words,
    card: Told,
    post: Option<(Option<String>, String)>,
    bond: Option<Box<Bond>>,
) -> impl IntoView {
    let company = CompanyWords::of(words.language);
    let said = ProfileWords::of(words.language);
    let (user, profile) = (card.user, card.profile);
    let name = user.display_name.to_string();
    let id = user.id.to_string();
    let own = bond.is_none();
    let about = bond.as_ref().and_then(|bond| (words.relation)(bond.0));
    let greeting = bond.as_ref().and_then(|bond| bond.1.as_ref()?.greeting.clone());
    let acts = bond.map(|bond| view! { <Acts words user=user.clone() relation=bond.0 request=bond.1 /> });
    view! {
        <Inner words title=said.profile>
            <section class="profile-head">
                <Portrait name=name.clone() tint=user.id.get() picture=user.avatar label=(said.picture_of)(&name) />
                <h2 dir="auto">{name}</h2>
                <p class="aside">{format!("@{}", user.handle)}</p>
                {about.map(|about| view! { <p class="aside">{about}</p> })}
                {greeting.map(|greeting| view! { <q dir="auto">{greeting.as_str().to_owned()}</q> })}
            </section>
            <Facts said company profile post />
            <nav class="profile-ways">
                <form method="post" action="/new">
                    <button class="primary" name="peer" value=id>
                        <Icon name="messages" />
                        {said.message}
                    </button>
                </form>
                {own
                    .then(|| {
                        view! {
                            <a href="/settings/profile">
                                {said.edit}
                            </a>
                        }
                    })}
            </nav>
            {acts}
        </Inner>
    }
}

#[component]
fn Facts(
    said: &'static ProfileWords,
    company: &'static CompanyWords,
    profile: Profile,
    post: Option<(Option<String>, String)>,
) -> impl IntoView {
    let (title, departments) = post.unwrap_or_default();
    let departments = Some(departments).filter(|departments| !departments.is_empty());
    let Profile { gender, birthday, phone, bio } = profile;
    let call = phone.as_ref().map(|phone| (format!("tel:{}", phone.as_str()), phone.as_str().to_owned()));
    view! {
        <dl class="facts">
            {title.map(|title| view! { <dt>{company.title}</dt><dd dir="auto">{title}</dd> })}
            {departments.map(|names| view! { <dt>{company.department}</dt><dd dir="auto">{names}</dd> })}
            {bio.map(|bio| view! { <dt>{said.bio}</dt><dd class="is-text" dir="auto">{bio.as_str().to_owned()}</dd> })}
            {gender.map(|gender| view! { <dt>{said.gender}</dt><dd>{(said.genders)(gender)}</dd> })}
            {birthday.map(|day| view! { <dt>{said.birthday}</dt><dd><time datetime=day.to_string()>{day.to_string()}</time></dd> })}
            {call.map(|(href, phone)| view! { <dt>{said.phone}</dt><dd><a href=href>{phone}</a></dd> })}
        </dl>
    }
}

/// A large picture, or the first letter of a name.
#[component]
pub fn Portrait(name: String, tint: u64, picture: Option<AvatarHash>, label: String) -> impl IntoView {
    let letter: String = name.chars().next().into_iter().flat_map(char::to_uppercase).collect();
    let class = format!("avatar is-large tint-{}", tint % 8);
    view! {
        <span class=class role="img" aria-label=label>
            {letter}
            {picture.map(|hash| view! { <img src=path::avatar(&hash, 256) alt="" width="256" height="256" /> })}
        </span>
    }
}
