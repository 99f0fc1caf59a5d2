//! The engine against a model of the server. One program, so that it is linked once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

mod connecting;
mod convergence;
mod counting;
mod drafts;
mod files;
mod groups;
mod hiding;
mod interleavings;
mod listing;
mod model;
mod pages;
mod people;
mod pictures;
mod preferences;
mod presence;
mod readers;
mod reading;
mod recalling;
mod relating;
mod sending;
mod starting;
mod storing;
mod unread;
mod world;
