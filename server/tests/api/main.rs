//! The API, the pages and the push connection of the real binary, as the people who use it see them. One program, so that it is
//! linked once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod audit;
mod audit_of_pictures;
mod avatars;
mod company;
mod contacts;
mod counts;
mod directory;
mod events;
mod files;
mod gateway;
mod group_pages;
mod groups;
mod hiding;
mod import;
mod malformed;
mod media;
mod messaging;
mod oidc;
mod openapi;
mod page_roles;
mod pages;
mod presence;
mod profile;
mod receipts;
mod refusals;
mod removals;
mod routes;
mod sealed;
mod security;
mod sync;
mod triggers;
mod unread;
mod webhook;
