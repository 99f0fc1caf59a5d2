//! Pictures that wait to be sent.

use super::*;
use crate::store::files::Photo;
use protocol::{Image, MediaId};

const DAY: u64 = 24 * 60 * 60 * 1_000;

fn key(number: u8) -> ClientId {
    ClientId::from_bytes([number; 16])
}

impl Fixture {
    async fn upload(&self, owner: &User, number: u8) -> Result<Image, StoreError> {
        let photo = Photo { width: 2, height: 1, whole: vec![number; 3], thumb: vec![number] };
        self.store.keep_medium(owner.id, key(number), [number; 16], photo).await
    }

    async fn carry(
        &self,
        to: ConversationId,
        from: &Arc<User>,
        number: u64,
        image: Image,
    ) -> Result<Appended, StoreError> {
        let message = NewMessage { body: MessageBody::Image(image), ..new(to, from, number, "x") };
        self.store.writer().append(vec![message]).await.unwrap().remove(0)
    }

    async fn there(&self, id: MediaId) -> bool {
        self.store.files.has(id).await.unwrap()
    }
}

/// R002-06: what was uploaded and not sent within a day is swept, files and all; what was sent stays, and so does what is
/// younger. Its key is free again then.
#[tokio::test]
async fn what_nobody_sends_is_swept() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let (sent, unsent) = (fixture.upload(&a, 1).await.unwrap(), fixture.upload(&a, 2).await.unwrap());
    fixture.carry(id, &a, 1, sent).await.unwrap();
    fixture.store.sweep_media(now() + DAY - 60_000).await.unwrap();
    assert!(fixture.there(sent.media).await && fixture.there(unsent.media).await);
    fixture.store.sweep_media(now() + DAY + 60_000).await.unwrap();
    assert!(fixture.there(sent.media).await && !fixture.there(unsent.media).await);
    assert!(matches!(fixture.carry(id, &a, 2, unsent).await, Err(StoreError::NoMedium)));
    let again = fixture.upload(&a, 2).await.unwrap();
    assert_ne!(again.media, unsent.media);
    fixture.carry(id, &a, 2, again).await.unwrap();
}

/// An upload whose files were not written, because the process was killed, is made again under its key; an account
/// has so much waiting and no more.
#[tokio::test]
async fn an_upload_is_made_whole_and_bounded() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let image = fixture.upload(&a, 1).await.unwrap();
    fixture.store.files.remove(image.media).await.unwrap();
    assert_eq!(fixture.store.uploaded(a.id, key(1)).await.unwrap(), None);
    assert_eq!(fixture.upload(&a, 1).await.unwrap(), image);
    assert!(fixture.store.uploaded(a.id, key(1)).await.unwrap().is_some());
    for number in 2..=200 {
        fixture.upload(&a, number).await.unwrap();
    }
    assert!(matches!(fixture.upload(&a, 201).await, Err(StoreError::TooMany)));
    assert!(fixture.upload(&b, 201).await.is_ok());
}

/// R004-B7.5, R001-10: what becomes of a picture in a batch with its own replay is the same as of a text.
#[tokio::test]
async fn a_picture_and_its_replay_meet_in_one_batch() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let image = fixture.upload(&a, 1).await.unwrap();
    let message = |number| NewMessage { body: MessageBody::Image(image), ..new(id, &a, number, "x") };
    let batch = vec![message(1), message(1), message(2), new(id, &a, 3, "text")];
    let outcomes = fixture.store.writer().append(batch).await.unwrap();
    let seqs: Vec<_> =
        outcomes.iter().map(|outcome| outcome.as_ref().ok().map(|sent| sent.message.seq.get())).collect();
    assert_eq!(seqs, [Some(1), Some(1), None, Some(2)]);
    assert!(fixture.carry(id, &a, 1, image).await.unwrap().replay);
}
