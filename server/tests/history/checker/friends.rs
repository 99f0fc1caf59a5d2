//! Invariant 22, what people are to each other: nobody is told a relation that cannot be, two who asked each other are
//! friends, and in the end both sides agree.

use super::super::event::{Answer, Op};
use super::super::facts::Facts;
use super::super::sighting::{Said, tellings};
use super::Findings;
use protocol::{Relation, UserId};
use std::collections::HashMap;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let society = &facts.society;
    // What each account is told in the end, and by which event.
    let mut last: HashMap<(UserId, UserId), (Relation, usize)> = HashMap::new();
    for telling in tellings(facts) {
        let (me, from, to) = (telling.process.account, telling.made, telling.at);
        telling.relations(|other, relation| {
            let Relation { friend, follow, fan, .. } = relation;
            let wrong = !society.may_be_friend(me, other, from, to).contains(&friend)
                || !society.may_follow(me, other, from, to).contains(&follow)
                || !society.may_follow(other, me, from, to).contains(&fan);
            if wrong {
                let sentence = format!("account {me} was told of account {other} what cannot be: {relation:?}");
                findings.add(22, &[telling.event], sentence);
            }
        });
        if let Said::Answer(Op::Contact { other }, Answer::Contact(told)) = telling.said
            && telling.last
        {
            last.insert((me, *other), (told.relation, telling.event));
        }
    }
    for ((me, other), (mine, event)) in &last {
        let Some((theirs, their_event)) = last.get(&(*other, *me)).filter(|_| me < other) else { continue };
        let friends = mine.friend == theirs.friend || society.parted(*me, *other);
        if !friends || mine.follow != theirs.fan || mine.fan != theirs.follow {
            let sentence = format!("accounts {me} and {other} disagree: {mine:?} and {theirs:?}");
            findings.add(22, &[*event, *their_event], sentence);
        }
    }
}
