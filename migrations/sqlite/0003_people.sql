-- Who knows whom, and who may write to whom.

-- What `account` is to `other`, as `account` has it (R003-09). The rows stand in pairs, and one transaction writes both.
create table relation (
    account  integer not null constraint relation_account references account (id),
    other    integer not null constraint relation_other references account (id),
    -- It lists the other as a friend; the other may have ceased to (R003-08b).
    friend   integer not null default 0,
    follow   integer not null default 0,
    -- The other follows it.
    fan      integer not null default 0,
    blocking integer not null default 0,
    -- The other blocks it. That never leaves the server, and takes no position of the log.
    blocked  integer not null default 0,
    -- The position of the account's log at which it last changed for its owner's devices; 0: they know nothing of it.
    upd      integer not null default 0,
    constraint relation_key primary key (account, other),
    constraint relation_two check (account <> other)
) strict, without rowid;
create index relation_by_upd on relation (account, upd);

-- The last friend request of one to another, whatever became of it.
create table friend_request (
    asker     integer not null constraint friend_request_asker references account (id),
    asked     integer not null constraint friend_request_asked references account (id),
    greeting  text,
    at        integer not null,
    -- 0 waiting, 1 accepted, 2 refused, 3 taken back
    state     integer not null,
    -- Where in the log of each it last changed; 0: its devices know nothing of it.
    asker_upd integer not null,
    asked_upd integer not null,
    constraint friend_request_key primary key (asker, asked)
) strict, without rowid;
create index friend_request_of_asker on friend_request (asker, asker_upd);
create index friend_request_to_asked on friend_request (asked, asked_upd);

-- From whom the account accepts messages: 0 everybody, 1 whom it follows, 2 who follows it, 3 nobody (R004-I15).
alter table account add column messages_from integer not null default 0;

-- Whether the member has ever written in the conversation (R001-04).
alter table member add column answered integer not null default 0;
update member set answered = 1
    from (select distinct conversation, sender from message) as wrote
    where wrote.conversation = member.conversation and wrote.sender = member.account;

-- Holds nothing, and takes nothing: what a send inserts here says that it may have to be refused, and stops its
-- transaction, which then comes again and asks.
create table doubt (
    send integer constraint doubt_of_a_send check (send is null)
) strict;
