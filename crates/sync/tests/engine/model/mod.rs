//! A model of the server and of the world between it and a device, for tests of the client engine.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

mod agreement;
pub mod device;
mod pages;
pub mod scene;
pub mod server;
pub mod stage;

use protocol::file::FileVersion;
use protocol::media::{ImageVersion, Mime};
use protocol::{ClientId, ConversationId, File, Image, MediaId, MessageBody, MessageText, Seq, User, UserId};

pub fn user_id(id: u64) -> UserId {
    id.try_into().unwrap()
}

pub fn conversation_id(id: u64) -> ConversationId {
    id.try_into().unwrap()
}

pub fn seq(seq: u64) -> Seq {
    Seq::ZERO.plus(seq)
}

pub fn client_id(n: u64) -> ClientId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    ClientId::from_parts(n, random)
}

pub fn user(id: UserId) -> User {
    let name = format!("user{id}");
    User::new(id, name.as_str().try_into().unwrap(), name.as_str().try_into().unwrap())
}

pub fn text(text: &str) -> MessageBody {
    MessageBody::text(MessageText::try_from(text).unwrap())
}

/// What is told of a picture: by the device that has it, or by the server under another name.
pub fn picture(id: ClientId, uploaded: bool) -> Image {
    let mut name = *id.as_bytes();
    name[0] = u8::from(uploaded);
    let side = 40_u32.try_into().unwrap();
    Image { v: ImageVersion, media: MediaId::from_bytes(name), width: side, height: side, bytes: 9, mime: Mime::Jpeg }
}

/// The same of a file of so many bytes.
pub fn file(id: ClientId, bytes: u64, uploaded: bool) -> File {
    let name = "notes.txt".parse().unwrap();
    File { v: FileVersion, media: picture(id, uploaded).media, name, bytes: bytes.try_into().unwrap() }
}

/// The body that an upload is answered with.
pub fn on_server(id: ClientId, body: &MessageBody) -> MessageBody {
    match body {
        MessageBody::File(sent) => MessageBody::File(file(id, sent.bytes.get(), true)),
        _ => MessageBody::Image(picture(id, true)),
    }
}
