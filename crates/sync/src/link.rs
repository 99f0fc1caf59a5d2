//! The push connection as the device sees it: connecting, catching up, live, or waiting to try again.
//!
//! Invariants: attempts spread by jittered back-off, which only a connection that held resets (R004-G10); a connection
//! that looks open is not believed after a sleep (R004-G9, T16). Deliberately absent: sockets and timers.

use crate::Effect;
use protocol::{ClientFrame, Millis};

/// The shortest and the longest pause between two attempts.
const PAUSE_MIN: Millis = 500;
const PAUSE_MAX: Millis = 30_000;
/// How long a connection must hold before the pauses begin again at the shortest.
const STABLE: Millis = 5_000;
/// How long the server may take to greet.
const GREETING: Millis = 10_000;
/// How long an answer to a ping may take: to a heartbeat, and to a probe.
const HEARTBEAT_ANSWER: Millis = 10_000;
const PROBE_ANSWER: Millis = 3_000;
/// A timer that rings this late means that the machine slept.
const SLEPT: Millis = 5_000;
/// An interruption shorter than this is not worth a word.
const PATIENCE: Millis = 2_000;

/// What the page tells about its connection. `since`: when it was last live, or asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Nobody has asked for a connection, or the login was ended.
    Idle,
    Connecting {
        since: Millis,
    },
    /// Connected; what passed by is being fetched.
    Resyncing {
        since: Millis,
    },
    Live,
    Waiting {
        since: Millis,
        retry_at: Millis,
    },
}

/// A pause after `failures` failed attempts: doubling, the upper half of it random.
pub(crate) fn backoff(failures: u32, random: u64) -> Millis {
    let longest = (2 * PAUSE_MIN).saturating_mul(1 << failures.min(16)).min(PAUSE_MAX);
    longest / 2 + random % (longest / 2 + 1)
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Idle,
    Connecting { started: Millis },
    Open { greeted: Millis, ping_at: Millis, pong_by: Option<Millis>, synced: bool },
    Waiting { retry_at: Millis },
}

#[derive(Clone, Debug)]
pub(crate) struct Link {
    phase: Phase,
    since: Millis,
    /// The interruption has lasted long enough to be told.
    told: bool,
    failures: u32,
    heartbeat: Millis,
    /// Since when the server owes an answer to a ping.
    pinged: Option<Millis>,
    /// Nothing was heard since it was asked once more, because the machine had slept.
    doubted: bool,
}

impl Link {
    pub fn new() -> Self {
        Self { phase: Phase::Idle, since: 0, told: false, failures: 0, heartbeat: 25_000, pinged: None, doubted: false }
    }

    pub fn state(&self) -> LinkState {
        let since = self.since;
        match self.phase {
            Phase::Idle => LinkState::Idle,
            Phase::Connecting { .. } => LinkState::Connecting { since },
            Phase::Open { synced: false, .. } => LinkState::Resyncing { since },
            Phase::Open { synced: true, .. } => LinkState::Live,
            Phase::Waiting { retry_at } => LinkState::Waiting { since, retry_at },
        }
    }

    /// Whether a person should be told that the connection is interrupted.
    pub fn interrupted(&self) -> bool {
        self.told
    }

    /// Whether the server has greeted on this connection.
    pub fn open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }

    pub fn live(&self) -> bool {
        matches!(self.phase, Phase::Open { synced: true, .. })
    }

    pub fn start(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Idle) {
            self.since = now;
            self.connect(now, effects);
        }
    }

    pub fn greeted(&mut self, now: Millis, heartbeat_s: u64) {
        self.heartbeat = heartbeat_s.clamp(1, 3_600) * 1_000;
        if !self.open() {
            let ping_at = now + self.heartbeat;
            self.phase = Phase::Open { greeted: now, ping_at, pong_by: None, synced: false };
        }
    }

    /// Everything that had passed by is fetched.
    pub fn caught_up(&mut self) {
        if let Phase::Open { synced, .. } = &mut self.phase {
            *synced = true;
            self.told = false;
        }
    }

    /// A frame came: the connection is alive.
    pub fn heard(&mut self) {
        self.doubted = false;
        if let Phase::Open { pong_by, .. } = &mut self.phase {
            *pong_by = None;
        }
    }

    /// An answer to a ping came. Tells whether it came at once, as far as can be known: after two pings it may be to the first.
    pub fn answered(&mut self, now: Millis) -> bool {
        self.pinged.take().is_some_and(|at| now < at + PROBE_ANSWER)
    }

    /// The connection ended, or could not be made.
    pub fn closed(&mut self, now: Millis, random: u64) {
        if matches!(self.phase, Phase::Idle | Phase::Waiting { .. }) {
            return;
        }
        if let Phase::Open { greeted, .. } = self.phase
            && now >= greeted + STABLE
        {
            self.failures = 0;
        }
        self.interrupt(now);
        self.phase = Phase::Waiting { retry_at: now + backoff(self.failures, random) };
        self.failures = self.failures.saturating_add(1);
    }

    /// The page is visible again, or the network is back. Tells whether an attempt was given up.
    #[must_use]
    pub fn woke(&mut self, now: Millis, effects: &mut Vec<Effect>) -> bool {
        let given_up = matches!(self.phase, Phase::Connecting { started } if started + PROBE_ANSWER <= now);
        match &mut self.phase {
            Phase::Idle => {}
            Phase::Connecting { .. } if !given_up => {}
            Phase::Waiting { .. } | Phase::Connecting { .. } => self.connect(now, effects),
            Phase::Open { ping_at, pong_by, .. } => {
                *ping_at = now + self.heartbeat;
                *pong_by = Some(pong_by.map_or(now + PROBE_ANSWER, |by| by.clamp(now, now + PROBE_ANSWER)));
                self.pinged.get_or_insert(now);
                effects.push(Effect::Frame(ClientFrame::Ping));
            }
        }
        given_up
    }

    /// Takes a new connection for one on which the server has greeted.
    pub fn renew(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        if self.open() {
            self.interrupt(now);
            effects.push(Effect::Disconnect);
            self.connect(now, effects);
        }
    }

    pub fn end(&mut self, effects: &mut Vec<Effect>) {
        self.phase = Phase::Idle;
        self.told = false;
        effects.push(Effect::Disconnect);
    }

    /// Does what is due. Tells whether an attempt was given up, on which the server had not greeted in time.
    #[must_use]
    pub fn tick(&mut self, now: Millis, random: u64, effects: &mut Vec<Effect>) -> bool {
        if !self.told && self.told_at().is_some_and(|at| at <= now) {
            self.told = true;
        }
        match &mut self.phase {
            Phase::Waiting { retry_at } if *retry_at <= now => self.connect(now, effects),
            Phase::Connecting { started } if *started + GREETING <= now => {
                effects.push(Effect::Disconnect);
                self.closed(now, random);
                return true;
            }
            Phase::Open { ping_at, pong_by, .. } => match *pong_by {
                // The answer may stand in the socket, unread since the machine slept: ask once more. Where timers are slow
                // they all ring late, so no more than once.
                Some(by) if by + SLEPT < now && !self.doubted => {
                    self.doubted = true;
                    *ping_at = now + self.heartbeat;
                    *pong_by = Some(now + PROBE_ANSWER);
                    self.pinged.get_or_insert(now);
                    effects.push(Effect::Frame(ClientFrame::Ping));
                }
                Some(by) if by <= now => self.renew(now, effects),
                _ if *ping_at <= now => {
                    *ping_at = now + self.heartbeat;
                    pong_by.get_or_insert(now + HEARTBEAT_ANSWER);
                    self.pinged.get_or_insert(now);
                    effects.push(Effect::Frame(ClientFrame::Ping));
                }
                _ => {}
            },
            _ => {}
        }
        false
    }

    pub fn due(&self) -> Option<Millis> {
        let next = match self.phase {
            Phase::Idle => None,
            Phase::Connecting { started } => Some(started + GREETING),
            Phase::Open { ping_at, pong_by, .. } => Some(pong_by.map_or(ping_at, |by| by.min(ping_at))),
            Phase::Waiting { retry_at } => Some(retry_at),
        };
        let told_at = self.told_at().filter(|_| !self.told);
        [next, told_at].into_iter().flatten().min()
    }

    fn told_at(&self) -> Option<Millis> {
        (!self.live() && !matches!(self.phase, Phase::Idle)).then_some(self.since + PATIENCE)
    }

    fn interrupt(&mut self, now: Millis) {
        if self.live() {
            self.since = now;
        }
    }

    fn connect(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        self.phase = Phase::Connecting { started: now };
        (self.doubted, self.pinged) = (false, None);
        effects.push(Effect::Connect);
    }
}
