//! The pages of one browser: who leads, what they say to each other, and how one is loaded anew.

use super::World;
use crate::backend::Login;
use crate::wire;
use protocol::frame::close;
use protocol::{ConversationId, path};
use std::rc::Rc;
use sync::Input;
use sync::tabs::Role;

impl World<'_> {
    /// The other pages of a page's browser.
    fn others(&self, n: usize) -> Vec<usize> {
        let kept = &self.devices[n].kept;
        let same = |&other: &usize| other != n && Rc::ptr_eq(&self.devices[other].kept, kept);
        (0..self.devices.len()).filter(same).collect()
    }

    /// What pages have said is on its way to the others, and where a page that led is gone another leads.
    pub(super) fn exchange(&mut self) {
        for n in 0..self.devices.len() {
            if self.devices[n].logged_out && self.devices[n].leads() {
                self.resign(n);
            }
            let words = self.devices[n].take_words();
            if !words.is_empty() {
                for other in self.others(n) {
                    words.iter().for_each(|word| self.devices[other].overhear(word));
                }
            }
        }
    }

    /// The page is gone.
    fn resign(&mut self, n: usize) {
        let led = self.devices[n].leads();
        self.devices[n].resign();
        let next = self.others(n).into_iter().find(|&other| !self.devices[other].logged_out);
        if let Some(next) = next.filter(|_| led) {
            self.devices[next].lead(self.now);
        }
    }

    /// How a page that begins now stands.
    fn role(&self, n: usize) -> Role {
        match self.others(n).into_iter().any(|other| self.devices[other].leads()) {
            true => Role::Follower,
            false => Role::Leader,
        }
    }

    /// The page is loaded anew; where the login was ended, after logging in again.
    pub(super) async fn reload(&mut self, n: usize, open: Option<ConversationId>) {
        self.resign(n);
        let mut login = self.devices[n].login.clone();
        if !self.stands(&login).await {
            let others = self.others(n);
            let mut again = None;
            for other in &others {
                let other = self.devices[*other].login.clone();
                if other.token != login.token && self.stands(&other).await {
                    again = Some(other);
                }
            }
            // Another page of the browser may have logged in again.
            if let Some(again) = again {
                login = again;
            } else {
                let account = login.account.clone();
                login = self.backend.log_in(&account).await;
                self.oracle.logged_in(&login);
                // Whoever had the ended login hears of its end before somebody logs in with the same browser.
                for other in others {
                    self.devices[other].step(self.now, Input::SocketClosed { code: close::REVOKED });
                }
                self.exchange();
            }
        }
        let rendered = self.devices[n].rendered.take().filter(|(token, _)| *token == login.token);
        let late = rendered.is_some();
        let start = match rendered {
            Some((_, start)) => start,
            None => self.start(&login, open).await,
        };
        let (now, role) = (self.now, self.role(n));
        let device = &mut self.devices[n];
        device.login = login;
        device.past.clear();
        device.reload(now, start, role, late);
        if late {
            self.oracle.count("late pages");
        }
    }

    /// The server makes a page, which is slow to come: what was there before goes on until it is loaded.
    pub(super) async fn render(&mut self, n: usize, open: Option<ConversationId>) {
        let login = self.devices[n].login.clone();
        if self.stands(&login).await {
            let start = self.start(&login, open).await;
            self.devices[n].rendered = Some((login.token, start));
        }
    }

    /// Whether a login has not been ended.
    async fn stands(&mut self, login: &Login) -> bool {
        let account = wire::get(path::ACCOUNT_ME.to_owned());
        self.backend.call(&login.token, account).await.0.is_success()
    }

    /// The page is begun anew from what is stored, if anything is.
    pub(super) fn revive(&mut self, n: usize) {
        let device = &self.devices[n];
        if let Some(stored) = device.stored().filter(|_| !device.logged_out) {
            let led = device.leads();
            self.resign(n);
            let role = self.role(n);
            self.devices[n].revive(self.now, &stored, (led, role));
        }
    }
}
