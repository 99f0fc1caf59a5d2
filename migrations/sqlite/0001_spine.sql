-- Accounts, logins, conversations, members, messages, receipts.
-- Positions: seq and rev belong to a conversation, upd to an account, version is the writer's commit number.

create table account (
    id            integer primary key,
    handle        text    not null constraint account_handle unique,
    display_name  text    not null,
    -- Argon2id in PHC form; null: nobody can log in.
    password_hash text,
    created_at    integer not null,
    upd           integer not null default 0
) strict;

create table login (
    id           integer primary key,
    account      integer not null constraint login_account references account (id),
    -- SHA-256 of the token, which the server itself does not keep.
    token_hash   blob    not null constraint login_token unique,
    device_name  text    not null,
    created_at   integer not null,
    last_seen_at integer not null
) strict;
create index login_by_account on login (account);

create table conversation (
    id          integer primary key,
    -- 0 direct, 1 group
    kind        integer not null,
    -- A direct conversation's two accounts, numerically smaller first (R001-09); both equal with oneself.
    low         integer constraint conversation_low references account (id),
    high        integer constraint conversation_high references account (id),
    title       text,
    created_at  integer not null,
    active_at   integer not null,
    head_seq    integer not null default 0,
    rev         integer not null default 0,
    members     integer not null,
    version     integer not null,
    constraint conversation_direct unique (low, high),
    constraint conversation_shape check ((kind = 0) = (low is not null and high is not null and low <= high))
) strict;
create index conversation_by_version on conversation (version);

create table member (
    account      integer not null constraint member_account references account (id),
    conversation integer not null constraint member_conversation references conversation (id),
    vis_from     integer not null default 1,
    delivered    integer not null default 0,
    read         integer not null default 0,
    -- The account log's position at which this row last changed for its owner's other devices.
    upd          integer not null,
    -- Where the account joined in its own log: a device behind it has never heard of the conversation.
    joined_upd   integer not null,
    constraint member_key primary key (account, conversation),
    constraint member_cursors check (read <= delivered)
) strict, without rowid;
create index member_by_conversation on member (conversation, account);
create index member_by_upd on member (account, upd);

create table message (
    id           integer primary key,
    conversation integer not null,
    seq          integer not null,
    rev          integer not null,
    sender       integer not null,
    client_id    blob    not null,
    at           integer not null,
    -- 1 text
    type         integer not null,
    body         text    not null,
    constraint message_address unique (conversation, seq),
    constraint message_once unique (sender, client_id)
) strict;
create index message_by_rev on message (conversation, rev);

-- How far `reader` has come with the messages of `owner`: one compacted row a pair (R000-12), in the owner's log.
create table receipt (
    owner        integer not null constraint receipt_owner references account (id),
    conversation integer not null constraint receipt_conversation references conversation (id),
    reader       integer not null constraint receipt_reader references account (id),
    delivered    integer not null,
    read         integer not null,
    upd          integer not null,
    constraint receipt_key primary key (owner, conversation, reader)
) strict, without rowid;
create index receipt_by_upd on receipt (owner, upd);

-- Which account or conversation an imported name became, so that a second import adds nothing.
create table imported (
    source text    not null,
    -- 0 account, 1 conversation
    kind   integer not null,
    name   text    not null,
    id     integer not null,
    constraint imported_key primary key (source, kind, name)
) strict, without rowid;
