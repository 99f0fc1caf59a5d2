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

    async fn alter(&self, statement: &'static str) {
        let work = self.store.writer().run(move |tx| {
            Box::pin(async move {
                sqlx::query(statement).execute(&mut *tx.conn).await?;
                Ok(())
            })
        });
        work.await.unwrap();
    }

    async fn there(&self, id: MediaId) -> bool {
        self.store.files.has(id, crate::store::files::Part::PICTURE).await.unwrap()
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
    fixture.store.files.remove(vec![image.media]).await.unwrap();
    assert_eq!(fixture.store.uploaded(a.id, key(1), now()).await.unwrap(), None);
    assert_eq!(fixture.upload(&a, 1).await.unwrap(), image);
    assert!(fixture.store.uploaded(a.id, key(1), now()).await.unwrap().is_some());
    for number in 2..=200 {
        fixture.upload(&a, number).await.unwrap();
    }
    assert!(matches!(fixture.upload(&a, 201).await, Err(StoreError::TooMany)));
    let begun = fixture.store.receive_file(a.id, key(201), 1).await;
    assert!(matches!(begun, Err(StoreError::TooMany)), "it is refused before it comes");
    assert!(fixture.store.receive_file(a.id, key(200), 1).await.is_ok(), "what is there may come again");
    let begun = fixture.store.receive_file(b.id, key(1), 1024 * 1024 * 1024 + 1).await;
    assert!(matches!(begun, Err(StoreError::TooMany)));
    let admitted = async |key| fixture.store.admit_upload(a.id, key, 1).await;
    assert!(matches!(admitted(key(201)).await, Err(StoreError::TooMany)), "a picture, too, before it comes");
    assert!(admitted(key(200)).await.is_ok());
    assert!(fixture.upload(&b, 201).await.is_ok());
}

/// R002-06: a file that begins to come waits for the folder, and whoever reads does not wait for that.
#[tokio::test]
async fn a_file_that_waits_for_the_folder_keeps_no_reader() {
    let mut fixture = Fixture::new().await;
    let a = fixture.user("aa").await;
    fixture.one_reader().await;
    let files = fixture.store.files.clone();
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let (let_go, wait) = std::sync::mpsc::channel::<()>();
    let holder = std::thread::spawn(move || {
        let _held = files.hold();
        tell.send(()).unwrap();
        wait.recv().unwrap();
    });
    told.recv().unwrap();
    // Who asks first is given the one connection first.
    let (begun, read) = tokio::join!(fixture.store.receive_file(a.id, key(1), 1), async {
        let read = fixture.store.receipts(a.id, Upd::ZERO, 1).await;
        let_go.send(()).unwrap();
        read
    });
    holder.join().unwrap();
    assert!(begun.is_ok() && read.is_ok(), "{:?}", read.err());
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

/// What waits for nearly a day and is uploaded again waits for another day: it is not swept while it is written or sent.
#[tokio::test]
async fn an_upload_that_comes_again_has_its_day() {
    let fixture = Fixture::new().await;
    let a = fixture.user("aa").await;
    let image = fixture.upload(&a, 1).await.unwrap();
    let nearly = DAY - 10 * 60_000;
    assert!(fixture.store.uploaded(a.id, key(1), now()).await.unwrap().is_some());
    assert_eq!(fixture.store.uploaded(a.id, key(1), now() + nearly).await.unwrap(), None);
    fixture.alter("update media set at = at - 85800000").await;
    assert_eq!(fixture.upload(&a, 1).await.unwrap(), image);
    fixture.store.sweep_media(now() + nearly).await.unwrap();
    assert!(fixture.there(image.media).await);
}

/// R001-18: what was erased and not removed, because the process was killed, is removed after the start; what cannot be
/// removed keeps no other.
#[tokio::test]
async fn erased_files_are_removed_after_a_restart() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let mut images = Vec::new();
    for number in 1..=3 {
        let image = fixture.upload(&a, number).await.unwrap();
        fixture.carry(id, &a, number.into(), image).await.unwrap();
        images.push(image.media);
    }
    let kept = images.pop().unwrap();
    for seq in 1..=2 {
        fixture.recall(&a, id, seq, Some(0)).await.unwrap();
    }
    let fixture = fixture.reopen().await;
    assert!(fixture.there(images[0]).await && fixture.there(images[1]).await);
    images.sort_by_key(ToString::to_string);
    let name = images[0].to_string();
    let stuck = fixture.path.path().join("media").join(&name[..2]).join(format!("{name}.new"));
    std::fs::create_dir(&stuck).unwrap();
    assert!(fixture.store.sweep_media(now()).await.is_err());
    assert!(!fixture.there(images[1]).await && fixture.there(kept).await);
    std::fs::remove_dir(&stuck).unwrap();
    fixture.store.sweep_media(now()).await.unwrap();
    assert!(!fixture.there(images[0]).await && fixture.there(kept).await);
}

/// R002-06: what a killed process never finished is removed by the first walk after the start, however young it is; what is
/// on its way in is not.
#[tokio::test]
async fn what_a_killed_process_never_finished_is_removed() {
    let fixture = Fixture::new().await;
    let a = fixture.user("aa").await;
    let mut coming = fixture.store.receive_file(a.id, key(1), 9).await.unwrap();
    coming.push(b"half").await.unwrap();
    let media = fixture.path.path().join("media");
    let shelf = std::fs::read_dir(&media).unwrap().next().unwrap().unwrap().path();
    let near = shelf.file_name().unwrap().to_str().unwrap().to_owned();
    // Another process wrote it, and was killed.
    let left = shelf.join(format!("{near}{}.new", "0".repeat(30)));
    std::fs::write(&left, b"half").unwrap();
    fixture.store.erase_strays(now()).await.unwrap();
    assert!(!left.exists(), "nobody finishes it any more");
    coming.push(b" whole").await.unwrap();
    let (file, replay) =
        fixture.store.keep_file(a.id, key(1), "a".parse().unwrap(), coming.finish().await.unwrap()).await.unwrap();
    assert!(!replay && fixture.store.file_path(file.media).exists());
    // The next walk finds nothing of it that it would take for unfinished.
    fixture.store.erase_strays(now()).await.unwrap();
    assert_eq!(std::fs::read(fixture.store.file_path(file.media)).unwrap(), b"half whole");
}

/// What lies in the folder for a day and is nobody's, because it came with a backup or outlived a power cut, is removed, and
/// what a killed process never finished is, too; what is younger stays, and so does what is somebody's.
#[tokio::test]
async fn what_is_nobodys_is_removed() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let image = fixture.upload(&a, 1).await.unwrap();
    fixture.carry(id, &a, 1, image).await.unwrap();
    // On shelves of their own.
    let near = u8::from_str_radix(&image.media.to_string()[..2], 16).unwrap();
    let [old, young] = [1, 2].map(|further| MediaId::from_bytes([near.wrapping_add(further); 16]));
    let photo = Photo { width: 1, height: 1, whole: vec![1], thumb: vec![2] };
    for stray in [old, young] {
        fixture.store.files.write(stray, photo.clone()).await.unwrap();
    }
    let media = fixture.path.path().join("media");
    let shelf = |id: MediaId| media.join(&id.to_string()[..2]);
    std::fs::write(shelf(image.media).join(format!("{}.new", image.media)), [1]).unwrap();
    std::fs::write(shelf(image.media).join("notes.txt"), [1]).unwrap();
    for id in [image.media, old] {
        for entry in std::fs::read_dir(shelf(id)).unwrap() {
            let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
            file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_millis(DAY + 60_000)).unwrap();
        }
    }
    fixture.store.erase_strays(now()).await.unwrap();
    fixture.store.sweep_media(now()).await.unwrap();
    assert!(fixture.there(image.media).await && fixture.there(young).await && !fixture.there(old).await);
    assert_eq!(std::fs::read_dir(shelf(old)).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(shelf(image.media)).unwrap().count(), 3);
}
