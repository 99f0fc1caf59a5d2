//! Storing, reporting and counting in every order (T6), on the real writer and real snapshots.
//!
//! Nothing runs here but when its step is taken: commands are put into the writer's queue, the writer runs until its queue
//! is empty, a snapshot begins, a page is read in it. So every merge of the sequences is also every way to divide the
//! commands into transactions.

use super::super::{conversations, unread};
use super::*;
use crate::push::{Connected, Hub};
use futures::future::{BoxFuture, Either, join_all, select};
use protocol::ServerFrame;
use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The peer's next message goes to the writer.
    Send,
    /// What the reader's device reports goes to the writer: read through 1, then through 2, whether they are there or not.
    Report,
    /// The writer takes all that waits for it, and tells the hub.
    Write,
    /// A snapshot begins with the count; then the messages that make it are read in the same.
    Read,
}

const SEQUENCES: [[Step; 2]; 4] = [[Step::Send; 2], [Step::Report; 2], [Step::Write; 2], [Step::Read; 2]];

/// All merges of the sequences: each step of each in its order.
fn merges() -> Vec<Vec<Step>> {
    let mut all = Vec::new();
    merge([0; 4], &mut Vec::new(), &mut all);
    all
}

fn merge(done: [usize; 4], so_far: &mut Vec<Step>, all: &mut Vec<Vec<Step>>) {
    if so_far.len() == SEQUENCES.as_flattened().len() {
        all.push(so_far.clone());
        return;
    }
    for (n, sequence) in SEQUENCES.iter().enumerate() {
        if let Some(step) = sequence.get(done[n]) {
            so_far.push(*step);
            let mut next = done;
            next[n] += 1;
            merge(next, so_far, all);
            so_far.pop();
        }
    }
}

/// What must be true, kept beside the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    head: u64,
    read: u64,
}

/// Commands in the writer's queue, and what they will have done.
#[derive(Default)]
struct Waiting {
    commands: Vec<BoxFuture<'static, ()>>,
    sends: u64,
    /// How far the last report says that it was read.
    reported: u64,
    reports: Vec<u64>,
}

impl Waiting {
    /// Puts the command into the queue, and leaves it there.
    fn put(&mut self, mut command: BoxFuture<'static, ()>) {
        let Poll::Pending = command.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("answered before it was written");
        };
        self.commands.push(command);
    }
}

struct Stage {
    store: Store,
    writing: Pin<Box<dyn Future<Output = Result<(), StoreError>>>>,
    committed: mpsc::Receiver<Committed>,
    hub: Hub,
    sender: Arc<User>,
    me: Arc<User>,
    /// The last position of each account's log that was told.
    told: HashMap<UserId, Upd>,
    keys: u64,
}

impl Stage {
    fn put(&mut self, waiting: &mut Waiting, id: ConversationId, step: Step) {
        let writer = self.store.writer().clone();
        let command: BoxFuture<'static, ()> = match step {
            Step::Send => {
                waiting.sends += 1;
                self.keys += 1;
                let roster = Roster::new(protocol::ConversationKind::Group, vec![self.sender.id, self.me.id]);
                let message = NewMessage { roster: Arc::new(roster), ..new(id, &self.sender, self.keys, "text") };
                Box::pin(async move { assert!(writer.append(vec![message]).await.unwrap().remove(0).is_ok()) })
            }
            _ => {
                waiting.reported += 1;
                let (delivered, read) = (seq(waiting.reported), seq(waiting.reported));
                let cursors = Cursors { delivered, read };
                waiting.reports.push(waiting.reported);
                let report = NewReport { account: self.me.id, conversation: id, cursors };
                Box::pin(async move { writer.report(vec![report]).await.unwrap() })
            }
        };
        waiting.put(command);
    }

    /// Runs the writer until it has answered what waits, and tells the hub what it tells.
    async fn write(&mut self, waiting: &mut Waiting, state: &mut State) {
        let (commands, reports) = (std::mem::take(&mut waiting.commands), std::mem::take(&mut waiting.reports));
        let answered = join_all(commands);
        assert!(matches!(select(&mut self.writing, answered).await, Either::Right(_)), "the writer goes on");
        state.head += std::mem::take(&mut waiting.sends);
        // Messages of a transaction are stored before what is reported in it, and nobody reads what is not there.
        state.read = reports.into_iter().map(|read| read.min(state.head)).fold(state.read, u64::max);
        while let Ok(Committed { events }) = self.committed.try_recv() {
            events.into_iter().for_each(|event| self.hub.publish(event));
        }
    }

    /// Plays one merge; tells whether two reads without a snapshot would have contradicted each other.
    async fn play(&mut self, id: ConversationId, steps: &[Step]) -> bool {
        let mut devices = [&self.sender, &self.me].map(|user| self.hub.connect(user.id, 1_u64.try_into().unwrap()));
        let (mut waiting, mut state) = (Waiting::default(), State::default());
        let (mut reading, mut contradiction) = (None, false);
        let me = reader(&self.me);
        for step in steps {
            match (step, reading.take()) {
                (Step::Send | Step::Report, begun) => {
                    self.put(&mut waiting, id, *step);
                    reading = begun;
                }
                (Step::Write, begun) => {
                    self.write(&mut waiting, &mut state).await;
                    reading = begun;
                }
                (Step::Read, None) => {
                    let mut snapshot = self.store.reader.begin().await.unwrap();
                    let about = only(conversations::one(&mut snapshot, me, id).await.unwrap()).unwrap();
                    assert_eq!((about.head_seq, about.own.read), (seq(state.head), seq(state.read)), "{steps:?}");
                    assert_eq!(about.unread, state.head - state.read, "{steps:?}");
                    reading = Some((snapshot, about));
                }
                (Step::Read, Some((mut snapshot, about))) => {
                    let page = unread::page(&mut snapshot, me, &about, None, 10).await.unwrap();
                    assert_eq!(page.messages.len() as u64, about.unread, "{steps:?}");
                    let mut conn = self.store.reader.acquire().await.unwrap();
                    let now = only(conversations::one(&mut conn, me, id).await.unwrap()).unwrap();
                    contradiction = now.unread != about.unread;
                }
            }
        }
        self.write(&mut waiting, &mut state).await;
        let about = only(self.store.conversation(me, id).await.unwrap()).unwrap();
        assert_eq!((about.head_seq, about.own.read), (seq(2), seq(state.read)), "{steps:?}");
        assert_eq!(about.unread, 2 - state.read, "{steps:?}");
        self.hear(&mut devices, id, &about, steps);
        contradiction
    }

    /// What the devices were told: the conversation's log from its beginning to its end, and each account's, without a
    /// hole, and no cursor that goes back.
    fn hear(&mut self, devices: &mut [Connected; 2], id: ConversationId, about: &Conversation, steps: &[Step]) {
        for device in devices {
            let (mut log, mut read) = (None, Seq::ZERO);
            while let Ok(frame) = device.queue.try_recv() {
                match serde_json::from_str(frame.as_str()).unwrap() {
                    ServerFrame::Conversation { conversation, prev, pos, .. } => {
                        assert!(conversation == id && log.is_none_or(|log| log == prev), "{steps:?}");
                        log = Some(pos);
                    }
                    ServerFrame::Account { prev, pos, changes } => {
                        let before = self.told.insert(device.account, pos);
                        assert!(before.is_none_or(|before| before == prev), "{steps:?}");
                        for change in changes {
                            let cursors = match change {
                                AccountChange::Own { cursors, .. } => cursors,
                                AccountChange::Receipt(receipt) => receipt.cursors,
                                other => panic!("{other:?}"),
                            };
                            assert!(read < cursors.read, "{steps:?}");
                            read = cursors.read;
                        }
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!((log, read), (Some(about.rev), about.own.read), "{steps:?}");
        }
    }
}

/// Two people, and a group of theirs of each name.
async fn settle(store: &Store, names: &[String]) -> ((Arc<User>, Arc<User>), HashMap<String, ConversationId>) {
    let person = |handle: &str| imports::Person {
        name: handle.to_owned(),
        handle: handle.try_into().unwrap(),
        display_name: handle.try_into().unwrap(),
    };
    let people = ["aa", "bb"].map(person);
    let (ids, _) = store.import_accounts("test".to_owned(), people.to_vec(), None).await.unwrap();
    let user = |person: imports::Person| Arc::new(User::new(ids[&person.name], person.handle, person.display_name));
    let [sender, me] = people.map(user);
    let chat = |name: &String| imports::Chat {
        name: name.clone(),
        kind: protocol::ConversationKind::Group,
        created_at: 1,
        members: vec![sender.id, me.id],
    };
    let chats = names.iter().map(chat).collect();
    let (rooms, _) = store.import_conversations("test".to_owned(), chats).await.unwrap();
    ((sender, me), rooms)
}

/// T6: in every order of sending, reporting, committing and counting each count is that of its snapshot, every report
/// arrives, and what is told has no hole.
#[tokio::test]
async fn storing_and_reading_do_not_race_in_any_order() {
    let merges = merges();
    assert_eq!(merges.len(), 2_520, "8! / (2! 2! 2! 2!)");
    let memory = std::path::Path::new("/dev/shm");
    let path = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let path = path.unwrap();
    let (store, mut task) = Store::open(Folder::take(path.path()).unwrap()).await.unwrap();
    let committed = task.take_committed().unwrap();
    let mut writing = Box::pin(task.run());
    let names = (0..merges.len()).map(|n| n.to_string()).collect::<Vec<_>>();
    let Either::Right((people, _)) = select(&mut writing, Box::pin(settle(&store, &names))).await else {
        panic!("the writer ended");
    };
    let ((sender, me), rooms) = people;
    let (hub, told) = (Hub::default(), HashMap::new());
    let mut stage = Stage { store, writing, committed, hub, sender, me, told, keys: 0 };
    let mut contradictions = 0;
    for (name, steps) in names.iter().zip(&merges) {
        contradictions += usize::from(stage.play(rooms[name], steps).await);
    }
    // The orders that would show it are among them.
    assert!(contradictions > 0, "no commit fell between a count and its messages");
}
