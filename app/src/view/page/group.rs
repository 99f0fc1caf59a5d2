//! A group's settings: what everybody sees, and the forms for what one's role permits. Each form posts to the page itself
//! and says in `do` what it asks for.

use super::card::Portrait;
use super::group_member::{MemberItem, Waiting};
use super::picture::Picture;
use crate::backend::{Form, GroupPage};
use crate::view::form::{Refusal, SearchBox, wrong};
use crate::view::icon::Icon;
use crate::words::Words;
use crate::words::group::GroupWords;
use crate::words::profile::ProfileWords;
use leptos::prelude::*;
use protocol::group::{Action, GroupRules, History, Joining};
use protocol::{AnnouncementText, ClientId, Group as Shared, GroupTitle, path};

#[component]
pub fn Group(words: &'static Words, own: &'static GroupWords, page: GroupPage) -> impl IntoView {
    let GroupPage {
        conversation,
        rules,
        members,
        paged,
        query,
        origin,
        me,
        now,
        client_id,
        nickname,
        announced_by,
        refused,
        form,
    } = page;
    let id = conversation.id;
    let group = conversation.group.unwrap_or_default();
    let governs = group.role.may(Action::Govern);
    let said = ProfileWords::of(words.language);
    let title = conversation.title.clone().unwrap_or_else(|| own.untitled.to_owned());
    let next = members.next.map(|next| format!("/c/{id}/group?after={next}&query={}", escape_query(&query)));
    let role = group.role;
    let items = members.members.into_iter().map(|member| view! { <MemberItem own member role me now /> });
    let items = items.collect_view();
    let invites = role.may(Action::Invite(rules.joining));
    view! {
        <main class="page">
            <div class="card">
                <header class="page-head">
                    <a class="icon-button" href=path::page(id) title=own.back_to_chat aria-label=own.back_to_chat>
                        <Icon name="back" />
                    </a>
                    <h1 dir="auto">{title.clone()}</h1>
                </header>
                <Refusal form=form.clone() words />
                {(!refused.is_empty())
                    .then(|| view! { <p class="refusal" role="alert">{(own.not_invited)(&refused)}</p> })}
                {if governs {
                    let action = format!("/c/{id}/avatar");
                    view! { <Picture words said action name=title.clone() tint=id.get() picture=group.avatar.clone() form=form.clone() /> }.into_any()
                } else {
                    let label = (said.picture_of)(&title);
                    view! {
                        <section class="profile-head">
                            <Portrait name=title.clone() tint=id.get() picture=group.avatar.clone() label />
                        </section>
                    }.into_any()
                }}
                <Announced own group=group.clone() by=announced_by />
                {governs.then(|| view! { <Govern words own title group=group.clone() rules=rules.clone() form=form.clone() now client_id /> })}
                {governs.then(|| view! { <Link own rules=rules.clone() origin /> })}
                {governs.then(|| view! { <Waiting words own waiting=rules.waiting /> })}
                <section aria-labelledby="members">
                    <h2 id="members">{own.members} " · " {(words.members)(conversation.member_count)}</h2>
                    {invites
                        .then(|| view! { <a class="primary" href=format!("/new/group?to={id}")>{own.invite}</a> })}
                    <form class="find" method="get" action="group" role="search">
                        <SearchBox words query label=own.find_member />
                    </form>
                    <ul class="members" role="list">
                        {items}
                    </ul>
                    {next.map(|href| view! { <p><a href=href>{own.more_members}</a></p> })}
                    {paged.then(|| view! { <p><a href=format!("/c/{id}/group")>{own.settings}</a></p> })}
                </section>
                <Nickname words own nickname form />
                <Leave own owner=!role.may(Action::Leave) />
            </div>
        </main>
    }
}

/// A text as it stands in a query.
fn escape_query(text: &str) -> String {
    let plain =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(plain).collect()
}

#[component]
fn Announced(own: &'static GroupWords, group: Shared, by: Option<String>) -> impl IntoView {
    let text = group.announcement.map(|announcement| announcement.text.as_str().to_owned());
    let by = by.map(|by| (own.announced_by)(&by));
    view! {
        <section aria-labelledby="announcement">
            <h2 id="announcement">{own.announcement}</h2>
            <p class="announced" dir="auto">
                {text.unwrap_or_else(|| own.no_announcement.to_owned())}
            </p>
            <p class="aside">{by}</p>
        </section>
    }
}

/// What the owner and admins change.
#[component]
fn Govern(
    words: &'static Words,
    own: &'static GroupWords,
    title: String,
    group: Shared,
    rules: GroupRules,
    form: Form,
    now: u64,
    client_id: ClientId,
) -> impl IntoView {
    let tells = form.kept("tell", "") == "all";
    let announcement = group.announcement.as_ref().map(|it| it.text.as_str()).unwrap_or_default();
    let announcement = crate::view::escape::escape(form.kept("announcement", announcement));
    let wrong = wrong(words, &form, "announcement");
    let joining = Joining::ALL.map(|one| (joining_name(one), (own.joining)(one).to_owned(), one == rules.joining));
    let last = match rules.history {
        History::Last(newest) => newest,
        _ => 50,
    };
    let history = [
        ("nothing".to_owned(), own.history_nothing.to_owned(), rules.history == History::Nothing),
        (last.to_string(), (own.history_last)(last), matches!(rules.history, History::Last(_))),
        ("all".to_owned(), own.history_all.to_owned(), rules.history == History::All),
    ];
    let muted = group.muted_until > now;
    view! {
        <form class="form" method="post" action="group">
            <TitleField words own form=form.clone() title required=true hint=own.title_hint />
            <button class="plain" name="do" value="rename">{words.save}</button>
        </form>
        <form class="form" method="post" action="group">
            <div class="field" class:is-wrong=wrong.is_some()>
                <label for="text">{own.announcement}</label>
                <textarea id="text" name="announcement" rows="3" maxlength=(2 * AnnouncementText::MAX).to_string() dir="auto" aria-invalid=wrong.is_some().then_some("true") aria-describedby="text-note">{announcement}</textarea>
                <p id="text-note" class="field-note">{wrong.unwrap_or(own.announcement_hint)}</p>
            </div>
            <input type="hidden" name="client_id" value=client_id.to_string() />
            <label class="choice">
                <input type="checkbox" name="tell" value="all" checked=tells />
                <span>{own.announce_to_all}</span>
            </label>
            <button class="plain" name="do" value="announce">{words.save}</button>
        </form>
        <form class="form" method="post" action="group">
            <Choose name="joining" label=own.joining_label options=joining.map(|(name, text, on)| (name.to_owned(), text, on)).to_vec() />
            <Choose name="history" label=own.history_label options=history.to_vec() />
            <button class="plain" name="do" value="rules">{words.save}</button>
        </form>
        <form class="form" method="post" action="group">
            {muted.then(|| view! { <p class="aside">{own.muted_all}</p> })}
            {if muted {
                view! { <button class="plain" name="do" value="unmute-all">{own.unmute_all}</button> }
            } else {
                view! { <button class="plain" name="do" value="mute-all">{own.mute_all}</button> }
            }}
        </form>
    }
}

/// The name of a group, kept as it was filled in while it is refused.
#[component]
pub fn TitleField(
    words: &'static Words,
    own: &'static GroupWords,
    form: Form,
    #[prop(optional)] title: String,
    #[prop(optional)] required: bool,
    hint: &'static str,
) -> impl IntoView {
    let wrong = wrong(words, &form, "title");
    view! {
        <div class="field" class:is-wrong=wrong.is_some()>
            <label for="title">{own.title}</label>
            <input
                id="title"
                name="title"
                value=form.kept("title", &title).to_owned()
                maxlength=(2 * GroupTitle::MAX).to_string()
                required=required
                autocomplete="off"
                aria-invalid=wrong.is_some().then_some("true")
                aria-describedby="title-note"
            />
            <p id="title-note" class="field-note">
                {wrong.unwrap_or(hint)}
            </p>
        </div>
    }
}

/// The names that the form has for the ways to join.
pub fn joining_name(joining: Joining) -> &'static str {
    match joining {
        Joining::Free => "free",
        Joining::Approval => "approval",
        Joining::Closed => "closed",
    }
}

#[component]
fn Choose(name: &'static str, label: &'static str, options: Vec<(String, String, bool)>) -> impl IntoView {
    let option = |(value, text, chosen): (String, String, bool)| {
        view! {
            <label class="choice">
                <input type="radio" name=name value=value checked=chosen />
                <span>{text}</span>
            </label>
        }
    };
    view! {
        <fieldset class="choices">
            <legend>{label}</legend>
            {options.into_iter().map(option).collect_view()}
        </fieldset>
    }
}

#[component]
fn Link(own: &'static GroupWords, rules: GroupRules, origin: String) -> impl IntoView {
    let there = rules.link.is_some();
    let url = rules.link.map(|link| format!("{origin}/join/{link}"));
    view! {
        <form class="form" method="post" action="group" aria-labelledby="link">
            <h2 id="link">{own.link}</h2>
            {url
                .map(|url| {
                    view! {
                        <div class="field">
                            <input readonly value=url aria-label=own.link aria-describedby="link-note" />
                            <p id="link-note" class="field-note">{own.link_hint}</p>
                        </div>
                    }
                })}
            <div class="ways">
                <button class="plain" name="do" value="link">{if there { own.renew_link } else { own.make_link }}</button>
                {there.then(|| view! { <button class="danger" name="do" value="unlink">{own.revoke_link}</button> })}
            </div>
        </form>
    }
}

#[component]
fn Nickname(words: &'static Words, own: &'static GroupWords, nickname: String, form: Form) -> impl IntoView {
    let wrong = wrong(words, &form, "nickname");
    view! {
        <form class="form" method="post" action="group">
            <div class="field" class:is-wrong=wrong.is_some()>
                <label for="nickname">{own.nickname}</label>
                <input
                    id="nickname"
                    name="nickname"
                    value=form.kept("nickname", &nickname).to_owned()
                    autocomplete="off"
                    aria-invalid=wrong.is_some().then_some("true")
                    aria-describedby="nickname-note"
                />
                <p id="nickname-note" class="field-note">
                    {wrong.unwrap_or(own.nickname_hint)}
                </p>
            </div>
            <button class="plain" name="do" value="nickname">{words.save}</button>
        </form>
    }
}

/// Leaving, or for the owner dissolving; each says first what it does.
#[component]
fn Leave(own: &'static GroupWords, owner: bool) -> impl IntoView {
    let (name, text, ask) = match owner {
        true => ("dissolve", own.dissolve, own.dissolve_ask),
        false => ("leave", own.leave, own.leave_ask),
    };
    view! {
        <details class="sure">
            <summary class="danger">{text}</summary>
            <form class="form" method="post" action="group">
                <p class="aside">{ask}</p>
                <button class="danger" name="do" value=name>{text}</button>
            </form>
        </details>
    }
}
