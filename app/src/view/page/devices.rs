//! The account's logins, each of which can be ended.

use super::Inner;
use crate::backend::Form;
use crate::view::form::Refusal;
use crate::view::icon::Icon;
use crate::words::Words;
use crate::words::time::{Clock, iso};
use leptos::prelude::*;
use protocol::Device;

#[component]
pub fn Devices(words: &'static Words, clock: Clock, devices: Vec<Device>, form: Form) -> impl IntoView {
    let item = move |device: Device| view! { <Item words clock device /> };
    view! {
        <Inner words title=words.page.devices>
            <p class="aside">{words.page.devices_hint}</p>
            <Refusal form words />
            <form method="post" action="/devices">
                <ul class="devices" role="list">
                    {devices.into_iter().map(item).collect_view()}
                </ul>
            </form>
        </Inner>
    }
}

#[component]
fn Item(words: &'static Words, clock: Clock, device: Device) -> impl IntoView {
    let name = device.name.to_string();
    let label = (words.page.revoke_device)(&name);
    let button = view! {
        <button class="danger" name="device" value=device.id.to_string() aria-label=label>
            {words.page.revoke}
        </button>
    };
    let action = if device.current {
        view! { <span class="badge is-quiet">{words.page.this_device}</span> }.into_any()
    } else {
        button.into_any()
    };
    view! {
        <li class="device">
            <Icon name="device" />
            <div>
                <strong dir="auto">{name}</strong>
                <p>
                    <time datetime=iso(device.last_seen_at)>
                        {(words.page.last_seen_at)(&clock.brief(words, device.last_seen_at))}
                    </time>
                    " · "
                    <time datetime=iso(device.created_at)>
                        {(words.page.logged_in_at)(&clock.brief(words, device.created_at))}
                    </time>
                </p>
            </div>
            {action}
        </li>
    }
}
