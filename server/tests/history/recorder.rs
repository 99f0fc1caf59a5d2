//! Writes a history down while it happens.

use super::event::{Answer, Event, History, Membership, Op, Process, What};
use protocol::{ConversationId, ConversationKind, ErrorCode, Role, Seq, ServerFrame, UserId};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

/// Takes events from any thread, in one order; cheap to clone. Every event goes to the file as a line, too.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<Mutex<Inner>>,
    began: Instant,
    path: Arc<PathBuf>,
}

struct Inner {
    events: Vec<Event>,
    file: BufWriter<File>,
    calls: u64,
    links: u64,
    known: HashSet<ConversationId>,
}

impl Recorder {
    pub fn new(path: &Path) -> Self {
        let file = BufWriter::new(File::create(path).unwrap());
        let inner = Inner { events: Vec::new(), file, calls: 0, links: 0, known: HashSet::new() };
        Self { inner: Arc::new(Mutex::new(inner)), began: Instant::now(), path: Arc::new(path.to_owned()) }
    }

    /// Where the history is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says who is in a conversation, and how many messages it had before the recording.
    pub fn known(&self, conversation: ConversationId, kind: ConversationKind, members: Vec<Membership>, head: Seq) {
        let mut inner = self.lock();
        inner.known.insert(conversation);
        self.write(&mut inner, What::Known { conversation, kind, members, head, later: false });
    }

    /// Says that a direct conversation was opened, unless it was known.
    pub fn opened_direct(&self, conversation: ConversationId, both: [UserId; 2]) {
        let mut inner = self.lock();
        if inner.known.insert(conversation) {
            let member = |account| Membership { account, vis_from: Seq::ZERO, role: Role::Member };
            let (kind, members) = (ConversationKind::Direct, both.map(member).into());
            self.write(&mut inner, What::Known { conversation, kind, members, head: Seq::ZERO, later: true });
        }
    }

    /// Says what the server's process holds.
    pub fn memory(&self, resident: u64, connections: u64, queue: u64) {
        self.add(What::Memory { resident, connections, queue });
    }

    /// Says how many messages a stranger may write before the first answer.
    pub fn strangers(&self, limit: u64) {
        self.add(What::Strangers { limit });
    }

    /// To be called before the request leaves.
    pub fn invoke(&self, process: Process, op: Op) -> Call {
        let mut inner = self.lock();
        inner.calls += 1;
        let call = inner.calls;
        self.write(&mut inner, What::Invoke { call, process, op });
        Call { recorder: self.clone(), call }
    }

    /// A push connection was greeted.
    pub fn opened(&self, process: Process) -> Link {
        let mut inner = self.lock();
        inner.links += 1;
        let link = inner.links;
        self.write(&mut inner, What::Opened { link, process });
        Link { recorder: self.clone(), link }
    }

    pub fn healed(&self) {
        self.add(What::Healed);
    }

    pub fn settled(&self, process: Process) {
        self.add(What::Settled { process });
    }

    pub fn quiet(&self) {
        self.add(What::Quiet);
    }

    /// What was recorded so far; the file is then complete too.
    pub fn history(&self) -> History {
        let mut inner = self.lock();
        inner.file.flush().unwrap();
        History { events: inner.events.clone() }
    }

    fn add(&self, what: What) {
        self.write(&mut self.lock(), what);
    }

    fn write(&self, inner: &mut Inner, what: What) {
        // Under the lock, so that the order of events is the order of their times.
        let at = u64::try_from(self.began.elapsed().as_nanos()).unwrap();
        let event = Event { at, what };
        serde_json::to_writer(&mut inner.file, &event).unwrap();
        inner.file.write_all(b"\n").unwrap();
        inner.events.push(event);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

/// A call under way. Dropped, it stays without an end: nobody knows what became of it.
pub struct Call {
    recorder: Recorder,
    call: u64,
}

impl Call {
    pub fn ok(self, answer: Answer) {
        self.recorder.add(What::Ok { call: self.call, answer: Box::new(answer) });
    }

    /// The server refused. A 5xx is [`Call::info`].
    pub fn fail(self, status: u16, code: ErrorCode) {
        self.recorder.add(What::Fail { call: self.call, status, code });
    }

    pub fn info(self) {
        self.recorder.add(What::Info { call: self.call });
    }
}

/// A push connection.
pub struct Link {
    recorder: Recorder,
    link: u64,
}

impl Link {
    pub fn frame(&self, frame: ServerFrame) {
        self.recorder.add(What::Frame { link: self.link, frame: Box::new(frame) });
    }

    pub fn closed(self, code: Option<u16>) {
        self.recorder.add(What::Closed { link: self.link, code });
    }
}
