-- What members are called, what auditors removed, why one is no member any more.

-- The position of the group's log at which the nickname last changed; 0: the member never had one.
alter table member add column nickname_rev integer not null default 0;
update member set nickname_rev = (select max(1, c.rev) from conversation as c where c.id = member.conversation)
    where nickname is not null;
create index member_by_nickname on member (conversation, nickname_rev) where nickname_rev > 0;

-- 0 left, 1 removed, 2 the group was dissolved
alter table former add column why integer not null default 0;

-- Messages that were taken from everybody after an audit, as they were: no member reads this table.
create table quarantine (
    conversation integer not null constraint quarantine_conversation references conversation (id),
    seq          integer not null,
    type         integer not null,
    body         text    not null,
    at           integer not null,
    constraint quarantine_key primary key (conversation, seq)
) strict, without rowid;
