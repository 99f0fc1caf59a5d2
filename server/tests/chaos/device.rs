//! A device: the engine, its disk, its clock, and the loop that performs what the engine asks for.

use super::calls;
use crate::support::Person;
use futures::{SinkExt, StreamExt};
use protocol::{ClientFrame, ClientId, ConversationId, MessageBody, Millis, Seq, ServerFrame, path};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sync::{Client, Effect, Input, Item, LinkState, ReadMark, RowKey, Unsent};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A call without an answer for this long has none, by the device's clock, as in the browser.
const PATIENCE: u64 = 15_000;

/// A device's clock: wrong by `ahead`, and running so many times as fast as the world. Heartbeats and pauses are
/// waited for by it, so a fast clock makes a short test of them.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    pub ahead: i64,
    pub speed: u64,
}

impl Clock {
    pub const TRUE: Self = Self { ahead: 0, speed: 1 };

    pub fn fast(speed: u64) -> Self {
        Self { ahead: 0, speed }
    }

    pub fn now(self) -> Millis {
        static BEGIN: std::sync::OnceLock<(SystemTime, std::time::Instant)> = std::sync::OnceLock::new();
        let (began, instant) = BEGIN.get_or_init(|| (SystemTime::now(), std::time::Instant::now()));
        let began = began.duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        let passed = (instant.elapsed() * self.speed as u32).as_millis() as u64;
        (began + passed).saturating_add_signed(self.ahead)
    }

    fn real(self, millis: u64) -> Duration {
        Duration::from_millis(millis) / self.speed as u32
    }
}

/// What a device keeps across reloads.
#[derive(Default)]
struct Disk {
    outbox: BTreeMap<ClientId, Unsent>,
    reads: BTreeMap<ConversationId, Seq>,
    /// The furthest that each own message was shown to have come; for these tests alone.
    marks: BTreeMap<RowKey, ReadMark>,
}

pub struct Device {
    pub person: Person,
    pub clock: Clock,
    disk: Arc<Mutex<Disk>>,
    page: Arc<Page>,
}

/// From one load to the next. Dropped, nothing of it goes on.
struct Page {
    /// The login at the address that the device reaches.
    person: Person,
    clock: Clock,
    disk: Arc<Mutex<Disk>>,
    engine: Mutex<Engine>,
}

struct Engine {
    client: Client,
    http: reqwest::Client,
    dice: super::Dice,
    socket: Option<(mpsc::UnboundedSender<ClientFrame>, JoinSet<()>)>,
    timer: JoinSet<()>,
    calls: JoinSet<()>,
    logged_out: bool,
    stopped: bool,
    /// How often two rows stood side by side though messages lie between them.
    holes: u64,
}

impl Device {
    /// Loads the page straight from the server, then goes by way of `address`.
    pub async fn load(person: &Person, address: &str, clock: Clock, open: Option<ConversationId>) -> Self {
        let disk = Arc::default();
        let page = Page::load(person, address, clock, &disk, open).await;
        Self { person: person.clone(), clock, disk, page }
    }

    /// The page ends whatever it was doing, and is loaded anew.
    pub async fn reload(&mut self) {
        let (open, address) = (self.look(|client| client.open()), self.page.person.address.clone());
        self.page.engine.lock().unwrap().stop();
        self.page = Page::load(&self.person, &address, self.clock, &self.disk, open).await;
    }

    pub fn input(&self, input: Input) {
        self.page.step(input);
    }

    /// The machine was asleep, or the network is another one: the browser drops its idle connections, and tells the page.
    pub fn wake(&self) {
        let mut engine = self.page.engine.lock().unwrap();
        engine.http = http(self.clock);
        drop(engine);
        self.input(Input::Woke);
    }

    pub fn send(&self, conversation: ConversationId, text: &str) {
        let body = MessageBody::text(text.try_into().unwrap());
        let client_id = crate::support::fresh_client_id();
        self.input(Input::Send { conversation, client_id, body });
    }

    /// Everything loaded of the open conversation is on screen.
    pub fn see(&self) {
        let Some(id) = self.look(|client| client.open()) else { return };
        let seq = self.look(|client| {
            let rows = client.items(id).into_iter();
            rows.filter_map(|item| if let Item::Row(row) = item { row.seq } else { None }).max()
        });
        if let Some(seq) = seq {
            self.input(Input::Seen { conversation: id, seq });
        }
    }

    pub fn look<T>(&self, look: impl FnOnce(&Client) -> T) -> T {
        look(&self.page.engine.lock().unwrap().client)
    }

    pub fn live(&self) -> bool {
        self.look(Client::link) == LinkState::Live
    }

    pub fn logged_out(&self) -> bool {
        self.page.engine.lock().unwrap().logged_out
    }

    /// How often two rows stood side by side though messages lie between them.
    pub fn holes(&self) -> u64 {
        self.page.engine.lock().unwrap().holes
    }

    /// How many messages the disk keeps.
    pub fn unsent(&self) -> usize {
        self.disk.lock().unwrap().outbox.len()
    }
}

impl Page {
    async fn load(
        person: &Person,
        address: &str,
        clock: Clock,
        disk: &Arc<Mutex<Disk>>,
        open: Option<ConversationId>,
    ) -> Arc<Self> {
        let client = Client::new(calls::start(person, open).await);
        let engine = Engine {
            client,
            http: http(clock),
            dice: super::Dice(u64::from(person.device)),
            socket: None,
            timer: JoinSet::new(),
            calls: JoinSet::new(),
            logged_out: false,
            stopped: false,
            holes: 0,
        };
        let person = Person { address: address.to_owned(), ..person.clone() };
        let page = Arc::new(Self { person, clock, disk: disk.clone(), engine: Mutex::new(engine) });
        let (reads, unsent) = {
            let disk = disk.lock().unwrap();
            let reads = disk.reads.iter().map(|(id, seq)| (*id, *seq)).collect();
            (reads, disk.outbox.values().cloned().collect())
        };
        page.step(Input::ReadsRestored(reads));
        page.step(Input::OutboxRestored(unsent));
        page.step(Input::Started);
        page
    }

    fn step(self: &Arc<Self>, input: Input) {
        let mut engine = self.engine.lock().unwrap();
        if engine.stopped {
            return;
        }
        let random = engine.dice.roll();
        let effects = engine.client.step(self.clock.now(), random, input);
        effects.into_iter().for_each(|effect| self.perform(&mut engine, effect));
        engine.look(&mut self.disk.lock().unwrap());
    }

    fn perform(self: &Arc<Self>, engine: &mut Engine, effect: Effect) {
        let page = Arc::downgrade(self);
        let mut disk = self.disk.lock().unwrap();
        match effect {
            Effect::Connect => {
                let (frames, queue) = mpsc::unbounded_channel();
                let mut task = JoinSet::new();
                task.spawn(connect(page, self.person.clone(), queue));
                engine.socket = Some((frames, task));
            }
            Effect::Disconnect => engine.socket = None,
            Effect::Frame(frame) => {
                if let Some((frames, _)) = &engine.socket {
                    let _ = frames.send(frame);
                }
            }
            Effect::Request { id, request } => {
                let person = Person { http: engine.http.clone(), ..self.person.clone() };
                engine.calls.spawn(async move {
                    let answer = calls::call(&person, request).await;
                    tell(&page, Input::Answered { request: id, answer });
                });
            }
            Effect::Wake { at } => {
                let wait = self.clock.real(at.saturating_sub(self.clock.now()));
                engine.timer = JoinSet::new();
                engine.timer.spawn(async move {
                    tokio::time::sleep(wait).await;
                    tell(&page, Input::Tick);
                });
            }
            Effect::Persist(unsent) => drop(disk.outbox.insert(unsent.client_id, unsent)),
            Effect::Forget(client_id) => drop(disk.outbox.remove(&client_id)),
            Effect::KeepRead { conversation, seq } => drop(disk.reads.insert(conversation, seq)),
            Effect::ForgetRead(conversation) => drop(disk.reads.remove(&conversation)),
            // These people type nothing that they do not send.
            Effect::KeepDraft(_) | Effect::ForgetDraft(_) | Effect::DraftKnown { .. } => {}
            Effect::LoggedOut => engine.logged_out = true,
        }
    }
}

impl Engine {
    fn stop(&mut self) {
        self.stopped = true;
        self.socket = None;
        self.timer.abort_all();
        self.calls.abort_all();
    }

    /// What the page shows now, beside what it showed before: one order, and no mark that falls (R000-20, T1, T11).
    fn look(&mut self, disk: &mut Disk) {
        while self.calls.try_join_next().is_some() {}
        let Some(id) = self.client.open() else { return };
        let mut last = None;
        let mut gap = true;
        for item in self.client.items(id) {
            let Item::Row(row) = item else {
                gap = true;
                continue;
            };
            // One's own is at the end until the log has come so far.
            let follows = row.mark.is_some() || row.seq == last.map(Seq::next);
            self.holes += u64::from(!gap && !follows);
            gap = false;
            assert!(row.seq.is_none() || row.seq > last, "rows out of order: {:?} after {last:?}", row.seq);
            assert!(row.seq.is_some() || row.mark.is_some(), "another's message without an address");
            last = row.seq.or(last);
            if let (Some(mark), Some(_)) = (row.mark, row.seq) {
                let before = disk.marks.insert(row.key, mark);
                assert!(before <= Some(mark), "a mark fell from {before:?} to {mark:?}");
            }
        }
    }
}

fn http(clock: Clock) -> reqwest::Client {
    reqwest::Client::builder().timeout(clock.real(PATIENCE)).tcp_nodelay(true).build().unwrap()
}

fn tell(page: &Weak<Page>, input: Input) {
    if let Some(page) = page.upgrade() {
        page.step(input);
    }
}

async fn connect(page: Weak<Page>, person: Person, mut queue: mpsc::UnboundedReceiver<ClientFrame>) {
    let code = talk(&page, &person, &mut queue).await;
    tell(&page, Input::SocketClosed { code });
}

/// Until the connection ends; the close code.
async fn talk(page: &Weak<Page>, person: &Person, queue: &mut mpsc::UnboundedReceiver<ClientFrame>) -> u16 {
    const BROKEN: u16 = 1006;
    let mut request = format!("ws://{}{}", person.address, path::PUSH).into_client_request().unwrap();
    let bearer = format!("Bearer {}", person.token);
    request.headers_mut().insert("authorization", bearer.parse().unwrap());
    let Ok((mut socket, _)) = connect_async(request).await else { return BROKEN };
    tell(page, Input::SocketOpened);
    loop {
        tokio::select! {
            frame = socket.next() => match frame {
                Some(Ok(Message::Text(text))) => {
                    let frame: ServerFrame = serde_json::from_str(&text).expect("a frame of this version");
                    tell(page, Input::SocketFrame(frame));
                }
                Some(Ok(Message::Close(frame))) => return frame.map_or(1005, |frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return BROKEN,
            },
            Some(frame) = queue.recv() => {
                let text = serde_json::to_string(&frame).unwrap();
                if socket.send(Message::Text(text.into())).await.is_err() {
                    return BROKEN;
                }
            }
        }
    }
}
