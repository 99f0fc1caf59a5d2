-- What devices and people must agree on: messages hidden and withheld, conversations deleted on a device, settings of
-- receipts, and reports.

-- Whether others learn what the account received and read, and it what they did; and where in its log that changed last.
alter table account add column receipts integer not null default 1;
alter table account add column settings_upd integer not null default 0;

-- The newest message that the member sent: it tells everybody that they have read what is before it.
alter table member add column sent integer not null default 0;
-- The furthest that any device of the member deleted the conversation through: where a new device begins.
alter table member add column floor integer not null default 0;

update member set sent = newest.seq
    from (select conversation, sender, max(seq) as seq from message group by conversation, sender) as newest
    where newest.conversation = member.conversation and newest.sender = member.account;

-- From now on a receipt says what was told, and a member's cursors are the member's own: what had been told so far.
insert into receipt (owner, conversation, reader, delivered, read, upd)
    select owner.id, m.conversation, m.account, m.delivered, m.read,
        owner.upd + row_number() over (partition by owner.id order by m.conversation)
    from member as m
    join conversation as c on c.id = m.conversation and c.kind = 0
    join member as other on other.conversation = m.conversation and other.account <> m.account
    join account as owner on owner.id = other.account
    where true
    on conflict (owner, conversation, reader)
    do update set delivered = max(receipt.delivered, excluded.delivered), read = max(receipt.read, excluded.read),
        upd = excluded.upd;
update account set upd = max(upd, (select coalesce(max(receipt.upd), 0) from receipt where receipt.owner = account.id));

-- A device deleted the conversation through this message: only there, and until a later one comes.
create table floor (
    device       integer not null constraint floor_device references login (id) on delete cascade,
    conversation integer not null constraint floor_conversation references conversation (id),
    seq          integer not null,
    -- The commit that put it there: the device may not have heard the answer, and its next sync tells.
    version      integer not null,
    constraint floor_key primary key (device, conversation)
) strict, without rowid;
create index floor_by_version on floor (version);

-- Messages that one account does not see.
create table hidden (
    account      integer not null constraint hidden_account references account (id),
    conversation integer not null constraint hidden_conversation references conversation (id),
    seq          integer not null,
    -- 0 deleted for oneself, 1 reported, 2 withheld by the sender
    why          integer not null,
    -- 0 once the account took it back: the row stays, so that its devices hear of that.
    hidden       integer not null default 1,
    -- The account log's position; 0 when withheld, which nobody is told.
    upd          integer not null,
    constraint hidden_key primary key (account, conversation, seq)
) strict, without rowid;
create index hidden_by_upd on hidden (account, upd);
create index hidden_by_message on hidden (conversation, seq);

-- What the server made in place of a message (type 100 and above) counts for nothing: the few there are, by place.
create index message_silent on message (conversation, seq) where type >= 100;

-- Tickets. The evidence is the message and what stood before it, as JSON, whatever becomes of them later.
create table report (
    id           integer primary key,
    conversation integer not null constraint report_conversation references conversation (id),
    seq          integer not null,
    reporter     integer not null constraint report_reporter references account (id),
    reason       text    not null,
    note         text,
    evidence     text    not null,
    at           integer not null,
    constraint report_once unique (reporter, conversation, seq)
) strict;
